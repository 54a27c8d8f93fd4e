"""Reads an opportunity as the pilot posted it, two Markdown files, into a statement in preparation."""

from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from microacq import business_days, clock
from opportunities.actions import act
from opportunities.forms.people import esdc_account
from opportunities.lifecycle import Refused, Role, System
from opportunities.models import Opportunity
from opportunities.models.screening import Criterion
from opportunities.publishing.statement_file import ImportedStatement, StatementError, read
from opportunities.statement import SECTIONS, fill_statement, missing_by_section

BUSINESS_DAYS_TO_CLOSING = 10
BUSINESS_DAYS_TO_SELECTION = 2
NOT_GIVEN = {"en": "Not stated in the imported post", "fr": "Non précisé dans l’annonce importée"}
NOTE = {"en": "Imported from a post of the pilot (%s).", "fr": "Importé d’une annonce du projet pilote (%s)."}


class Command(BaseCommand):
    help = "Reads the English and the French Markdown file of a posted opportunity into a statement in preparation."

    def add_arguments(self, parser):
        parser.add_argument("english", metavar="EN.md")
        parser.add_argument("french", metavar="FR.md")
        parser.add_argument(
            "--client",
            metavar="EMAIL",
            required=True,
            help="the client's address: an active account of the department",
        )
        parser.add_argument(
            "--opportunity",
            metavar="REF",
            help="fill this one, already in preparation, with new dates in place of dates that have passed",
        )
        parser.add_argument("--team", default="", help="the client's team, which the files do not give")
        parser.add_argument("--branch", default="", help="the client's branch, which the files do not give")

    def handle(self, *args, english, french, client, opportunity, team, branch, **options):
        try:
            statement = read(*(self.contents(name) for name in (english, french)))
        except StatementError as error:
            raise CommandError(str(error)) from None
        person = esdc_account(client)
        if not person:
            raise CommandError(
                _("No active account of the department has the address %(address)s.") % {"address": client}
            )
        now = clock.now()
        try:
            with transaction.atomic():
                if opportunity:
                    lines = self.fill(statement, person, opportunity, now)
                else:
                    lines = self.create(statement, person, {"team_name": team, "branch": branch}, now)
        except Refused as refusal:
            raise CommandError(" ".join(refusal.reasons)) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write("\n".join(lines))

    @staticmethod
    def contents(name: str) -> bytes:
        try:
            return Path(name).read_bytes()
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be read: %(why)s.") % {"file": name, "why": error.strerror}
            ) from None

    def create(self, statement: ImportedStatement, person, names: dict[str, str], now: datetime) -> list[str]:
        """A new need of this client, submitted and accepted on record, then filled. Nothing when it is there already."""
        with connection.cursor() as cursor:  # two imports of the same files at once make one
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"import_statement {statement.ref}"]
            )
        if there := Opportunity.objects.filter(imported_ref=statement.ref).first():
            return [
                _("%(ref)s was already imported as %(reference)s. Nothing was changed.")
                % {"ref": statement.ref, "reference": there.reference}
            ]
        language = person.language
        new = Opportunity(
            client=person,
            created_at=now,
            modified_at=now,
            state_since=now,
            imported_ref=statement.ref,
            title_en=statement.title["en"],
            title_fr=statement.title["fr"],
            need=statement.short_description[language],
            reason=statement.background[language],
            **{name: value or NOT_GIVEN[language] for name, value in names.items()},
        )
        new.save()
        act("submit", new, System(Role.CLIENT), now=now)
        new.refresh_from_db()
        note = NOTE[language] % statement.ref
        answers = {f"met_{criterion.value}": "yes" for criterion in Criterion} | {
            f"note_{criterion.value}": note for criterion in Criterion
        }
        with override(language):
            act("accept", new, System(Role.TEAM), data={"reason": note, **answers}, now=now)
        new.refresh_from_db()
        fill_statement(new, words(statement) | dates(statement), now=now)
        lines = [_("Imported as %(reference)s, in preparation.") % {"reference": new.reference}]
        if past(statement, now):
            lines.append(
                _(
                    "Its dates have passed: choose new ones, or run this again with --opportunity %(reference)s."
                )
                % {"reference": new.reference}
            )
        unnamed = [
            label
            for label, name in ((_("the team"), "team_name"), (_("the branch"), "branch"))
            if not names[name]
        ]
        if unnamed:
            lines.append(
                _("The files do not give %(what)s of the client.") % {"what": _(" and ").join(unnamed)}
            )
        return lines + report(statement, new, now)

    def fill(self, statement: ImportedStatement, person, reference: str, now: datetime) -> list[str]:
        """Fill an opportunity that is in preparation; what the files hold replaces what is there."""
        found = Opportunity.objects.filter(reference=reference).first()
        if not found:
            raise CommandError(_("There is no opportunity %(reference)s.") % {"reference": reference})
        if found.client_id != person.pk:
            raise CommandError(
                _("%(address)s is not the client of %(reference)s.")
                % {"address": person.email, "reference": reference}
            )
        if found.state != "preparing":
            raise CommandError(
                _("%(reference)s is at “%(state)s”: only a statement in preparation can be filled.")
                % {"reference": reference, "state": found.status.label}
            )
        given = dates(statement)
        lines = [_("%(reference)s was filled.") % {"reference": reference}]
        if past(statement, now):
            given = new_dates(statement, now)
            lines.append(
                _(
                    "New dates replace those that have passed: closing %(closing)s (10 business days from now, 23:59 Eastern "
                    "time), selection %(selection)s (two business days later), delivery %(delivery)s (%(days)d days after "
                    "selection, as in the files)."
                )
                % {
                    "closing": given["closing_at"].date(),
                    "selection": given["selection_date"],
                    "delivery": given["delivery_date"],
                    "days": (given["delivery_date"] - given["selection_date"]).days,
                }
            )
        fill_statement(found, words(statement) | given, now=now)
        Opportunity.objects.filter(pk=found.pk).update(imported_ref=statement.ref)
        return lines + report(statement, found, now)


