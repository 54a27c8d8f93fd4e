"""The demonstration's tools: move the clock forward, read the mail that was sent. With DEMO=1 only; 404 otherwise."""

from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.management import call_command
from django.core.paginator import Paginator
from django.db.models import Min
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from post_office.models import Email

from microacq import business_days, clock
from microacq.forms import GCForm
from microacq.models import User

from ..due import next_due
from ..models import Opportunity

CAST = (
    "client@esdc.example",
    "client2@esdc.example",
    "evaluator@esdc.example",
    "manager@esdc.example",
    "team@esdc.example",
    "team2@esdc.example",
    "finance@esdc.example",
    *(f"supplier{n}@supplier.example" for n in range(1, 6)),
    "admin@esdc.example",
)
PASSWORD = "microacq-demo"  # noqa: S105 - public on purpose: it exists in the demonstration only


class MoveForm(GCForm):
    """How far to move the clock."""

    step = forms.ChoiceField(
        label=gettext_lazy("How far"),
        choices=[
            ("hour", gettext_lazy("An hour")),
            ("day", gettext_lazy("A business day")),
            ("due", gettext_lazy("To the next due moment")),
        ],
        widget=forms.RadioSelect,
        initial="due",
    )


def target(step: str, now: datetime) -> datetime | None:
    """The moment that the clock should show; None when nothing is due."""
    if step == "hour":
        return now + timedelta(hours=1)
    if step == "day":
        local = now.astimezone(clock.EASTERN)
        day = business_days.add(local.date(), 1)
        return local.replace(year=day.year, month=day.month, day=day.day)
    return next_due(now)


@require_http_methods(["GET", "HEAD", "POST"])
def demo_tools(request):
    """The clock, the sign-ins and the latest mail."""
    if not settings.DEMO:
        raise Http404
    form = MoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        moment = target(form.cleaned_data["step"], now)
        if moment is None:
            messages.info(request, _("Nothing is due."))
        else:
            call_command("tick", verbosity=0)  # what is due now is done at its own time
            clock.advance_demo(max(moment - now, timedelta(seconds=1)))
            call_command("tick", verbosity=0)
            messages.success(request, _("The clock was moved forward, and what was due has been done."))
        return redirect("demo_tools")
    mails = Paginator(Email.objects.order_by("-pk"), 25).get_page(request.GET.get("page"))
    waiting = Opportunity.objects.filter(state="posted").aggregate(Min("closing_at"))["closing_at__min"]
    context = {
        "form": form,
        "page_obj": mails,
        "cast": User.objects.filter(email__in=CAST).order_by("pk"),
        "password": PASSWORD,
        "next_closing": waiting,
    }
    return TemplateResponse(
        request, "opportunities/demo_tools.html", context, status=422 if form.errors else 200
    )


@require_safe
def demo_mail(request, pk):
    """One mail, as text."""
    if not settings.DEMO:
        raise Http404
    return TemplateResponse(
        request, "opportunities/demo_mail.html", {"mail": get_object_or_404(Email, pk=pk)}
    )


urls = [
    path(gettext_lazy("demonstration/"), demo_tools, name="demo_tools"),
    path(gettext_lazy("demonstration/mail/<int:pk>/"), demo_mail, name="demo_mail"),
]
