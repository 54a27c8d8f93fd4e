"""One's own side of the site: applications and all that follows them, the profile, a copy of one's data, closing the account.

Knows pages only. Each shows its visitor's own records and nobody else's.
"""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from microacq import clock, limits
from opportunities.lifecycle import Refused

from .. import closing_account, own_data, supplying
from ..forms.profile import CloseAccountForm, ProfileForm

PAGE_SIZE = 20
PASSWORDS_AN_HOUR = 10


@require_safe
@login_required
def my_applications(request):
    """Applications, questions, offers, contracts and invoices, each with its state, the next thing to do, its date."""
    user, now = request.user, clock.now()
    page = Paginator(supplying.applications(user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "applications": supplying.application_lines(page, now),
        "offers": supplying.offer_lines(user),
        "contracts": supplying.contract_lines(user),
        "invoices": supplying.invoice_lines(user),
        "questions": supplying.question_lines(user, now),
    }
    return TemplateResponse(request, "evaluations/supplier/applications.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def my_profile(request):
    """What fills in the next application."""
    form = ProfileForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save(clock.now())
        messages.success(
            request, _("Your profile is saved. It fills in the next application that you begin.")
        )
        return redirect("my_profile")
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "evaluations/supplier/profile.html", {"form": form}, status=status)


@require_safe
@login_required
def my_data(request):
    """What is held about whoever asks, and the ways to take it along or to close the account."""
    sections = own_data.gather(request.user, clock.now())
    context = {"sections": sections, "refusal": closing_account.why_not(request.user)}
    return TemplateResponse(request, "evaluations/supplier/data.html", context)


@require_safe
@login_required
def my_data_file(request, kind):
    """The copy itself, as a download."""
    now = clock.now()
    if kind == "json":
        response = HttpResponse(own_data.as_json(request.user, now), content_type="application/json")
    else:
        context = {"sections": own_data.gather(request.user, now), "now": now}
        response = render(request, "evaluations/supplier/data_file.html", context)
    response["Content-Disposition"] = f'attachment; filename="micro-acquisition.{kind}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def close_account(request):
    """Say what is erased and what stays, ask for the password, close, and sign out everywhere."""
    user, refusal = request.user, closing_account.why_not(request.user)
    form = CloseAccountForm(request.POST or None, user=user)
    status = 200
    if refusal:
        status = 409
    elif not user.has_usable_password():
        form = None
    elif request.method == "POST":
        if not limits.room("close-account", str(user.pk), PASSWORDS_AN_HOUR, 60 * 60):
            return render(request, "429.html", status=429)
        if form.is_valid():
            try:
                closing_account.close(user, clock.now())
            except Refused as found:
                refusal, status = found, 409
            else:
                logout(request)
                return redirect("account_closed")
        else:
            status = 422
    context = {"form": form, "refusal": refusal, "application_days": settings.RETAIN_DAYS["applications"]}
    return TemplateResponse(request, "evaluations/supplier/close.html", context, status=status)


@require_safe
def account_closed(request):
    """What was done, for whoever no longer has an account."""
    return TemplateResponse(request, "evaluations/supplier/closed.html")


urls = [
    path(pgettext_lazy("slug", "my-applications/"), my_applications, name="my_applications"),
    path(pgettext_lazy("slug", "my-profile/"), my_profile, name="my_profile"),
    path(pgettext_lazy("slug", "my-data/"), my_data, name="my_data"),
    path(pgettext_lazy("slug", "my-data/copy.json"), my_data_file, {"kind": "json"}, name="my_data_json"),
    path(pgettext_lazy("slug", "my-data/copy.html"), my_data_file, {"kind": "html"}, name="my_data_html"),
    path(pgettext_lazy("slug", "close-my-account/"), close_account, name="close_account"),
    path(pgettext_lazy("slug", "account-closed/"), account_closed, name="account_closed"),
]
