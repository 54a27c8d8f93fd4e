"""Step 1: a new need, by its client or by the team for a client who wrote an email, and the draft's page."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views import View

from microacq import clock

from ..forms.inquiry import InquiryForm
from ..models import Opportunity
from ..notifications import mail_context, queue
from .editing import EditView


def wants_to_submit(data) -> bool:
    """Whether the button pressed goes on to submitting, rather than saving a draft."""
    return bool(data) and data.get("do") == "submit"


def after_saving(request, opportunity):
    """On to submitting, for the client who asked for it; else to the opportunity's page."""
    if wants_to_submit(request.POST) and opportunity.client_id == request.user.pk:
        return redirect("submit", opportunity.reference)
    messages.success(request, _("Saved. The draft waits until its client submits it."))
    return redirect("workspace_opportunity", opportunity.reference)


class NewInquiryView(LoginRequiredMixin, View):
    """A new need. The team names the client, who is told and submits it."""

    http_method_names = ["get", "post", "head", "options"]

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not request.user.is_esdc:
            raise PermissionDenied(
                _("Needs come from employees of the department. Suppliers apply to open opportunities.")
            )
        return super().dispatch(request, *args, **kwargs)

    def make_form(self, now, data=None):
        user = self.request.user
        by_team = user.role == user.Role.TEAM
        need = Opportunity(
            client=user, entered_by_team=by_team, created_at=now, modified_at=now, state_since=now
        )
        return InquiryForm(data, instance=need, now=now, whole=wants_to_submit(data), ask_client=by_team)

    def page(self, form, status=200):
        context = {"form": form, "by_team": form.instance.entered_by_team}
        return TemplateResponse(self.request, "opportunities/inquiry.html", context, status=status)

    def get(self, request):
        return self.page(self.make_form(clock.now()))

    def post(self, request):
        form = self.make_form(clock.now(), request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        with transaction.atomic():
            opportunity = form.save()
            if opportunity.entered_by_team and opportunity.client_id != request.user.pk:
                queue(
                    "need_entered",
                    opportunity.client,
                    mail_context(opportunity),
                    opportunity=opportunity,
                    audience_name="client",
                )
        return after_saving(request, opportunity)


class EditInquiryView(EditView):
    """The draft, changed by its client or by the team."""

    page_name = "edit_inquiry"
    template_name = "opportunities/inquiry.html"

    def make_form(self, opportunity, now, data=None):
        return InquiryForm(data, instance=opportunity, now=now, whole=wants_to_submit(data))

    def context(self, opportunity):
        own = opportunity.client_id == self.request.user.pk
        returned = opportunity.screenings.filter(decision="return_for_changes").last()
        return {"by_team": not own, "returned": returned}

    def saved(self, opportunity, form):
        return after_saving(self.request, opportunity)


urls = [
    path(
        format_lazy("{}{}/", gettext_lazy("workspace/"), pgettext_lazy("slug", "new-need")),
        NewInquiryView.as_view(),
        name="new_inquiry",
    ),
    path(
        format_lazy("{}<str:reference>/{}/", gettext_lazy("workspace/"), pgettext_lazy("slug", "inquiry")),
        EditInquiryView.as_view(),
        name="edit_inquiry",
    ),
]
