"""Step 6: from the confirmed evaluation to the draw, and the offers' answers other than signing (`signing.py`)."""

from functools import cached_property

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from microacq.forms import GCForm
from opportunities.forms.base import ActionForm, PublicReasonForm
from opportunities.lifecycle import Refused

from .. import beacon, draw
from ..models import Draw, Offer, Pool
from ..offers import facts, make_offer, offer_next, respond_by


def chain() -> draw.Chain:
    """The beacon in use: the public one, or the built-in one of the demonstration."""
    return draw.DEMONSTRATION if settings.DEMO else draw.QUICKNET


def in_words(error: draw.DrawError) -> str:
    """A problem of the draw as a sentence in the reader's language."""
    return gettext(error.sentence) % error.particulars


def _person(by):
    if not getattr(by, "pk", None):
        raise Refused("role", [_("Two named members of the team freeze a pool.")])
    return by


class AwardSingleForm(ActionForm):
    """One passed: no draw. The contract is offered to that one."""

    @cached_property
    def application(self):
        return self.opportunity.applications.passed().get()

    @property
    def respond_by(self):
        """Until when the supplier may answer an offer made now."""
        return respond_by(self.now)

    def record(self, opportunity, by, now):
        applications = opportunity.applications
        offer = make_offer(opportunity, applications.passed().get(), 1, now)
        return {"applications": applications.in_play().count(), "passed": 1, "draw": False, **facts(offer)}


class PoolForm(ActionForm):
    """What proposing and freezing show: what enters the pool, and when its round would be."""

    @cached_property
    def receipts(self) -> list[str]:
        return sorted(self.opportunity.applications.passed().values_list("receipt", flat=True))

    @property
    def round_at(self):
        """When the round comes out, if the pool is frozen now."""
        return draw.round_time(draw.freeze_round(self.now, chain()), chain())

    @property
    def is_demonstration(self) -> bool:
        return chain().is_demonstration


class ProposeFreezeForm(PoolForm):
    """The first of the two people."""

    def record(self, opportunity, by, now):
        number = opportunity.pools.count() + 1
        Pool.objects.create(opportunity=opportunity, number=number, proposed_by=_person(by), proposed_at=now)
        return {"pool": number, "passed": opportunity.applications.passed().count()}


class FreezeForm(PoolForm):
    """The second of the two people: from this moment the pool and its round are fixed."""

    def record(self, opportunity, by, now):
        beacon_chain = chain()
        pool = opportunity.pools.proposed().get()
        pool.frozen_by, pool.frozen_at = _person(by), now
        pool.chain_hash = beacon_chain.chain_hash
        pool.round = draw.freeze_round(now, beacon_chain)
        pool.round_at = draw.round_time(pool.round, beacon_chain)
        receipts = opportunity.applications.passed().values_list("receipt", flat=True)
        pool.text = draw.pool_text(opportunity.reference, pool.chain_hash, pool.round, receipts)
        pool.sha256 = draw.parse_pool(pool.text.encode("ascii")).sha256
        pool.save(
            update_fields=["frozen_by", "frozen_at", "chain_hash", "round", "round_at", "text", "sha256"]
        )
        return {
            "pool": pool.number, "passed": len(receipts), "applications": opportunity.applications.in_play().count(),
            "sha256": pool.sha256, "chain": pool.chain_hash, "round": pool.round, "round_at": pool.round_at,
        }  # fmt: skip


class VoidPoolForm(PublicReasonForm):
    """The pool is void, with a public reason. The evaluation stays as it was confirmed."""

    def record(self, opportunity, by, now):
        pool = opportunity.pools.frozen().get()
        pool.voided_at = now
        pool.void_reason_en, pool.void_reason_fr = (
            self.cleaned_data["reason_en"],
            self.cleaned_data["reason_fr"],
        )
        pool.save(update_fields=["voided_at", "void_reason", "void_reason_en", "void_reason_fr"])
        return {"pool": pool.number, "sha256": pool.sha256}


