"""Records said in words: each thing known has a name for machines, a label, a value, and the value as a person reads it.

What goes out as a file (a case file, a copy of what is held about somebody) is made of these. Knows no record by name.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import money, text

MONEY = {"amount", "budget", "fixed_price", "hourly_rate", "price", "total"}
"""Fields that are dollars."""
LABELS = {
    "accepted": _("accepted"),
    "account": _("account"),
    "agreed_at": _("agreed"),
    "amended_at": _("changed"),
    "announced_at": _("announced"),
    "answered_at": _("answered"),
    "approved": _("approved"),
    "asked_at": _("asked"),
    "asker": _("asked by"),
    "assessed_at": _("assessed"),
    "assessed_by": _("assessed by"),
    "at": _("when"),
    "audience": _("as"),
    "author": _("written by"),
    "certified_by": _("certified by"),
    "chain_hash": _("chain of the random beacon"),
    "changes": _("what changed"),
    "checked_at": _("checked for names"),
    "committed_by": _("committed by"),
    "content": _("content"),
    "created_at": _("made"),
    "criterion": _("criterion"),
    "decided_at": _("decided"),
    "decided_by": _("decided by"),
    "delivered_by": _("delivered by"),
    "done_at": _("done"),
    "drawn_at": _("drawn"),
    "email": _("email"),
    "erased_at": _("personal data disposed of"),
    "evaluator": _("evaluator"),
    "event": _("event"),
    "file": _("file"),
    "file_sha256": _("SHA-256 of the file"),
    "from_team": _("from the team"),
    "frozen_at": _("frozen"),
    "frozen_by": _("frozen by"),
    "given_at": _("given"),
    "given_by": _("given by"),
    "how_met": _("how each work acceptance criterion is met"),
    "imported_ref": _("imported from"),
    "kind": _("kind"),
    "made_at": _("made"),
    "marked_at": _("marked"),
    "met": _("met"),
    "number": _("number"),
    "opened_at": _("opened"),
    "opportunity": _("opportunity"),
    "order": _("order"),
    "original_closing_at": _("first closing date"),
    "original_delivery_date": _("first work delivery date"),
    "other": _("opportunity"),
    "paid_by": _("paid by"),
    "passed": _("passed"),
    "position": _("position"),
    "prepared_by": _("prepared by"),
    "proposed_at": _("proposed"),
    "proposed_by": _("proposed by"),
    "raised_at": _("raised"),
    "randomness": _("random value"),
    "recipient": _("to"),
    "recorded_at": _("recorded"),
    "refused_at": _("refused"),
    "reserved_by": _("reserved by"),
    "results": _("result by criterion"),
    "round": _("round"),
    "round_at": _("time of the round"),
    "saved_at": _("saved"),
    "seed": _("seed"),
    "sent_by": _("sent by"),
    "set_aside_at": _("set aside"),
    "set_aside_by": _("set aside by"),
    "settled_at": _("settled"),
    "sha256": _("SHA-256"),
    "side": _("by"),
    "sign_off_accepted_at": _("sign-off accepted"),
    "sign_off_name": _("name of the sign-off"),
    "signature": _("signature"),
    "signed_language": _("language of the signature"),
    "status": _("status"),
    "submitted_at": _("sent"),
    "supplier": _("supplier"),
    "taxes": _("taxes"),
    "template": _("email"),
    "terms_en": _("terms"),
    "terms_fr": _("terms"),
    "terms_version": _("version of the terms"),
    "text": _("text"),
    "told_up_to": _("told up to"),
    "transition": _("what was done"),
    "version": _("version"),
    "voided_at": _("voided"),
    "working": _("as you have written it"),
}
"""Labels of fields whose model gives none that a person reads."""


@dataclass(frozen=True)
class Fact:
    """One thing known: its name for machines, its label, its value, and the value in words. `language` when it has one."""

    key: str
    label: Any
    value: Any
    words: str
    language: str = ""


@dataclass
class Section:
    """One kind of record, with its rows."""

    key: str
    title: Any
    rows: list[list[Fact]] = field(default_factory=list)


def label_of(model_field: Any) -> Any:
    """A field's label: ours where the model's is no more than the column's name."""
    translated = getattr(model_field, "translated_field", None)
    if translated is not None:
        return label_of(translated)
    return (
        LABELS.get(model_field.name, model_field.verbose_name)
        if isinstance(model_field.verbose_name, str)
        else model_field.verbose_name
    )


def in_words(value: Any) -> str:
    """A value as a person reads it, in the language that is active."""
    language = (get_language() or "en")[:2]
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, datetime):
        return text.eastern_words(value, language)
    if isinstance(value, date):
        return text.date_words(value, language)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)
    return str(value)


def fact(thing: Any, name: str) -> Fact:
    """One plain field of a record: its choice in words, dollars as dollars."""
    value, model_field = getattr(thing, name), thing._meta.get_field(name)
    shown = getattr(thing, f"get_{name}_display", None)
    if not isinstance(value, str | int | float | bool | Decimal | date | dict | list | None):
        value = str(value)
    if name in MONEY and isinstance(value, Decimal):
        words = money.display(value, (get_language() or "en")[:2])
    else:
        words = in_words(shown() if shown and value else value)
    language = name[-2:] if name.endswith(("_en", "_fr")) else ""
    return Fact(name, label_of(model_field), value, words, language)


def facts(thing: Any, *names: str) -> list[Fact]:
    """The named fields of a record; "opportunity" as its reference and title."""
    found = []
    for name in names:
        if name == "opportunity":
            reference = thing.opportunity.reference if thing.opportunity else None
            found.append(Fact(name, _("opportunity"), reference, str(thing.opportunity or "–")))
        else:
            found.append(fact(thing, name))
    return found
