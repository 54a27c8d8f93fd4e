"""Messages between the client and the team on an opportunity, at any step. The other side is told by email."""

from datetime import datetime

from django.contrib import messages as notes
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views import View

from microacq import clock

from .. import notifications
from ..forms import canned
from ..forms.message import MessageForm
from ..lifecycle import Refused
from ..models import Message
from ..states import Role
from .transition import refused, visible_or_404


def send_message(opportunity, author, body: str, *, from_team: bool, now: datetime) -> Message:
    """Keep a message and tell the other side by email."""
    with transaction.atomic():
        message = Message.objects.create(
            opportunity=opportunity, author=author, from_team=from_team, body=body, sent_at=now
        )
        side = "client" if from_team else "team"
        context = {**notifications.mail_context(opportunity), "message": message}
        for person in notifications.AUDIENCES[side](opportunity, None):
            notifications.queue("message", person, context, opportunity=opportunity, audience_name=side)
    return message


class MessagesView(LoginRequiredMixin, View):
    """The thread by itself, and the door for a new message."""

    http_method_names = ["get", "post", "head", "options"]

    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.opportunity = visible_or_404(request, kwargs["reference"])
        self.roles = self.opportunity.roles_of(request.user) & {Role.CLIENT, Role.TEAM}
        if not self.roles:
            reason = _("Messages are between the client and the micro-acquisition team.")
            return refused(request, self.opportunity, None, Refused("role", [reason]))
        return super().dispatch(request, *args, **kwargs)

    def page(self, form, status=200):
        thread = self.opportunity.messages.select_related("author")
        context = {
            "opportunity": self.opportunity,
            "form": form,
            "thread": thread,
            "replies": canned.offered(form, self.roles),
        }
        return TemplateResponse(self.request, "opportunities/messages.html", context, status=status)

    def get(self, request, reference):
        return self.page(MessageForm())

    def post(self, request, reference):
        if canned.is_asked(request.POST) and Role.TEAM in self.roles:
            language = self.opportunity.client.language
            return self.page(canned.insert(MessageForm(), request.POST, request.FILES, language))
        form = MessageForm(request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        opportunity, from_team = self.opportunity, Role.TEAM in self.roles
        send_message(
            opportunity, request.user, form.cleaned_data["body"], from_team=from_team, now=clock.now()
        )
        if from_team:
            notes.success(request, _("Message sent. The client is told by email."))
        else:
            notes.success(request, _("Message sent. The team is told by email."))
        return redirect(reverse("workspace_opportunity", args=[opportunity.reference]) + "#messages")


urls = [
    path(
        format_lazy("{}<str:reference>/{}/", gettext_lazy("workspace/"), pgettext_lazy("slug", "messages")),
        MessagesView.as_view(),
        name="messages",
    )
]
