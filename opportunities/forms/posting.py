"""Step 4: post, amend, extend the closing, cancel, close with nobody.

Knows what each records. What was posted, and every change to it, is kept with its SHA-256 in the event; old and new
values are kept in the amendment, for everyone to read. The guards of the lifecycle decide when each may be done.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from microacq import clock
from microacq.forms import DateField, EasternDateTimeField, MarkdownField

from ..lifecycle import Refused
from ..models import Amendment
from ..publishing.posted import statement_sha256
from .base import ActionForm, PublicReasonForm

LANGUAGES = ("en", "fr")
TEXTS = ("title", "short_description", "background", "work", "deliverables")
DATES = ("selection_date", "delivery_date")
ONE_LINE = {"title": 100}


def write_amendment(
    opportunity, kind: str, cleaned: dict, changes: list[dict], now, *, material: bool = False
) -> Amendment:
    """Keep a change to a posted opportunity, with its reason, and set its “Updated” label."""
    opportunity.amended_at = now
    return Amendment.objects.create(
        opportunity=opportunity,
        number=opportunity.amendments.count() + 1,
        kind=kind,
        reason_en=cleaned["reason_en"],
        reason_fr=cleaned["reason_fr"],
        changes=changes,
        material=material,
        amended_at=now,
    )


def change(field: str, old: Any, new: Any, language: str = "") -> dict:
    """One changed value, as the amendment keeps it: dates and times in ISO form."""
    shown = [value.isoformat() if hasattr(value, "isoformat") else value for value in (old, new)]
    return {"field": field, "language": language, "old": shown[0], "new": shown[1]}


def dates_in_order(closing_at, selection_date, delivery_date) -> bool:
    """Whether the three dates follow each other: closing, selection, delivery."""
    return closing_at.astimezone(clock.EASTERN).date() < selection_date < delivery_date


OUT_OF_ORDER = _("The dates must be in this order: closing, supplier selection, work delivery.")


class PostForm(ActionForm):
    """Make it public. From here on every word of it is on record."""

    def record(self, opportunity, by, now):
        opportunity.posted_at = now
        opportunity.original_closing_at = opportunity.closing_at
        opportunity.original_delivery_date = opportunity.delivery_date
        return {
            "statement_sha256": statement_sha256(opportunity),
            "closing_at": opportunity.closing_at,
            "delivery_date": opportunity.delivery_date,
            "fixed_price": opportunity.fixed_price,
        }


class ChangeForm(ActionForm):
    """A change to what is posted, with its public reason. A field that is not sent keeps its value."""

    reason_en = forms.CharField(
        label=_("Reason for the change, for everyone to read"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason_fr = forms.CharField(
        label=_("Reason for the change, for everyone to read"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    field_order: list[str] | None = None

    def __init__(self, data=None, files=None, *, opportunity, **kwargs):
        initial = self.present(opportunity)
        if data is not None:
            given = data.dict() if hasattr(data, "dict") else dict(data)
            data = {
                **{
                    name: value
                    for name, value in initial.items()
                    if not any(key.startswith(name) for key in given)
                },
                **given,
            }
        super().__init__(data, files, opportunity=opportunity, initial=initial, **kwargs)
        self.order_fields([name for name in self.fields if not name.startswith("reason_")])

    def present(self, opportunity) -> dict[str, Any]:
        """What stands now, by the name of the field."""
        raise NotImplementedError


class AmendForm(ChangeForm):
    """Change the words or the dates after closing. The price and the closing date are changed elsewhere or not at all."""

    selection_date = DateField(label=_("Anticipated supplier selection date"))
    delivery_date = DateField(label=_("Work delivery date"))
    material = forms.BooleanField(
        label=_("This changes what suppliers answer to."),
        required=False,
        help_text=_("Suppliers who applied before are then asked to send their application again."),
    )

    def __init__(self, data=None, files=None, *, opportunity, **kwargs):
        super().__init__(data, files, opportunity=opportunity, **kwargs)
        texts = {}
        for name in TEXTS:
            label = opportunity._meta.get_field(name).verbose_name.capitalize()
            for language in LANGUAGES:
                if name in ONE_LINE:
                    field = forms.CharField(label=label, max_length=ONE_LINE[name])
                elif name == "short_description":
                    field = MarkdownField(label=label, max_length=500, rows=4, help_text="")
                else:
                    field = MarkdownField(label=label)
                texts[f"{name}_{language}"] = field
        for kind, label, criterion, number in self._criteria(opportunity):
            for language in LANGUAGES:
                texts[f"{kind}_{criterion.pk}_{language}"] = MarkdownField(
                    label=label % {"number": number}, rows=5, max_length=5000
                )
        self.fields = {**texts, **self.fields}

    @staticmethod
    def _criteria(opportunity):
        for kind, label, criteria in (
            ("evaluation", _("Evaluation criterion %(number)d"), opportunity.evaluation_criteria.all()),
            ("acceptance", _("Work acceptance criterion %(number)d"), opportunity.acceptance_criteria.all()),
        ):
            for number, criterion in enumerate(criteria, 1):
                yield kind, label, criterion, number

    def present(self, opportunity):
        texts = {
            f"{name}_{language}": getattr(opportunity, f"{name}_{language}") or ""
            for name in TEXTS
            for language in LANGUAGES
        }
        criteria = {
            f"{kind}_{criterion.pk}_{language}": getattr(criterion, f"text_{language}") or ""
            for kind, _label, criterion, _number in self._criteria(opportunity)
            for language in LANGUAGES
        }
        return {**texts, **criteria, **{name: getattr(opportunity, name) for name in DATES}}

    def clean(self):
        data = super().clean()
        selection, delivery = data.get("selection_date"), data.get("delivery_date")
        if selection and delivery and not dates_in_order(self.opportunity.closing_at, selection, delivery):
            self.add_error("delivery_date", OUT_OF_ORDER)
        if not self.errors and not self._changes(self.opportunity):
            self.add_error(None, _("Nothing is changed. Change a text or a date first."))
        return data

    def _changes(self, opportunity) -> list[dict]:
        found = []
        for name, old in self.present(opportunity).items():
            new = self.cleaned_data[name]
            if _same(old, new):
                continue
            bare, _dash, language = name.rpartition("_")
            found.append(
                change(bare, old, new, language) if language in LANGUAGES else change(name, old, new)
            )
        return found

    def record(self, opportunity, by, now):
        changes = self._changes(opportunity)
        if not dates_in_order(
            opportunity.closing_at, self.cleaned_data["selection_date"], self.cleaned_data["delivery_date"]
        ):
            raise Refused("guard", [OUT_OF_ORDER])
        changed = {
            f"{row['field']}_{row['language']}" if row["language"] else row["field"] for row in changes
        }
        for kind, _label, criterion, _number in self._criteria(opportunity):
            names = [f"{kind}_{criterion.pk}_{language}" for language in LANGUAGES]
            if changed & set(names):
                criterion.text_en, criterion.text_fr = (self.cleaned_data[name] for name in names)
                criterion.save()
        for name in (*(f"{text}_{language}" for text in TEXTS for language in LANGUAGES), *DATES):
            setattr(opportunity, name, self.cleaned_data[name])
        amendment = write_amendment(
            opportunity,
            Amendment.Kind.AMEND,
            self.cleaned_data,
            changes,
            now,
            material=self.cleaned_data["material"],
        )
        return {
            "amendment": amendment.number,
            "material": amendment.material,
            "statement_sha256": statement_sha256(opportunity),
        }


def _same(old, new) -> bool:
    if isinstance(old, str) and isinstance(new, str):
        return old.replace("\r\n", "\n").strip() == new.strip()
    return old == new


class ExtendForm(ChangeForm):
    """A later closing, and later dates after it where they would no longer be in order."""

    closing_at = EasternDateTimeField(label=_("New closing date and time"))
    selection_date = DateField(label=_("Anticipated supplier selection date"))
    delivery_date = DateField(label=_("Work delivery date"))

    def present(self, opportunity):
        return {name: getattr(opportunity, name) for name in ("closing_at", *DATES)}

    def clean(self):
        data = super().clean()
        closing = data.get("closing_at")
        if closing:
            if closing <= self.now:
                self.add_error("closing_at", _("The new closing time is in the past."))
            elif closing <= self.opportunity.closing_at:
                self.add_error("closing_at", _("The new closing time must be later than the present one."))
            elif (
                data.get("selection_date")
                and data.get("delivery_date")
                and not dates_in_order(closing, data["selection_date"], data["delivery_date"])
            ):
                self.add_error("delivery_date", OUT_OF_ORDER)
        return data

    def record(self, opportunity, by, now):
        new = {name: self.cleaned_data[name] for name in ("closing_at", *DATES)}
        if new["closing_at"] <= max(opportunity.closing_at, now):
            raise Refused("guard", [_("The new closing time must be later than the present one.")])
        changes = [
            change(name, getattr(opportunity, name), value)
            for name, value in new.items()
            if getattr(opportunity, name) != value
        ]
        old = opportunity.closing_at
        for name, value in new.items():
            setattr(opportunity, name, value)
        amendment = write_amendment(opportunity, Amendment.Kind.EXTEND, self.cleaned_data, changes, now)
        return {
            "amendment": amendment.number,
            "old_closing_at": old,
            "closing_at": opportunity.closing_at,
            "selection_date": opportunity.selection_date,
            "delivery_date": opportunity.delivery_date,
            "statement_sha256": statement_sha256(opportunity),
        }


class CancelForm(PublicReasonForm):
    """End it before a contract, with a public reason. What was offered or frozen is void."""

    def record(self, opportunity, by, now):
        data = super().record(opportunity, by, now)
        cleaned = self.cleaned_data
        data["offers_cancelled"] = opportunity.offers.open().update(status="cancelled", answered_at=now)
        pools = opportunity.pools.filter(voided_at=None, draw=None)
        data["pools_voided"] = pools.update(
            voided_at=now, void_reason_en=cleaned["reason_en"], void_reason_fr=cleaned["reason_fr"]
        )
        if opportunity.posted_at:
            data["amendment"] = write_amendment(opportunity, Amendment.Kind.CANCEL, cleaned, [], now).number
        return data


class CloseEmptyForm(ActionForm):
    """Nobody applied. The reason is public, and the same in every case."""

    def record(self, opportunity, by, now):
        for language in LANGUAGES:
            with override(language):
                setattr(
                    opportunity,
                    f"ending_reason_{language}",
                    str(_("Nobody had applied when the opportunity closed.")),
                )
        return {"applications": 0}
