"""The page that changes who evaluates, and hands a need over."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from microacq import clock
from opportunities.lifecycle import Refused, Role
from opportunities.views.transition import refused, visible_or_404

from .. import staffing
from ..forms.staffing import PeopleForm


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def evaluation_people(request, reference):
    """Who evaluates: the client and the team name or replace them; the team may hand the need over."""
    opportunity, user = visible_or_404(request, reference), request.user
    code, reasons = staffing.reasons_against(opportunity, user)
    if code:
        return refused(request, opportunity, None, Refused(code, reasons))
    form = PeopleForm(
        request.POST or None, opportunity=opportunity, is_team=Role.TEAM in opportunity.roles_of(user)
    )
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                staffing.change(
                    opportunity,
                    user,
                    clock.now(),
                    evaluators=form.cleaned_data.get("evaluators"),
                    client=form.cleaned_data.get("client"),
                )
            except Refused as refusal:
                for sentence in refusal.reasons:
                    form.add_error(None, sentence)
            else:
                messages.success(request, _("The change is recorded, and said in the messages."))
                return redirect("workspace_opportunity", reference)
        status = 422
    return TemplateResponse(
        request, "evaluations/people.html", {"opportunity": opportunity, "form": form}, status=status
    )


urls = [
    path(
        format_lazy(
            "{}<str:reference>/{}/", gettext_lazy("workspace/"), pgettext_lazy("slug", "who-evaluates")
        ),
        evaluation_people,
        name="evaluation_people",
    )
]
