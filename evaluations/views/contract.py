"""Around the signature: the signed terms to print or keep, and the sign-off that a public servant needs first."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from microacq import clock
from microacq.forms import GCForm
from opportunities.lifecycle import Refused, Role
from opportunities.views.transition import refused, visible_or_404

from .. import files, scanning
from ..forms.signing import signed_text

PARTIES = {Role.SUPPLIER, Role.CLIENT, Role.MANAGER, Role.TEAM, Role.FINANCE}


def _contract_or_404(request, reference):
    """The opportunity with a contract, for those who are part of it."""
    opportunity = visible_or_404(request, reference)
    if not opportunity.contract or not opportunity.roles_of(request.user) & PARTIES:
        raise Http404
    return opportunity, opportunity.contract


@require_safe
@login_required
def contract(request, reference):
    """The terms as signed, in both languages, with who signed, when, and the hash of the exact text."""
    opportunity, signed = _contract_or_404(request, reference)
    return TemplateResponse(
        request, "evaluations/contract.html", {"opportunity": opportunity, "contract": signed}
    )


@require_safe
@login_required
def contract_text(request, reference):
    """The exact text that was signed: its SHA-256 is the one on record."""
    _opportunity, signed = _contract_or_404(request, reference)
    name = f"terms-{reference}.md"
    return HttpResponse(
        signed_text(signed.terms_en, signed.terms_fr).encode(),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


class SignOffForm(GCForm):
    """The Director General's written sign-off."""

    sign_off = forms.FileField(
        label=gettext_lazy("Your Director General’s written sign-off"),
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.odt,.docx"}),
        help_text=gettext_lazy("PDF, PNG, JPEG, ODT or DOCX, at most 10 MB."),
    )

    def clean_sign_off(self):
        files.check(self.cleaned_data["sign_off"])
        self.scan = scanning.judge(self.cleaned_data["sign_off"])
        return self.cleaned_data["sign_off"]


def _offer_needing_sign_off(opportunity, user):
    """The open offer that waits for a sign-off, and whether the reader is of the team. Raises Refused, or 404 for others."""
    offer = opportunity.offers.open().select_related("application").first()
    is_team = Role.TEAM in opportunity.roles_of(user)
    if not is_team and (not offer or offer.supplier_id != user.pk):
        raise Http404
    if not offer or not offer.application.needs_sign_off:
        raise Refused("state", [_("No open offer needs a Director General’s sign-off.")])
    return offer, is_team


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def check_sign_off(request, reference):
    """The supplier adds the sign-off; a member of the team reads and accepts it. Without that nobody signs."""
    opportunity = visible_or_404(request, reference)
    try:
        offer, is_team = _offer_needing_sign_off(opportunity, request.user)
        form = None if is_team else SignOffForm(request.POST or None, request.FILES or None)
        if request.method == "POST":
            if form and not form.is_valid():
                return _sign_off_page(request, opportunity, offer, form, 422)
            try:
                kept = files.keep(form.cleaned_data["sign_off"], request.user, form.scan) if form else None
            except forms.ValidationError as problem:
                form.add_error("sign_off", problem)
                return _sign_off_page(request, opportunity, offer, form, 422)
            _record(opportunity, request.user, kept, clock.now())
            messages.success(
                request,
                _("The sign-off is accepted. The supplier can sign.")
                if is_team
                else _("The sign-off is added. The team reads it before you sign."),
            )
            return redirect("check_sign_off", reference)
    except Refused as refusal:
        return refused(request, opportunity, None, refusal)
    return _sign_off_page(request, opportunity, offer, form)


def _sign_off_page(request, opportunity, offer, form, status=200):
    context = {"opportunity": opportunity, "offer": offer, "application": offer.application, "form": form}
    return TemplateResponse(request, "evaluations/sign_off.html", context, status=status)


def _record(opportunity, user, kept, now) -> None:
    with transaction.atomic():
        row = opportunity.locked()
        offer, is_team = _offer_needing_sign_off(row, user)
        application = offer.application
        if application.sign_off_accepted_at:
            raise Refused("state", [_("The sign-off is already accepted.")])
        if is_team:
            if not application.sign_off:
                raise Refused("guard", [_("The supplier has not added a sign-off yet.")])
            if application.sign_off_held_back:
                raise Refused("guard", [application.sign_off_held_back])
            application.sign_off_accepted_at = now
            application.save(update_fields=["sign_off_accepted_at"])
        else:
            application.sign_off, application.sign_off_name = kept["name"], kept["shown"]
            application.working = application.working | {"sign_off": kept}
            application.save(update_fields=["sign_off", "sign_off_name", "working"])


CONTRACT, SIGN_OFF = pgettext_lazy("slug", "contract"), pgettext_lazy("slug", "sign-off")
urls = [
    path(
        format_lazy("{}<str:reference>/{}/", gettext_lazy("workspace/"), CONTRACT), contract, name="contract"
    ),
    path(
        format_lazy("{}<str:reference>/{}/terms.md", gettext_lazy("workspace/"), CONTRACT),
        contract_text,
        name="contract_text",
    ),
    path(
        format_lazy("{}<str:reference>/{}/", gettext_lazy("workspace/"), SIGN_OFF),
        check_sign_off,
        name="check_sign_off",
    ),
]
