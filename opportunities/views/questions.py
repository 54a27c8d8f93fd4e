"""Asking: a signed-in supplier's question on an open opportunity, until two business days before closing.

Only who asked and the team read it as asked. The team is told that there is a question, not by whom.
"""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from microacq import clock, text
from microacq.context import other_language
from microacq.kept_text import KeepsText, mark_of

from .. import notifications
from ..forms.question import QuestionForm
from ..lifecycle import Refused, Role
from ..models import Question
from .transition import visible_or_404

MAX_WAITING = 20
"""Questions that one supplier may have waiting on one opportunity."""


def why_not_ask(opportunity, user, now) -> Refused | None:
    """Why this person cannot ask now, or None when they can."""
    others = opportunity.roles_of(user) - {Role.APPLICANT, Role.PUBLIC}
    if others:
        return Refused(
            "role",
            [
                _(
                    "Questions are for suppliers. Write to the team from the opportunity’s page in the workspace."
                )
            ],
        )
    if not opportunity.is_open(now):
        return Refused("closed", [_("This opportunity is closed.")])
    if now >= opportunity.questions_until:
        when = text.eastern_words(opportunity.questions_until, "en" if other_language() == "fr" else "fr")
        return Refused(
            "closed",
            [_("Questions were taken until %(when)s, two business days before closing.") % {"when": when}],
        )
    if opportunity.questions.filter(asker=user, published_at=None, set_aside_at=None).count() >= MAX_WAITING:
        return Refused(
            "role", [_("You have many questions waiting here. Please wait for the answers first.")]
        )
    return None


def ask(opportunity, user, words: str, now=None) -> Question:
    """Keep a question and tell the team. The same words sent twice are one question. Raises Refused."""
    with transaction.atomic():
        opportunity = opportunity.locked()
        now = now or clock.now()
        if found := opportunity.questions.filter(
            asker=user, text=words, published_at=None, set_aside_at=None
        ).first():
            return found
        if refusal := why_not_ask(opportunity, user, now):
            raise refusal
        question = Question.objects.create(opportunity=opportunity, asker=user, asked_at=now, text=words)
        context = notifications.mail_context(opportunity)
        for person in notifications.AUDIENCES["team"](opportunity, None):
            notifications.queue(
                "question_asked", person, context, opportunity=opportunity, audience_name="team"
            )
    return question


class AskView(KeepsText, View):
    """The page where a supplier asks."""

    http_method_names = ["get", "head", "post", "options"]

    def page(self, opportunity, form, refusal=None, status=200):
        own = opportunity.questions.filter(asker=self.request.user)
        context = {
            "opportunity": opportunity,
            "form": form,
            "refusal": refusal,
            "own_questions": own,
            "writer": mark_of(self.request.user),
        }
        return TemplateResponse(self.request, "opportunities/ask.html", context, status=status)

    def get(self, request, reference):
        opportunity = visible_or_404(request, reference)
        refusal = (
            why_not_ask(opportunity, request.user, clock.now())
            if opportunity.posted_at
            else Refused("state", [])
        )
        return self.page(opportunity, QuestionForm(self.kept()), refusal, status=409 if refusal else 200)

    def post(self, request, reference):
        opportunity = visible_or_404(request, reference)
        form = QuestionForm(request.POST)
        if not opportunity.posted_at:
            return self.page(opportunity, form, Refused("state", []), status=409)
        if refusal := why_not_ask(opportunity, request.user, clock.now()):
            return self.page(opportunity, form, refusal, status=409)
        if not form.is_valid():
            return self.page(opportunity, form, status=422)
        try:
            ask(opportunity, request.user, form.cleaned_data["text"])
        except Refused as refusal:
            return self.page(opportunity, form, refusal, status=409)
        messages.success(
            request,
            _(
                "Your question is with the team. The answer is published on this page, without your name, and you are told."
            ),
        )
        return redirect("opportunity", reference)


urls = [path(gettext_lazy("opportunities/<str:reference>/ask/"), AskView.as_view(), name="ask_question")]
