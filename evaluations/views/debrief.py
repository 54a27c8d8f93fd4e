"""The page of the debrief: the supplier asks and reads; the team reads what would be sent, and sends it."""

from django import forms
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
from microacq.forms import GCForm
from opportunities.lifecycle import Refused, Role
from opportunities.views.transition import refused, visible_or_404

from .. import debriefs
from ..models import Debrief


class AskForm(GCForm):
    question = forms.CharField(
        label=gettext_lazy("What would you like to know?"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Optional. The team reads it."),
    )


class SendForm(GCForm):
    note = forms.CharField(
        label=gettext_lazy("Note to the supplier"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "Optional. It answers what they asked. Write nothing about another application."
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def debrief(request, reference):
    """One's own debrief; for the team, all those asked for."""
    opportunity, user, now = visible_or_404(request, reference), request.user, clock.now()
    try:
        if Role.TEAM in opportunity.roles_of(user):
            return _team(request, opportunity, now)
        application = debriefs.own(opportunity, user)
        if not application:
            raise Refused(
                "state", [_("A debrief can be asked for once you are told the result of your application.")]
            )
        form = AskForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            debriefs.ask(opportunity, user, form.cleaned_data["question"], now)
            messages.success(request, _("The team is told. You get an email when the debrief is here."))
            return redirect("debrief", reference)
    except Refused as refusal:
        return refused(request, opportunity, None, refusal)
    context = {
        "opportunity": opportunity,
        "application": application,
        "debrief": getattr(application, "debrief", None),
        "form": form,
    }
    return TemplateResponse(request, "evaluations/debrief.html", context, status=422 if form.errors else 200)


def _team(request, opportunity, now):
    asked = Debrief.objects.filter(application__opportunity=opportunity).select_related(
        "application", "sent_by"
    )
    chosen = request.POST.get("debrief", "")
    rows = []
    for row in asked:
        posted = request.POST if chosen == str(row.pk) else None
        form = (
            None if row.sent_at else SendForm(posted, prefix=f"debrief-{row.pk}", auto_id=f"id_{row.pk}_%s")
        )
        if posted and form and form.is_valid():
            debriefs.send(opportunity, row, request.user, form.cleaned_data["note"], now)
            messages.success(request, _("The debrief is sent."))
            return redirect("debrief", opportunity.reference)
        rows.append((row, row.content if row.sent_at else debriefs.reasons_of(row.application), form))
    if request.method == "POST" and not any(form and form.errors for _row, _content, form in rows):
        raise Refused("state", [_("This debrief was sent already.")])
    return TemplateResponse(
        request,
        "evaluations/debriefs.html",
        {"opportunity": opportunity, "rows": rows, "forms": [f for _r, _c, f in rows if f]},
        status=422 if request.method == "POST" else 200,
    )


urls = [
    path(
        format_lazy("{}<str:reference>/{}/", gettext_lazy("workspace/"), pgettext_lazy("slug", "debrief")),
        debrief,
        name="debrief",
    )
]
