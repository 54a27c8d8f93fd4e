"""Step 4: post, amend, extend the closing, cancel, close with nobody.

Knows what each records. What was posted, and every change to it, is kept with its SHA-256 in the event; old and new
values are kept in the amendment, for everyone to read. The guards of the lifecycle decide when each may be done.
"""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from microacq import business_days, clock
from microacq.forms import DateField, EasternDateTimeField, MarkdownField

from ..lifecycle import Refused
from ..models import Amendment
from ..publishing.posted import statement_sha256
from .base import ActionForm, PublicReasonForm
from .preview import PreviewForm

LANGUAGES = ("en", "fr")
TEXTS = ("title", "short_description", "background", "work", "deliverables")
DATES = ("selection_date", "delivery_date")
MATERIAL_DAYS = 3
"""Business days that suppliers have, at the least, after a change in what they answer to."""
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


def closing_with_room(closing_at: datetime, now: datetime) -> datetime:
    """The closing that leaves MATERIAL_DAYS business days from `now`: the present one when it does, else the same
    time of day on the first business day that is late enough."""
    today = now.astimezone(clock.EASTERN)
    day = business_days.add(today.date(), MATERIAL_DAYS)
    # Compared in UTC: within one zone Python compares what the clocks on the wall say.
    least = datetime.combine(day, today.time(), clock.EASTERN).astimezone(UTC)
    if closing_at.astimezone(UTC) >= least:
        return closing_at
    hour = closing_at.astimezone(clock.EASTERN).time()
    moved = datetime.combine(day, hour, clock.EASTERN)
    if moved.astimezone(UTC) < least:
        moved = datetime.combine(business_days.add(day, 1), hour, clock.EASTERN)
    return moved


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

    canned = ("reason",)

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


class AmendForm(ChangeForm, PreviewForm):
    """Change the words, or the dates after closing. The price is not changed at all, the closing date elsewhere.

    A change in what suppliers answer to leaves them time: closing, and the dates after it, move where they must.
    """

    preview_label = _("Check the change")
    no_longer_so = _("The dates are no longer those that you were shown. Check them below, then confirm.")

    selection_date = DateField(label=_("Anticipated supplier selection date"))
    delivery_date = DateField(label=_("Work delivery date"))
    material = forms.BooleanField(
        label=_("This changes what suppliers answer to."),
        required=False,
        help_text=_(
            "Suppliers who applied must then confirm their application, or it is not evaluated. They have at least three business days: closing moves when it has to."
        ),
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

    def dates(self, opportunity, now) -> dict[str, Any]:
        """The three dates as they would stand: those typed, or, where closing moves, as many business days later."""
        closing = opportunity.closing_at
        if self.cleaned_data.get("material"):
            closing = closing_with_room(closing, now)
        before, after = (day.astimezone(clock.EASTERN).date() for day in (opportunity.closing_at, closing))
        days = business_days.between(before, after)
        found: dict[str, Any] = {"closing_at": closing}
        for name in DATES:
            present, typed = getattr(opportunity, name), self.cleaned_data[name]
            found[name] = business_days.add(present, days) if days and typed == present else typed
        return found

    def computed(self):
        """The three dates, as a text that the page sends back."""
        return " ".join(day.isoformat() for day in self.dates(self.opportunity, self.now).values())

    def shown_dates(self):
        """Each date for the page: its label, its kind, and what it was when it changes."""
        for name, day in self.dates(self.opportunity, self.now).items():
            old = getattr(self.opportunity, name)
            yield {
                "label": self.opportunity._meta.get_field(name).verbose_name,
                "day": day,
                "old": old if old != day else None,
                "is_moment": name == "closing_at",
            }

    def clean(self):
        data = super().clean()
        if {"selection_date", "delivery_date"} <= set(data):
            dates = self.dates(self.opportunity, self.now)
            if not dates_in_order(**dates):
                self.add_error("delivery_date", OUT_OF_ORDER)
            if not self.errors and not self._changes(self.opportunity, data):
                self.add_error(None, _("Nothing is changed. Change a text or a date first."))
        return data

    def _changes(self, opportunity, new: dict[str, Any]) -> list[dict]:
        found = []
        for name, old in self.present(opportunity).items():
            if _same(old, new[name]):
                continue
            bare, _dash, language = name.rpartition("_")
            field, language = (bare, language) if language in LANGUAGES else (name, "")
            found.append(change(field, old, new[name], language))
        return found

    def record(self, opportunity, by, now):
        dates = self.dates(opportunity, now)
        if not dates_in_order(**dates):
            raise Refused("guard", [OUT_OF_ORDER])
        new = self.cleaned_data | dates
        changes = self._changes(opportunity, new)
        changed = {
            f"{row['field']}_{row['language']}" if row["language"] else row["field"] for row in changes
        }
        for kind, _label, criterion, _number in self._criteria(opportunity):
            names = [f"{kind}_{criterion.pk}_{language}" for language in LANGUAGES]
            if changed & set(names):
                criterion.text_en, criterion.text_fr = (new[name] for name in names)
                criterion.save()
        old = opportunity.closing_at
        if dates["closing_at"] != old:
            changes.append(change("closing_at", old, dates["closing_at"]))
        for name in (*(f"{text}_{language}" for text in TEXTS for language in LANGUAGES), *dates):
            setattr(opportunity, name, new[name])
        amendment = write_amendment(
            opportunity, Amendment.Kind.AMEND, new, changes, now, material=new["material"]
        )
        return {
            "amendment": amendment.number,
            "material": amendment.material,
            **({"old_closing_at": old, **dates} if dates["closing_at"] != old else {}),
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
    """Nobody's application is in play. The reason is public, and the same in every case."""

    def record(self, opportunity, by, now):
        unconfirmed = opportunity.applications.unconfirmed().count()
        reason = (
            _("No application was confirmed after what suppliers answer to had changed.")
            if unconfirmed
            else _("Nobody had applied when the opportunity closed.")
        )
        for language in LANGUAGES:
            with override(language):
                setattr(opportunity, f"ending_reason_{language}", str(reason))
        return {"applications": 0, "unconfirmed": unconfirmed}
