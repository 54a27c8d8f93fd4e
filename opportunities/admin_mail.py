"""The log of emails at the team's desk: to whom, when, whether it left, why not, its words where they may be read."""

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from post_office.models import STATUS

from microacq import clock
from microacq.templatetags import gc

from . import mail_log
from .admin_base import DeskAdmin
from .admin_records import moment
from .lifecycle import Refused
from .mail_log import MAIL_STATUS
from .models import SentMail, Subscription

OPPORTUNITY = "notification__opportunity"


class MailStatusFilter(admin.SimpleListFilter):
    title, parameter_name = _("status"), "status"

    def lookups(self, request, model_admin):
        return [
            *((str(status), label) for status, label in MAIL_STATUS.items()),
            ("back", _("came back")),
            ("again", _("sent again")),
        ]

    def queryset(self, request, queryset):
        if self.value() == "back":
            return queryset.filter(came_back=True)
        if self.value() == "again":
            return queryset.filter(sent_again__isnull=False).distinct()
        return queryset.filter(status=self.value()) if self.value() in map(str, MAIL_STATUS) else queryset


class TemplateFilter(admin.SimpleListFilter):
    """By what it is, in words; those of the accounts are one kind."""

    title, parameter_name = _("email"), "template"
    template = "admin/closed_filter.html"

    def lookups(self, request, model_admin):
        kinds = sorted((mail_log.kind(name), name) for name in mail_log.names())
        return [("accounts", _("About an account")), *((name, words) for words, name in kinds)]

    def queryset(self, request, queryset):
        if self.value() == "accounts":
            return queryset.filter(notification=None)
        return queryset.filter(notification__template=self.value()) if self.value() else queryset


@admin.register(SentMail)
class SentMailAdmin(DeskAdmin):
    """To a supplier only once the team may know who applied. Never searched by address, which would tell."""

    to_opportunity = OPPORTUNITY
    change_form_template = "admin/opportunities/sentmail/change_form.html"
    list_display = (
        moment("created", _("queued")),
        "written_to",
        "mail",
        "opportunity",
        "state",
        moment("last_updated", _("last try")),
    )
    list_filter = (MailStatusFilter, TemplateFilter)
    list_select_related = ("notification__recipient", "notification__opportunity", "notification__event")
    search_fields = ("notification__opportunity__reference",)
    search_help_text = _("By the opportunity’s reference")
    ordering = ("-created", "-pk")
    fields = readonly_fields = (
        moment("created", _("queued")),
        "written_to",
        "mail",
        "when",
        "opportunity",
        "state",
        moment("last_updated", _("last try")),
        "tries",
        "again",
        "subject_shown",
        "words",
    )

    def get_queryset(self, request):
        came_back = Subscription.objects.filter(email=OuterRef("to"), bounced_at__gte=OuterRef("created"))
        return (
            super()
            .get_queryset(request)
            .defer("message", "html_message")
            .annotate(open=mail_log.names_are_open(OPPORTUNITY), came_back=Exists(came_back))
        )

    def lookup_allowed(self, lookup, value, request=None):
        return lookup == f"{OPPORTUNITY}__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("to"))
    def written_to(self, email):
        notification = mail_log.notification_of(email)
        if notification is None:
            return ", ".join(email.to)
        if notification.recipient is None:
            return _("a subscriber") if notification.audience == "subscribers" else ", ".join(email.to)
        if notification.recipient.is_esdc or email.open:
            return notification.recipient
        return _("a supplier")

    @admin.display(description=_("email"))
    def mail(self, email):
        notification = mail_log.notification_of(email)
        if notification is None:
            return email.subject
        event = notification.event
        return mail_log.kind(notification.template, notification.audience, event.transition if event else "")

    @admin.display(description=_("goes out when"))
    def when(self, email):
        notification = mail_log.notification_of(email)
        return (
            mail_log.occasion(notification.template) if notification else _("Something changes in an account")
        )

    @admin.display(description=_("opportunity"))
    def opportunity(self, email):
        notification = mail_log.notification_of(email)
        return (notification and notification.opportunity and notification.opportunity.reference) or "–"

    @admin.display(description=_("status"), ordering="status")
    def state(self, email):
        label = MAIL_STATUS.get(email.status, "–")
        return format_html("{}, {}", label, _("came back")) if email.came_back else label

    @admin.display(description=_("tries that failed"))
    def tries(self, email):
        rows = [
            (gc.eastern(row.date), mail_log.problem(row.exception_type), row.exception_type)
            for row in email.logs.order_by("pk")
            if row.status == STATUS.failed
        ]
        return format_html_join("", "<p>{}: {} ({})</p>", rows) or "–"

    @admin.display(description=_("sent again"))
    def again(self, email):
        rows = email.sent_again.select_related("asked_by").order_by("pk")
        return (
            format_html_join("", "<p>{}, {}</p>", ((gc.eastern(r.asked_at), r.asked_by) for r in rows)) or "–"
        )

    @admin.display(description=_("subject"))
    def subject_shown(self, email):
        return "–" if mail_log.why_closed(email) else email.subject

    @admin.display(description=_("text"))
    def words(self, email):
        return mail_log.why_closed(email) or format_html(
            '<pre class="desk-mail">{}</pre>', mail_log.words(email)
        )

    # sending again

    def get_urls(self):
        again = self.admin_site.admin_view(require_POST(self.again_view))
        return [path("<int:pk>/again/", again, name="opportunities_sentmail_again"), *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        email = self.get_object(request, object_id) if self.has_view_permission(request) else None
        return super().change_view(
            request,
            object_id,
            form_url,
            {"why_not_again": email and mail_log.why_not_again(email), "title": _("Email")}
            | (extra_context or {}),
        )

    def again_view(self, request, pk):
        """Send one again; 409 with the sentence when that may not be."""
        if not self.has_view_permission(request) or not self.get_queryset(request).filter(pk=pk).exists():
            raise Http404
        back = reverse("admin:opportunities_sentmail_change", args=[pk])
        try:
            mail_log.send_again(pk, request.user, clock.now())
        except Refused as refusal:
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("This cannot be done now"),
                "reasons": refusal.reasons,
                "back": back,
            }
            return TemplateResponse(request, "admin/opportunities/sentmail/refused.html", context, status=409)
        messages.success(request, _("The email is in the queue again."))
        return redirect(back)
