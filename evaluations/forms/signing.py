"""Step 6, the signature: the exact terms, a typed name, and a record of what was signed."""

import unicodedata
from functools import cached_property

from django import forms
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from opportunities import terms
from opportunities.forms.base import ActionForm
from opportunities.lifecycle import Refused
from opportunities.models import Contract

from ..models import Application, Offer

NO_REPOSITORY = {
    "en": "an open repository that the supplier and the client choose when the work starts",
    "fr": "un dépôt ouvert que le fournisseur et le client choisissent au début des travaux",
}


def name_words(name: str) -> list[str]:
    """The words of a name without case, accents or punctuation."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", name).casefold() if unicodedata.category(c) != "Mn"
    )
    return "".join(c if c.isalnum() else " " for c in plain).split()


def same_person(typed: str, legal_name: str) -> bool:
    """Whether a typed name is the legal name, middle names, case, accents and punctuation aside."""
    written, legal = name_words(typed), name_words(legal_name)
    return (
        bool(written) and bool(legal) and set(written) <= set(legal) and {legal[0], legal[-1]} <= set(written)
    )


def supplier_name(application: Application) -> str:
    """Who signs, as the terms name them: the person, and their business."""
    return (
        f"{application.legal_name}, {application.business_name}"
        if application.business_name
        else application.legal_name
    )


def terms_of(opportunity, application: Application) -> dict[str, str]:
    """The exact terms of this contract in each language, as Markdown."""
    reservation = opportunity.reservation
    texts = {}
    for language in ("en", "fr"):
        with override(language):
            texts[language] = terms.render(language, {
                "reference": opportunity.reference,
                "title": opportunity.title,
                "supplier_name": supplier_name(application),
                "client_name": str(opportunity.client),
                "department": opportunity.department_in(language),
                "price": opportunity.fixed_price,
                "delivery_date": opportunity.delivery_date,
                "licence": opportunity.licence,
                "repository": opportunity.repository or NO_REPOSITORY[language],
                "fund_reservation_number": reservation.number if reservation else None,
            })  # fmt: skip
    return texts


def signed_text(terms_en: str, terms_fr: str) -> str:
    """What is signed, byte for byte: the English text, a line with three hyphens, the French text."""
    return f"{terms_en}\n---\n{terms_fr}"


class SignForm(ActionForm):
    """The supplier reads the terms, agrees, and types their name."""

    agree = forms.BooleanField(
        label=_("I have read these terms. I confirm the price and the delivery date, and I agree.")
    )
    signed_name = forms.CharField(
        label=_("Your full name"),
        max_length=200,
        help_text=_("Typing your name here signs the terms. Write it as in your application."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    terms_sha256 = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["terms_sha256"] = self.sha256

    @cached_property
    def offer(self) -> Offer:
        return self.opportunity.offers.open().select_related("application").get()

    @cached_property
    def texts(self) -> dict[str, str]:
        return terms_of(self.opportunity, self.offer.application)

    @cached_property
    def sha256(self) -> str:
        return terms.sha256(signed_text(self.texts["en"], self.texts["fr"]))

    def clean_signed_name(self):
        typed = self.cleaned_data["signed_name"]
        if not same_person(typed, self.offer.application.legal_name):
            raise forms.ValidationError(
                _(
                    "This is not the name of your application. Write your first and last name as you did there."
                )
            )
        return typed

    def record(self, opportunity, by, now):
        offer = opportunity.offers.open().select_related("application").get()
        texts = terms_of(opportunity, offer.application)
        sha256 = terms.sha256(signed_text(texts["en"], texts["fr"]))
        if self.cleaned_data["terms_sha256"] not in ("", sha256):
            raise Refused(
                "stale", [_("The terms changed after you opened the page. Read them again, then decide.")]
            )
        contract = Contract.objects.create(
            opportunity=opportunity,
            supplier=offer.supplier,
            supplier_name=offer.application.public_name,
            price=opportunity.fixed_price,
            delivery_date=opportunity.delivery_date,
            terms_version=terms.VERSION,
            terms_en=texts["en"],
            terms_fr=texts["fr"],
            terms_sha256=sha256,
            signed_language=(get_language() or "en")[:2],
            signed_name=self.cleaned_data["signed_name"],
            signed_at=now,
        )
        offer.status, offer.answered_at = Offer.Status.SIGNED, now
        offer.save(update_fields=["status", "answered_at"])
        return {
            "position": offer.position, "price": contract.price, "delivery_date": contract.delivery_date,
            "terms_version": contract.terms_version, "terms_sha256": sha256,
        }  # fmt: skip
