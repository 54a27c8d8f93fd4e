"""The mailing list at the team's desk: who is on it, the proof of consent, and whose mail comes back."""

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from post_office.models import STATUS, Email

from microacq import clock

from .admin_base import DeskAdmin
from .admin_records import moment
from .models import Consent, Subscription


class StandingFilter(admin.SimpleListFilter):
    title, parameter_name = _("status"), "status"

    def lookups(self, request, model_admin):
        return [
            ("active", _("Written to")),
            ("failed", _("Written to, and mail failed")),
            ("bounced", _("Mail came back")),
            ("gone", _("Unsubscribed")),
        ]

    def queryset(self, request, queryset):
        match self.value():
            case "active":
                return queryset.active()
            case "failed":
                return queryset.active().filter(failures__gt=0)
            case "bounced":
                return queryset.filter(bounced_at__isnull=False)
            case "gone":
                return queryset.filter(unsubscribed_at__isnull=False)
        return queryset


class ConsentInline(admin.TabularInline):
    model = Consent
    extra = 0
    can_delete = False
    fields = readonly_fields = (
        "kind",
        moment("at", _("when")),
        moment("asked_at", _("asked")),
        "language",
        "version",
        "text",
    )

    def has_view_permission(self, request, obj=None):
        return True

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Subscription)
class SubscriptionAdmin(DeskAdmin):
    """Nobody is put on the list by hand: only the owner of an address confirms it."""

    list_display = (
        "email",
        "language",
        moment("confirmed_at", _("confirmed")),
        moment("unsubscribed_at", _("unsubscribed")),
        moment("bounced_at", _("mail came back")),
        "failed",
    )
    list_filter = (StandingFilter, "language")
    search_fields = ("email",)
    ordering = ("-confirmed_at", "-pk")
    actions = ("stop_writing",)
    inlines = (ConsentInline,)
    fields = (
        "email",
        "language",
        "chosen",
        moment("confirmed_at", _("confirmed")),
        moment("unsubscribed_at", _("unsubscribed")),
        moment("bounced_at", _("mail came back")),
    )
    readonly_fields = fields

    def get_queryset(self, request):
        failures = (
            Email.objects.filter(to=OuterRef("email"), status=STATUS.failed)
            .order_by()
            .values("to")
            .annotate(count=Count("pk"))
        )
        return super().get_queryset(request).annotate(failures=Subquery(failures.values("count")))

    @admin.display(description=_("skills"))
    def chosen(self, subscription):
        return ", ".join(skill.name for skill in subscription.skills.all()) or _("all")

    @admin.display(description=_("emails that failed"), ordering="failures")
    def failed(self, subscription):
        return subscription.failures or "–"

    @admin.action(description=_("Mail comes back: stop writing to these addresses"))
    def stop_writing(self, request, queryset):
        """The owner can subscribe again at any time."""
        chosen = queryset.filter(Q(unsubscribed_at=None, bounced_at=None)).values("pk")
        stopped = Subscription.objects.filter(pk__in=chosen).update(bounced_at=clock.now())
        self.message_user(
            request,
            ngettext(
                "%(count)d address is no longer written to.",
                "%(count)d addresses are no longer written to.",
                stopped,
            )
            % {"count": stopped},
            messages.SUCCESS,
        )
