"""The team's measures of success, by fiscal year, and the facts that the team records by hand for an opportunity."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.db.models import Min
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views import View
from django.views.decorators.http import require_safe

from microacq import clock

from .. import periods
from ..forms.by_hand import HandRecordForm
from ..measures import measures
from ..measures_charts import charts
from ..models import HandRecord, Opportunity
from ..states import Role
from .editing import posted_version, stale_sentence
from .transition import visible_or_404


def for_team(request) -> None:
    """404 for whoever is not of the team."""
    if request.user.role != request.user.Role.TEAM:
        raise Http404


@require_safe
@login_required
def measures_page(request):
    """Every measure with its target and how it is counted, then the charts. The fiscal year is in the address."""
    for_team(request)
    now = clock.now()
    offered = periods.choices(Opportunity.objects.aggregate(first=Min("created_at"))["first"], now)
    wanted = request.GET.get("year", "")
    period = next((period for period in offered if period.key == wanted), periods.ALL)
    context = {
        "periods": offered,
        "period": period,
        "measures": measures(period, now),
        "charts": charts(period, now),
        "now": now,
    }
    return TemplateResponse(request, "opportunities/measures.html", context)


class HandRecordView(LoginRequiredMixin, View):
    """What the team knows and the site cannot: at any step, since work can be forked long after its end."""

    http_method_names = ["get", "post", "head", "options"]

    def page(self, opportunity, form, version: int, status=200):
        context = {"opportunity": opportunity, "form": form, "version": version}
        return TemplateResponse(self.request, "opportunities/by_hand.html", context, status=status)

    def opportunity(self, reference):
        found = visible_or_404(self.request, reference)
        if Role.TEAM not in found.roles_of(self.request.user):
            raise Http404
        return found

    def get(self, request, reference):
        opportunity = self.opportunity(reference)
        record = HandRecord.objects.filter(opportunity=opportunity).first() or HandRecord()
        return self.page(opportunity, HandRecordForm(instance=record), record.version)

    def post(self, request, reference):
        opportunity = self.opportunity(reference)
        with transaction.atomic():
            locked, now = opportunity.locked(), clock.now()
            record = HandRecord.objects.filter(opportunity=locked).first() or HandRecord(opportunity=locked)
            version = record.version
            form = HandRecordForm(request.POST, instance=record, now=now)
            stale, valid = posted_version(request) != version, form.is_valid()
            if stale:
                form.add_error(None, stale_sentence())
            if stale or not valid:
                return self.page(opportunity, form, version, status=409 if stale else 422)
            record.version, record.recorded_at = version + 1, now
            form.save()
        messages.success(request, _("Recorded."))
        return redirect("workspace_opportunity", opportunity.reference)


WORKSPACE = gettext_lazy("workspace/")
urls = [
    path(format_lazy("{}{}/", WORKSPACE, pgettext_lazy("slug", "measures")), measures_page, name="measures"),
    path(
        format_lazy("{}<str:reference>/{}/", WORKSPACE, pgettext_lazy("slug", "facts-by-hand")),
        HandRecordView.as_view(),
        name="by_hand",
    ),
]