def words(statement: ImportedStatement) -> dict[str, Any]:
    """Everything but the dates, as `fill_statement` takes it."""
    return {
        "title": statement.title,
        "short_description": statement.short_description,
        "background": statement.background,
        "work": statement.work,
        "deliverables": statement.deliverables,
        "skills": statement.skills,
        "licence": statement.licence,
        "evaluation_criteria": statement.evaluation_criteria,
        "acceptance_criteria": [
            {"kind": row.kind, "en": row.en, "fr": row.fr} for row in statement.acceptance_criteria
        ],
        "fixed_price": statement.fixed_price,
    }


def dates(statement: ImportedStatement) -> dict[str, Any]:
    """The dates as the files give them."""
    return {name: getattr(statement, name) for name in ("closing_at", "selection_date", "delivery_date")}


def past(statement: ImportedStatement, now: datetime) -> bool:
    """Whether one of the files' dates has passed."""
    today = now.astimezone(clock.EASTERN).date()
    return statement.closing_at <= now or min(statement.selection_date, statement.delivery_date) <= today


def new_dates(statement: ImportedStatement, now: datetime) -> dict[str, Any]:
    """Dates from now on, with as many days between selection and delivery as the files have (one at least)."""
    closing = business_days.add(now.astimezone(clock.EASTERN).date(), BUSINESS_DAYS_TO_CLOSING)
    selection = business_days.add(closing, BUSINESS_DAYS_TO_SELECTION)
    length = max(statement.delivery_date - statement.selection_date, business_days.ONE_DAY)
    return {
        "closing_at": datetime.combine(closing, time(23, 59), tzinfo=clock.EASTERN),
        "selection_date": selection,
        "delivery_date": selection + length,
    }


def report(statement: ImportedStatement, opportunity: Opportunity, now: datetime) -> list[str]:
    """What could not be placed, and what the statement still lacks."""
    lines = []
    if statement.unplaced:
        lines += [_("Not placed, or to check:"), *(f"- {sentence}" for sentence in statement.unplaced)]
    missing = missing_by_section(opportunity, now)
    gaps = [
        f"- {section.label}: {' '.join(str(gap) for gap in missing[section.key])}"
        for section in SECTIONS
        if missing[section.key]
    ]
    if gaps:
        lines += [_("Still to do before the statement can go to the manager:"), *gaps]
    return lines
