"""Records said in words: each thing known has a name for machines, a label, a value, and the value as a person reads it.

What goes out as a file (a case file, a copy of what is held about somebody) is made of these. Knows no record by name.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import money, text
from microacq.forms import LANGUAGE_NAMES

from . import mail_log
from .lifecycle import BY_NAME, STATES, Role
from .mail_samples import AUDIENCES

MONEY = {"amount", "budget", "fixed_price", "hourly_rate", "price", "total"}
"""Fields that are dollars."""
LABELS = {
    "accepted": _("accepted"),
    "account": _("account"),
    "agreed_at": _("agreed"),
    "amended_at": _("changed"),
    "announced_at": _("announced"),
    "answered_at": _("answered"),
    "application": _("application"),
    "approved": _("approved"),
    "asked_at": _("asked"),
    "asker": _("asked by"),
    "assessed_at": _("assessed"),
    "assessed_by": _("assessed by"),
    "assessment": _("assessment"),
    "at": _("when"),
    "audience": _("as"),
    "author": _("written by"),
    "certification": _("certification"),
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
    "delivery": _("delivery"),
    "done_at": _("done"),
    "drawn_at": _("drawn"),
    "email": _("email"),
    "erased_at": _("personal data disposed of"),
    "evaluator": _("evaluator"),
    "event": _("event"),
    "file": _("file"),
    "file_sha256": _("SHA-256 of the file"),
    "flag": _("comparison"),
    "from_team": _("from the team"),
    "frozen_at": _("frozen"),
    "frozen_by": _("frozen by"),
    "given_at": _("given"),
    "given_by": _("given by"),
    "how_met": _("how each work acceptance criterion is met"),
    "imported_ref": _("imported from"),
    "invoice": _("invoice"),
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
    "payment": _("payment"),
    "pool": _("pool"),
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
    "role": _("as"),
    "round": _("round"),
    "round_at": _("time of the round"),
    "saved_at": _("saved"),
    "screening": _("eligibility check"),
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
    "source": _("from"),
    "status": _("status"),
    "submitted_at": _("sent"),
    "supplier": _("supplier"),
    "target": _("to"),
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
RECORDS = {
    "answer": _("answer"),
    "consensus": _("decision where the marks differed"),
    "criterionresult": _("mark"),
    "evaluationrecord": _("completed evaluation"),
    "preparation": _("preparation of a release"),
    "sheet": _("an evaluator’s sheet"),
    "submission": _("application as sent"),
}
"""Names of records whose model gives none that a person reads."""
STATE_LABELS = {state.name: state.label for state in STATES.values()}
CODES: dict[str, Callable[[str], Any]] = {
    "audience": lambda word: AUDIENCES.get(word, word),
    "role": lambda word: {role.value: role.label for role in Role}.get(word, word),
    "source": lambda word: STATE_LABELS.get(word, word),
    "target": lambda word: STATE_LABELS.get(word, word),
    "template": mail_log.occasion,
    "transition": lambda word: BY_NAME[word].label if word in BY_NAME else word,
}
"""Fields that keep a word of the lifecycle's table, and how it is read."""


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


def title_of(model: Any) -> Any:
    """What a kind of record is called: ours where the model's name is all there is."""
    return RECORDS.get(model._meta.model_name, model._meta.verbose_name)


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
    if isinstance(value, Decimal):
        return str(value).replace(".", ",") if language == "fr" else str(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)
    return str(value)


def fact(thing: Any, name: str) -> Fact:
    """One plain field of a record: its choice in words, dollars as dollars."""
    value, model_field = getattr(thing, name), thing._meta.get_field(name)
    shown = getattr(thing, f"get_{name}_display", None)
    if not isinstance(value, str | int | float | bool | Decimal | date | dict | list | None):
        value = str(value)
    reader = (get_language() or "en")[:2]
    if name in MONEY and isinstance(value, Decimal):
        words = money.display(value, reader)
    elif named := getattr(thing, f"{name}_in", None):
        words = in_words(named(reader))
    elif not shown and name in CODES and value:
        words = str(CODES[name](value))
    else:
        words = in_words(shown() if shown and value else value)
    language = name[-2:] if name.endswith(("_en", "_fr")) else ""
    label = label_of(model_field)
    if language:
        label = _("%(what)s (%(language)s)") % {"what": label, "language": LANGUAGE_NAMES[language]}
    return Fact(name, label, value, words, language)


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
