"""The filters of the team's lists, drawn from the lifecycle's states."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from microacq import clock

from .desk import SIGNS, late, since_before
from .forms.team import members
from .lifecycle import BY_NAME, ENDINGS, STATES, STEPS, Role
from .ownership import nobodys


class StepFilter(admin.SimpleListFilter):
    title, parameter_name = _("step"), "step"

    def lookups(self, request, model_admin):
        return [(str(number), f"{number}. {label}") for number, label in STEPS.items()]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(
            state__in=[state.name for state in STATES.values() if str(state.step) == self.value()]
        )


class StateFilter(admin.SimpleListFilter):
    title, parameter_name = _("state"), "state"

    def lookups(self, request, model_admin):
        return [
            ("open", _("Everything under way")),
            *((state.name, state.label) for state in STATES.values()),
        ]

    def queryset(self, request, queryset):
        if self.value() == "open":
            return queryset.exclude(state__in=ENDINGS)
        return queryset.filter(state=self.value()) if self.value() else queryset


class WaitsForFilter(admin.SimpleListFilter):
    title, parameter_name = _("waiting for"), "waits"

    def lookups(self, request, model_admin):
        waited = {state.waits_for for state in STATES.values()}
        return [(role.value, role.label) for role in Role if role in waited]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(
            state__in=[state.name for state in STATES.values() if state.waits_for == self.value()]
        )


class LateFilter(admin.SimpleListFilter):
    title, parameter_name = _("target"), "late"

    def lookups(self, request, model_admin):
        return [("yes", _("Past its target")), ("no", _("Within its target"))]

    def queryset(self, request, queryset):
        if self.value() not in ("yes", "no"):
            return queryset
        condition = late(clock.now())
        return queryset.filter(condition) if self.value() == "yes" else queryset.exclude(condition)


class DueFilter(admin.SimpleListFilter):
    """What a date or a record makes due: the signs of the front page."""

    title, parameter_name = _("sign"), "due"

    def lookups(self, request, model_admin):
        return [(sign.name, sign.label) for sign in SIGNS.values()]

    def queryset(self, request, queryset):
        sign = SIGNS.get(self.value() or "")
        return queryset.filter(sign.condition(clock.now())) if sign else queryset


class AgeFilter(admin.SimpleListFilter):
    """How long it has been in its state."""

    title, parameter_name = _("age in its state"), "age"
    DAYS = (2, 5, 10, 20)

    def lookups(self, request, model_admin):
        return [(str(days), _("More than %(days)d business days") % {"days": days}) for days in self.DAYS]

    def queryset(self, request, queryset):
        if self.value() not in map(str, self.DAYS):
            return queryset
        return queryset.exclude(state__in=ENDINGS).filter(since_before(int(self.value()), clock.now()))


class OwnerFilter(admin.SimpleListFilter):
    """Who of the team owns it."""

    title, parameter_name = _("owner"), "owner"

    def lookups(self, request, model_admin):
        people = [(str(person.pk), person.name) for person in members()]
        return [("mine", _("Mine")), ("nobody", _("Nobody’s")), *people]

    def queryset(self, request, queryset):
        match self.value():
            case "mine":
                return queryset.filter(owner=request.user)
            case "nobody":
                return queryset.filter(nobodys())
            case str(key) if key.isascii() and key.isdigit() and len(key) < 10:
                return queryset.filter(owner=int(key))
        return queryset


class QuestionStatusFilter(admin.SimpleListFilter):
    title, parameter_name = _("status"), "status"

    def lookups(self, request, model_admin):
        return [
            ("waiting", _("Waiting for an answer")),
            ("published", _("Published")),
            ("aside", _("Set aside")),
        ]

    def queryset(self, request, queryset):
        match self.value():
            case "waiting":
                still_open = {"opportunity__state": "posted", "opportunity__closing_at__gt": clock.now()}
                return queryset.filter(published_at=None, set_aside_at=None, **still_open)
            case "published":
                return queryset.filter(published_at__isnull=False)
            case "aside":
                return queryset.filter(set_aside_at__isnull=False)
        return queryset


class TransitionFilter(admin.SimpleListFilter):
    """Events by what was done, in the words of the lifecycle's table."""

    title, parameter_name = _("what was done"), "transition"
    template = "admin/closed_filter.html"

    def lookups(self, request, model_admin):
        return [(row.name, row.label) for row in BY_NAME.values()]

    def queryset(self, request, queryset):
        return queryset.filter(transition=self.value()) if self.value() in BY_NAME else queryset
