"""The public page of a draw: everything that a stranger needs to check it, and the door for the beacon's signature."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from microacq import clock, limits
from opportunities import lifecycle
from opportunities.actions import act
from opportunities.models import Opportunity
from opportunities.views.caching import public_page
from opportunities.views.transition import refused

from .. import draw
from ..forms.selection import SignatureForm, in_words
from ..models import Pool

HANDED_IN_A_MINUTE = 5
CHECKED_A_MINUTE = 30
"""Signatures verified in a minute: from one address, and in all. Each costs about a second."""


def posted(reference: str) -> Opportunity:
    """An opportunity that anybody may read."""
    return get_object_or_404(Opportunity.objects.public().with_people(), reference=reference)


def _story(pool: Pool, now) -> dict:
    """What the page says of one pool."""
    chain = draw.chain_by_hash(pool.chain_hash)
    drawn = getattr(pool, "draw", None)
    return {
        "pool": pool,
        "chain": chain,
        "size": len(pool.text.encode("ascii")),
        "receipts": draw.parse_pool(pool.text.encode("ascii")).receipts,
        "drawn": drawn,
        "waiting": not drawn and not pool.voided_at,
        "round_is_out": now >= pool.round_at,
        "too_late": not drawn and not pool.voided_at and pool.announced_too_late(now),
    }


def page(request, opportunity, form=None, status=200):
    now = clock.now()
    pools = opportunity.pools.filter(frozen_at__isnull=False).select_related("draw").order_by("-number")
    stories = [_story(pool, now) for pool in pools]
    current = stories[0] if stories and not stories[0]["pool"].voided_at else None
    if current and current["waiting"] and current["round_is_out"] and not current["too_late"]:
        form = form or SignatureForm()
    single = opportunity.events.filter(transition="award_single").last()
    return TemplateResponse(request, "evaluations/draw.html", {
        "opportunity": opportunity, "now": now, "current": current, "form": form,
        "void": [story for story in stories if story["pool"].voided_at], "single": single, "script": draw.CHECK_SCRIPT,
    }, status=status)  # fmt: skip


@public_page
def draw_page(request, reference):
    """Pool file, hash, round, signature, randomness, seed, order, who froze it, and how to check it."""
    return page(request, posted(reference))


@require_safe
def pool_file(request, reference, number):
    """The pool file, byte for byte."""
    pool = get_object_or_404(posted(reference).pools, number=number, frozen_at__isnull=False)
    return _download(pool.text, f"pool-{reference}-{number}.txt")


@require_safe
def check_script(request, reference):
    """The lines of Python that check a draw."""
    posted(reference)
    return _download(draw.CHECK_SCRIPT, "check.py")


def _download(text: str, name: str) -> HttpResponse:
    return HttpResponse(
        text.encode("ascii"),
        content_type="text/plain; charset=us-ascii",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _within_limits(request) -> bool:
    """Whether one more signature may be verified now."""
    return limits.room("beacon", limits.visitor(request), HANDED_IN_A_MINUTE, 60) and limits.room(
        "beacon", "all", CHECKED_A_MINUTE, 60
    )


@require_POST
def beacon(request, reference):
    """Anybody hands in the round's signature. It is verified, so nobody is trusted, and nobody can hold a result back."""
    opportunity, now = posted(reference), clock.now()
    row = lifecycle.BY_NAME["draw"]
    code, reasons = lifecycle.why_not(row, opportunity, lifecycle.CLOCK, now)
    if code:
        return refused(request, opportunity, row, lifecycle.Refused(code, reasons))
    pool = opportunity.pools.frozen().get()
    form = SignatureForm(request.POST)
    if not form.is_valid():
        return page(request, opportunity, form, status=422)
    if not _within_limits(request):
        form.add_error("signature_hex", _("Too many signatures were handed in. Try again in a minute."))
        return page(request, opportunity, form, status=429)
    signature = form.cleaned_data["signature_hex"].lower()
    try:
        draw.draw(pool.text.encode("ascii"), signature)
    except draw.DrawError as error:
        form.add_error("signature_hex", in_words(error))
        return page(request, opportunity, form, status=422)
    try:
        act("draw", opportunity, lifecycle.CLOCK, data={"signature_hex": signature}, now=now)
    except lifecycle.Refused as refusal:
        return refused(request, opportunity, row, refusal)
    messages.success(request, _("The signature is the beacon’s own. The draw is done."))
    return redirect("draw_page", reference)


def _address(rest: object = "") -> object:
    return format_lazy(
        "{}<str:reference>/{}/{}", gettext_lazy("opportunities/"), pgettext_lazy("slug", "draw"), rest
    )


urls = [
    path(_address(), draw_page, name="draw_page"),
    path(_address("pool-<int:number>.txt"), pool_file, name="pool_file"),
    path(_address("check.py"), check_script, name="check_script"),
    path(_address(format_lazy("{}/", pgettext_lazy("slug", "signature"))), beacon, name="beacon"),
]
