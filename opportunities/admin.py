"""The team's desk in the admin: the queue of opportunities by age, and the page of each.

A page shows what there is and draws its buttons from the lifecycle's table; the transitions themselves pass through
the same forms and the same door as everywhere. Only the statement's texts can be written here, while they are in
preparation.
"""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Case, Value, When
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TabbedTranslationAdmin, TranslationStackedInline

from microacq import clock
from microacq.forms import GCModelForm
from microacq.templatetags import gc

from . import admin_desk, admin_keeping, admin_mail, admin_subscriptions, clocks, lifecycle  # noqa: F401 - its lists register themselves
from .admin_base import DeskAdmin, acts_for_team
from .admin_filters import (
    AgeFilter,
    DueFilter,
    LateFilter,
    OwnerFilter,
    StateFilter,
    StepFilter,
    WaitsForFilter,
)
from .admin_records import money
from .admin_tracker import TYPES as TRACKER_TYPES
from .admin_tracker import tracker_file
from .admin_views import AdminTransitionView
from .lifecycle import ENDINGS, Role
from .mail_samples import mail_samples
from .models import AcceptanceCriterion, EvaluationCriterion, Opportunity
from .panels import Reader
from .panels_history import history
from .panels_team import signs, within_the_team
from .standing import steps_of
from .views.transition import refused
from .work_pages import work_pages

STALE = _(
    "Somebody changed this opportunity after you opened the page. Copy what you typed, open the page again, then save."
)
WORDS = ("title", "short_description", "background", "work", "deliverables")
BEFORE_STATEMENT = ("draft", "screening", "waitlisted", "declined")
ENDED_LAST = Case(When(state__in=ENDINGS, then=Value(1)), default=Value(0))


class StatementTextsForm(GCModelForm):
    """The statement's texts, with the version that was read: a change made meanwhile refuses this one."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.instance.version
        self.label_suffix = ""

    def clean(self):
        data = super().clean()
        if data.get("version") != self.instance.version:
            raise ValidationError(STALE, code="stale")
        return data


class CriterionForm(GCModelForm):
    """A criterion's words, labelled as the statement's texts are."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)


class CriterionInline(TranslationStackedInline):
    """Criteria, whose wording can be mended with the statement. They are added and removed on the statement's own pages."""

    form = CriterionForm
    template = "admin/opportunities/opportunity/criterion.html"
    extra = 0
    can_delete = False
    fields = ("text",)

    def has_view_permission(self, request, obj=None):
        return acts_for_team(request.user)

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return obj is not None and may_write(obj, request.user)

    def has_delete_permission(self, request, obj=None):
        return False


class EvaluationCriterionInline(CriterionInline):
    model = EvaluationCriterion
    verbose_name, verbose_name_plural = (
        _("application evaluation criterion"),
        _("application evaluation criteria"),
    )


class AcceptanceCriterionInline(CriterionInline):
    model = AcceptanceCriterion
    verbose_name, verbose_name_plural = _("work acceptance criterion"), _("work acceptance criteria")


def may_write(opportunity, user) -> bool:
    """Whether this user may write the statement's texts now: in preparation, as its client or team."""
    return opportunity.state == "preparing" and bool(opportunity.roles_of(user) & {Role.CLIENT, Role.TEAM})


