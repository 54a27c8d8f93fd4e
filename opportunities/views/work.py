"""Pages under the contract that are no transition: an invoice to print, the answer to a new delivery date."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from microacq import clock, uploads

from ..forms.payment import days_to_payment, lines_of
from ..forms.work import AnswerExtensionForm
from ..lifecycle import Refused
from ..models import Extension
from ..notifications import mail_context, queue, team
from ..states import STATES, Role
from ..taxes import PROVINCES
from .editing import posted_version, touch
from .transition import refused, visible_or_404

PARTIES = {Role.SUPPLIER, Role.CLIENT, Role.MANAGER, Role.TEAM, Role.FINANCE}
"""Who reads the invoices."""


def contract_or_404(request, reference: str):
    """The opportunity with a signed contract, when this visitor has a part in it; 404 otherwise."""
    opportunity = visible_or_404(request, reference)
    if not opportunity.contract or not opportunity.roles_of(request.user) & PARTIES:
        raise Http404
    return opportunity


@require_safe
@login_required
def invoice_page(request, reference, version):
    """One version of the invoice, to print."""
    opportunity = contract_or_404(request, reference)
    invoice = get_object_or_404(
        opportunity.invoices.select_related("certification__payment"), version=version
    )
    payment = getattr(getattr(invoice, "certification", None), "payment", None)
    context = {
        "opportunity": opportunity,
        "contract": opportunity.contract,
        "invoice": invoice,
        "lines": lines_of(invoice),
        "province": PROVINCES[invoice.province],
        "replaced_by": opportunity.invoices.filter(version__gt=version).order_by("version").last(),
        "payment": payment,
        "days": days_to_payment(payment) if payment else None,
    }
    return TemplateResponse(request, "opportunities/invoice.html", context)


@require_safe
@login_required
def invoice_file(request, reference, version):
    """The supplier's own invoice, as they sent it."""
    opportunity = contract_or_404(request, reference)
    invoice = get_object_or_404(opportunity.invoices.exclude(file=""), version=version)
    if why_not := uploads.held_back(invoice.file):
        return refused(request, opportunity, None, Refused("guard", [why_not]))
    return uploads.as_attachment(invoice.file, invoice.file_name)


SIGNS_FOR_CANADA = {Role.TEAM, Role.FINANCE}


@login_required
@require_POST
def countersign(request, reference):
    """The team or finance signs the terms for Canada, before or at the payment."""
    opportunity, now = contract_or_404(request, reference), clock.now()
    if not opportunity.roles_of(request.user) & SIGNS_FOR_CANADA:
        who = f"{Role.TEAM.label}, {Role.FINANCE.label}"
        return refused(request, opportunity, None, only_by(who))
    with transaction.atomic():
        opportunity.locked().contract.countersign(request.user, now)
    messages.success(request, _("The terms are countersigned."))
    return redirect("workspace_opportunity", reference)


def only_by(who) -> Refused:
    """The refusal of whoever is not one of them."""
    return Refused("role", [_("This can only be done by: %(who)s.") % {"who": who}])


def extension_to_answer(opportunity, user) -> Extension:
    """The new date that waits for this user's side. Raises Refused, with the sentence, when none does."""
    roles = opportunity.roles_of(user) & {Role.CLIENT, Role.SUPPLIER}
    if not roles:
        raise only_by(f"{Role.CLIENT.label}, {Role.SUPPLIER.label}")
    if opportunity.state not in ("work", "acceptance"):
        raise Refused(
            "state",
            [
                _("This cannot be done now: the opportunity is at “%(state)s”.")
                % {"state": STATES[opportunity.state].label}
            ],
        )
    pending = opportunity.extensions.pending().first()
    if not pending or pending.agreed_at:
        raise Refused("guard", [_("No new date waits for an answer.")])
    if pending.side in roles:
        raise Refused("role", [_("Your side asked for this new date: the other side answers.")])
    return pending


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer_extension(request, reference):
    """The other side agrees to the new delivery date, or refuses it."""
    shown = visible_or_404(request, reference)
    with transaction.atomic():
        opportunity, now = shown.locked() if request.method == "POST" else shown, clock.now()
        try:
            extension = extension_to_answer(opportunity, request.user)
            if request.method == "POST" and posted_version(request) != opportunity.version:
                raise Refused(
                    "stale",
                    [
                        _(
                            "Somebody changed this opportunity after you opened the page. Read it again, then decide."
                        )
                    ],
                )
        except Refused as refusal:
            return refused(request, shown, None, refusal)
        form = AnswerExtensionForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            context = {
                "opportunity": shown,
                "extension": extension,
                "form": form,
                "version": opportunity.version,
                "now": now,
            }
            return TemplateResponse(
                request, "opportunities/answer_extension.html", context, status=422 if form.is_bound else 200
            )
        agreed = form.cleaned_data["answer"] == "agree"
        if agreed:
            extension.agreed_at = now
        else:
            extension.refused_at = extension.settled_at = now
            extension.approved = False
        extension.save(update_fields=["agreed_at", "refused_at", "settled_at", "approved"])
        touch(opportunity, now)
        opportunity.save(update_fields=["version", "modified_at"])
        _tell_answer(opportunity, extension, agreed)
    messages.success(request, _("Your answer is recorded. The other side and the team are told."))
    return redirect("workspace_opportunity", reference)


def _tell_answer(opportunity, extension, agreed: bool) -> None:
    asker = opportunity.client if extension.side == Extension.Side.CLIENT else opportunity.contract.supplier
    for audience, people in (("asker", [asker]), ("team", team(opportunity, None))):
        for person in people:
            context = mail_context(opportunity) | {"data": {"agreed": agreed}}
            queue("extension_answered", person, context, opportunity=opportunity, audience_name=audience)


urls = [
    path(
        format_lazy(
            "{}<str:reference>/{}/<int:version>/",
            gettext_lazy("workspace/"),
            pgettext_lazy("slug", "invoices"),
        ),
        invoice_page,
        name="invoice_page",
    ),
    path(
        format_lazy(
            "{}<str:reference>/{}/<int:version>/{}/",
            gettext_lazy("workspace/"),
            pgettext_lazy("slug", "invoices"),
            pgettext_lazy("slug", "file"),
        ),
        invoice_file,
        name="invoice_file",
    ),
    path(
        format_lazy(
            "{}<str:reference>/{}/", gettext_lazy("workspace/"), pgettext_lazy("slug", "countersign")
        ),
        countersign,
        name="countersign",
    ),
    path(
        format_lazy(
            "{}<str:reference>/{}/", gettext_lazy("workspace/"), pgettext_lazy("slug", "answer-new-date")
        ),
        answer_extension,
        name="answer_extension",
    ),
]