class SignatureForm(GCForm):
    """The beacon's signature, handed in by anybody on the public page."""

    signature_hex = forms.CharField(
        label=_("Signature of the round"),
        max_length=200,
        help_text=_("96 characters, 0 to 9 and a to f."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class DrawForm(ActionForm):
    """The order, from the pool file and the beacon's signature. The signature is verified, whoever brings it."""

    signature_hex = forms.CharField(
        label=_("Signature of the round"),
        required=False,
        max_length=200,
        help_text=_("96 characters, 0 to 9 and a to f. Leave it empty to ask the beacon's relays."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    @property
    def pool(self) -> Pool:
        return self.opportunity.pools.frozen().get()

    def clean_signature_hex(self):
        """What was typed, else what the relays give. Asked here, so that no row is locked meanwhile."""
        typed = "".join(self.cleaned_data["signature_hex"].split()).lower()
        pool = self.opportunity.pools.frozen().first()
        if typed or not pool:
            return typed
        found = beacon.fetch(settings.BEACON_RELAYS, draw.chain_by_hash(pool.chain_hash), pool.round)
        if not found:
            raise forms.ValidationError(
                _(
                    "No relay of the beacon gave the signature. Try again later, or enter it here: it is verified."
                )
            )
        return found

    def record(self, opportunity, by, now):
        pool = opportunity.pools.frozen().get()
        signature = self.cleaned_data["signature_hex"]
        try:
            result = draw.draw(pool.text.encode("ascii"), signature)
        except draw.DrawError as error:
            raise Refused("guard", [in_words(error)]) from None
        Draw.objects.create(
            pool=pool,
            signature=signature,
            randomness=result.randomness,
            seed=result.seed,
            order=list(result.order),
            drawn_at=now,
        )
        offer = offer_next(opportunity, now)
        return {
            "pool": pool.number, "sha256": pool.sha256, "round": pool.round, "signature": signature,
            "seed": result.seed, "demonstration": draw.chain_by_hash(pool.chain_hash).is_demonstration, **facts(offer),
        }  # fmt: skip


SUGGESTED = {
    "opened": (
        "No application could be evaluated.",
        "Aucune candidature ne pouvait être évaluée.",
    ),
    "confirmed": (
        "No application passed every evaluation criterion.",
        "Aucune candidature n’a satisfait à tous les critères d’évaluation.",
    ),
    "selection": (
        "Every supplier who passed declined the offer or did not answer in time.",
        "Tous les fournisseurs retenus ont décliné l’offre ou n’ont pas répondu à temps.",
    ),
}


class NoAwardForm(PublicReasonForm):
    """The ending without a supplier; the usual reason is suggested."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason_en"].initial, self.fields["reason_fr"].initial = SUGGESTED.get(
            self.opportunity.state, ("", "")
        )

    def record(self, opportunity, by, now):
        received = opportunity.applications.received().count()
        return {
            **super().record(opportunity, by, now),
            "applications": received,
            "passed": opportunity.applications.passed().count(),
        }


def _answered(opportunity, status: str, now, reason: str = "") -> dict:
    """Close the open offer and make the next, if somebody is left."""
    offer = opportunity.offers.open().get()
    offer.status, offer.answered_at, offer.reason = status, now, reason
    offer.save(update_fields=["status", "answered_at", "reason"])
    return {"answered": offer.position, **facts(offer_next(opportunity, now))}


class DeclineOfferForm(ActionForm):
    """The supplier says no, and may say why."""

    reason = forms.CharField(
        label=_("Reason, if you wish to give one"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Only the team reads it."),
    )

    def record(self, opportunity, by, now):
        return _answered(opportunity, Offer.Status.DECLINED, now, self.cleaned_data["reason"])


class ExpireOfferForm(ActionForm):
    """The time to answer has passed."""

    def record(self, opportunity, by, now):
        return _answered(opportunity, Offer.Status.EXPIRED, now)