@admin.register(Opportunity)
class OpportunityAdmin(DeskAdmin, TabbedTranslationAdmin):
    form = StatementTextsForm
    inlines = (EvaluationCriterionInline, AcceptanceCriterionInline)
    list_display = (
        "reference",
        "shown_title",
        "shown_state",
        "waits_for",
        "days",
        "late",
        "owned_by",
        "client",
    )
    list_display_links = ("reference",)
    list_filter = (
        StepFilter,
        StateFilter,
        WaitsForFilter,
        DueFilter,
        LateFilter,
        AgeFilter,
        OwnerFilter,
        "branch",
    )
    list_select_related = ("client", "owner")
    search_fields = (
        "reference",
        "title_en",
        "title_fr",
        "branch",
        "team_name",
        "client__name",
        "client__email",
    )
    ordering = (ENDED_LAST, "state_since", "pk")
    change_list_template = "admin/opportunities/opportunity/change_list.html"
    change_form_template = "admin/opportunities/opportunity/change_form.html"
    need_fields = (
        "shown_title", "need", "reason", "repository", "named_department", "branch", "team_name", money("budget", _("budget thought of")),
        "wanted_date", "heard_from", "entered_by_team", "rerun_of",
    )  # fmt: skip
    people_fields = ("client", "manager", "named_evaluators")
    terms_fields = (
        "closes", "selection_date", "delivery_date", money("fixed_price", _("fixed price, before taxes")),
        money("hourly_rate", _("hourly rate")), "estimated_hours", "weekly_hours", "named_skills", "licence",
    )  # fmt: skip
    declarations = ("unclassified", "stand_alone", "no_internal_capacity", "remote_and_open")
    readonly_fields = (*need_fields, *people_fields, *terms_fields, *declarations)

    class Media:
        js = ("opportunities/translation-tabs.js",)

    # the queue

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .filter(pk__in=Opportunity.objects.visible_to(request.user).values("pk"))
        )

    @admin.display(description=_("title"), ordering="title_en")
    def shown_title(self, opportunity):
        return opportunity.title

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, opportunity):
        return opportunity.status.label

    @admin.display(description=_("waiting for"))
    def waits_for(self, opportunity):
        waits_for = opportunity.status.waits_for
        return waits_for.label if waits_for else "–"

    @admin.display(description=_("business days"), ordering="-state_since")
    def days(self, opportunity):
        return "–" if opportunity.status.is_ending else opportunity.waiting_days(clock.now())

    @admin.display(description=_("late"))
    def late(self, opportunity):
        return _("Late") if opportunity.is_late(clock.now()) else ""

    @admin.display(description=_("owner"), ordering="owner__name")
    def owned_by(self, opportunity):
        return opportunity.owner.name if opportunity.owner else "–"

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(
            request, {"title": _("Opportunities, oldest first"), **(extra_context or {})}
        )

    # the page of one

    def get_fieldsets(self, request, obj=None):
        need = [(_("The need"), {"fields": self.need_fields}), (_("People"), {"fields": self.people_fields})]
        if obj is None or obj.state in BEFORE_STATEMENT:
            return need
        return [
            *need,
            (_("Dates and price"), {"fields": self.terms_fields}),
            (_("Declarations"), {"fields": self.declarations}),
            (_("The statement’s texts"), {"fields": self.replace_orig_field(WORDS)}),
        ]

    def get_inlines(self, request, obj):
        return () if obj is None or obj.state in BEFORE_STATEMENT else super().get_inlines(request, obj)

    @admin.display(description=_("evaluators"))
    def named_evaluators(self, opportunity):
        return ", ".join(str(person) for person in opportunity.evaluators.all()) or "–"

    @admin.display(description=_("department"))
    def named_department(self, opportunity):
        return opportunity.department_name or "–"

    @admin.display(description=_("skills"))
    def named_skills(self, opportunity):
        return ", ".join(str(skill) for skill in opportunity.skills.all()) or "–"

    @admin.display(description=_("closes"))
    def closes(self, opportunity):
        return gc.eastern(opportunity.closing_at) or "–"

    def has_change_permission(self, request, obj=None):
        return obj is not None and acts_for_team(request.user) and may_write(obj, request.user)

    def get_object(self, request, object_id, from_field=None):
        """Lock the row while it is written, so that its state and version still hold when they are saved."""
        if request.method != "POST" or not connection.in_atomic_block:
            return super().get_object(request, object_id, from_field)
        return (
            self.get_queryset(request).select_for_update(of=("self",)).filter(pk=object_id).first()
            if object_id.isdigit()
            else None
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        opportunity = self.get_object(request, object_id) if acts_for_team(request.user) else None
        if opportunity is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if request.method == "POST" and not may_write(opportunity, request.user):
            sentence = _("The statement can be changed only while it is in preparation.")
            return refused(
                request,
                opportunity,
                None,
                lifecycle.Refused("state", [sentence]),
                **self.around(request, opportunity),
            )
        return super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **self.about(request, opportunity)}
        )

    def around(self, request, opportunity) -> dict:
        """What a page about this opportunity is set in, in the admin."""
        return {
            **self.admin_site.each_context(request),
            "frame": "admin/opportunities/opportunity/frame.html",
            "back": reverse("admin:opportunities_opportunity_change", args=[opportunity.pk]),
            "opts": self.opts,
            "title": "",
        }

    def about(self, request, opportunity) -> dict:
        """What the page of one opportunity says beside its fields."""
        user, now = request.user, clock.now()
        roles = opportunity.roles_of(user)
        offered = [
            (row, reasons)
            for row, reasons in lifecycle.available(opportunity, user, now)
            if not row.by_clock_only
        ]
        reader = Reader(opportunity, user, roles, now)
        past = history(reader)
        tabs = {} if may_write(opportunity, user) else {"media": admin.ModelAdmin.media.fget(self)}
        return tabs | {
            "opportunity": opportunity,
            "title": opportunity,
            "steps": steps_of(opportunity),
            "days": opportunity.waiting_days(now),
            "late": opportunity.is_late(now),
            "possible": [row for row, reasons in offered if not reasons],
            "blocked": [(row, reasons) for row, reasons in offered if reasons],
            "work_pages": [page for page in work_pages(opportunity, roles) if page.name != "screen"],
            "screenings": opportunity.screenings.select_related("decided_by").prefetch_related("results"),
            "records": list(self.records(opportunity)),
            "clocks": clocks.of(opportunity, now),
            "past": past["entries"] if past else [],
            "signs": signs(reader),
            "within": within_the_team(reader),
        }

    def records(self, opportunity):
        """The read-only lists that hold something about this opportunity: their name, count and address."""
        for model, model_admin in self.admin_site._registry.items():
            way = getattr(model_admin, "to_opportunity", None)
            if way and (count := model.objects.filter(**{way: opportunity}).count()):
                address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
                yield {
                    "label": model._meta.verbose_name_plural,
                    "count": count,
                    "url": f"{address}?{way}__id__exact={opportunity.pk}",
                }

    def save_model(self, request, obj, form, change):
        obj.version += 1
        obj.modified_at = clock.now()
        super().save_model(request, obj, form, change)

    # other pages

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("mail-samples/", wrap(self.mail_samples_view), name="mail_samples"),
            *(
                path(
                    f"tracker.{kind}",
                    wrap(tracker_file),
                    {"kind": kind, "model_admin": self},
                    name=f"tracker_{kind}",
                )
                for kind in TRACKER_TYPES
            ),
            path("<int:pk>/act/<str:name>/", wrap(self.act_view), name="opportunities_opportunity_act"),
            *super().get_urls(),
        ]

    def act_view(self, request, pk, name):
        """The page of one transition, in the admin."""
        return AdminTransitionView.as_view(model_admin=self)(request, pk=pk, name=name)

    def mail_samples_view(self, request):
        """Every email that the site can send, in both languages."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Every email"),
            "mails": mail_samples(clock.now()),
        }
        return TemplateResponse(request, "admin/opportunities/mail_samples.html", context)
