"""The survey's page. Whoever has the link may answer, signed in or not; the page looks at neither account nor address."""

from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from .. import survey as surveys
from ..forms.survey import FORMS


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request, token):
    """The questions; once answered, that the link was used."""
    found = surveys.invitation(token)
    if found is None:
        return used(request)
    form = FORMS[found.kind](request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return redirect("survey_thanks") if surveys.answer(token, form.cleaned_data) else used(request)
    context = {"form": form, "kind": found.kind}
    return TemplateResponse(request, "evaluations/survey.html", context, status=422 if form.errors else 200)


def used(request):
    return TemplateResponse(request, "evaluations/survey_used.html", status=410)


@require_safe
def thanks(request):
    """After answering. The address holds nothing of the link."""
    return TemplateResponse(request, "evaluations/survey_thanks.html")


urls = [
    path(_("survey/thank-you/"), thanks, name="survey_thanks"),
    path(_("survey/<str:token>/"), survey, name="survey"),
]
