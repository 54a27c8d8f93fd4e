"""One page per transition: what it does, its form, a plain confirmation, and what happens next.

Knows how a refusal is shown: 404 for what the visitor cannot see, 409 with the sentences for what they may not do now.
"""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import select_template
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.views import View

from microacq import clock, logs

from .. import lifecycle
from ..actions import Invalid, act, form_class, make_form
from ..forms import canned
from ..models import Opportunity


def typed_words(request) -> list[str]:
    """What was typed in sentences on the page that was sent: what nobody wants to write again."""
    sent = [value.strip() for name in request.POST for value in request.POST.getlist(name)]
    return [value for value in sent if " " in value]


def refused(request, opportunity, transition, refusal: lifecycle.Refused, **around):
    """The 409 page: why not, in the reader's language, what was typed, to be copied, and the way back."""
    logs.because(request, refusal.code)
    context = {
        "typed": typed_words(request),
        "opportunity": opportunity,
        "transition": transition,
        "reasons": refusal.reasons,
        "code": refusal.code,
        **around,
    }
    return TemplateResponse(request, "opportunities/refused.html", context, status=409)


def visible_or_404(request, reference: str) -> Opportunity:
    """The opportunity, when this visitor may see it; 404 otherwise."""
    return get_object_or_404(Opportunity.objects.visible_to(request.user).with_people(), reference=reference)


class TransitionView(LoginRequiredMixin, View):
    """The page of the transition named `name` on the opportunity `reference`."""

    http_method_names = ["get", "post", "head", "options"]

    def back(self, opportunity) -> str:
        """Where the page leads back to."""
        return reverse("workspace_opportunity", args=[opportunity.reference])

    def around(self, opportunity) -> dict:
        """What the page is set in: the address to go back to; the admin adds its own frame."""
        return {"back": self.back(opportunity)}

    def page(self, form, version, status=200):
        row = lifecycle.BY_NAME[form.transition.name]
        template = select_template(
            [
                f"opportunities/actions/{row.name}.html",
                f"evaluations/actions/{row.name}.html",
                "opportunities/action.html",
            ]
        )
        context = {
            "opportunity": form.opportunity,
            "transition": row,
            "form": form,
            "version": version,
            "now": form.now,
            "replies": canned.offered(form, form.opportunity.roles_of(form.by)) if form.canned else (),
        }
        context |= self.around(form.opportunity)
        return TemplateResponse(self.request, template, context, status=status)

    def get(self, request, reference, name):
        opportunity, row, now = visible_or_404(request, reference), lifecycle.BY_NAME[name], clock.now()
        code, reasons = lifecycle.why_not(row, opportunity, request.user, now)
        try:
            if code:
                raise lifecycle.Refused(code, reasons)
            form = make_form(name, opportunity, request.user, now)
        except lifecycle.Refused as refusal:
            return refused(request, opportunity, row, refusal, **self.around(opportunity))
        return self.page(form, opportunity.version)

    def post(self, request, reference, name):
        opportunity, row = visible_or_404(request, reference), lifecycle.BY_NAME[name]
        version = request.POST.get("version", "")
        if canned.is_asked(request.POST):
            return self.with_reply(opportunity, row, version)
        try:
            with transaction.atomic():
                event = act(
                    name,
                    opportunity,
                    request.user,
                    data=request.POST,
                    files=request.FILES,
                    version=int(version)
                    if version.isascii() and version.isdigit() and len(version) < 10
                    else 0,
                )
                answer = form_class(row).answer(event)
        except Invalid as invalid:
            return self.page(invalid.form, version, status=200 if not invalid.form.errors else 422)
        except lifecycle.Refused as refusal:
            return refused(request, opportunity, row, refusal, **self.around(opportunity))
        if answer:
            return answer
        messages.success(request, format_lazy("{} {}", _("Done: %(what)s.") % {"what": row.label}, row.next))
        return redirect(self.back(opportunity))

    def with_reply(self, opportunity, row, version):
        """The page again, with what was typed and the canned reply that was chosen. Nothing is done."""
        request, now = self.request, clock.now()
        code, reasons = lifecycle.why_not(row, opportunity, request.user, now)
        if code or lifecycle.Role.TEAM not in opportunity.roles_of(request.user):
            return refused(
                request,
                opportunity,
                row,
                lifecycle.Refused(code or "role", reasons),
                **self.around(opportunity),
            )
        form = make_form(row.name, opportunity, request.user, now)
        return self.page(
            canned.insert(form, request.POST, request.FILES, opportunity.client.language), version
        )
