"""Contract splitting: compares a need with those of the same client, team or branch in the last 12 months, and flags.

Two planned parts of one need are splitting, an unplanned later bug is not (client guide, step 2), so the program
decides nothing: it shows what looks alike, and why; a person of the team decides, and writes why. Compares when a
need is submitted, and again when its texts have changed or its supplier is known. Holds no time: it is given.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import F, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat, Greatest, Lower, Trim

from .code_hosts import repository_of
from .lifecycle import performed
from .models import Contract, Opportunity, SplittingDecision, SplittingFlag, SplittingLikeness

PERIOD = timedelta(days=365)
TITLE_ALIKE, TEXT_ALIKE = Decimal("0.45"), Decimal("0.45")
"""From this likeness on (pg_trgm, 0 to 1) a need is flagged. Of the 190 pairs that the demonstration's 20 published
statements make, those on different code reach 0.38 in their texts and 0.28 in their titles, those on the same code
0.45 and 0.38; the same code is a reason of its own."""
GREW = Decimal("0.15")
"""How much more alike a pair must have become to be flagged again."""
OCCASIONS = ("submit", "statement_ready", "amend", "sign")
"""After these transitions a need is compared."""
NOTHING_BOUGHT = ("draft", "declined", "withdrawn", "cancelled", "no_award")
NEED, STATEMENT = ("need", "reason"), ("short_description", "work")


@dataclass(frozen=True)
class Likeness:
    """Another need, and in what it is like this one."""

    other: int
    title: Decimal
    text: Decimal
    same_client: bool
    same_team: bool
    same_branch: bool
    same_repository: bool
    same_supplier: bool

    @property
    def alike(self) -> set[str]:
        """What is enough for a flag."""
        found = {
            "title": self.title >= TITLE_ALIKE,
            "text": self.text >= TEXT_ALIKE,
            "repository": self.same_repository,
            # In a branch of thousands the same supplier may well be drawn twice; in one team it is worth a look.
            "supplier": self.same_supplier and (self.same_client or self.same_team),
        }
        return {name for name, holds in found.items() if holds}


def _joined(names: tuple[str, ...], language: str = "") -> Any:
    parts = [_known(f"{name}_{language}" if language else name) for name in names]
    return Concat(parts[0], Value(" "), *parts[1:], output_field=TextField())


def _known(column: str) -> Any:
    return Coalesce(column, Value(""), output_field=TextField())


def _words(opportunity: Any, names: tuple[str, ...], language: str = "") -> str:
    return " ".join(getattr(opportunity, f"{name}_{language}" if language else name) or "" for name in names)


def _same_people(opportunity: Any) -> Q:
    found = Q(client=opportunity.client_id)
    for name in ("team_name", "branch"):
        if value := getattr(opportunity, name).strip().lower():
            found |= Q(**{f"plain_{name}": value})
    return found


def _address(repository: str | None) -> str:
    return repository_of(repository.lower()).partition("://")[2].removeprefix("www.") if repository else ""


def compare(opportunity: Any, now: datetime) -> list[Likeness]:
    """The needs of the same client, team or branch in the 12 months before `now` that are like this one. One query.

    Left out: needs from which nothing was or will be bought, and the one that this one runs again, unless it was paid.
    """
    contracts = Contract.objects.filter(opportunity=OuterRef("pk"))
    others = (
        Opportunity.objects.annotate(
            plain_team_name=Lower(Trim("team_name")), plain_branch=Lower(Trim("branch"))
        )
        .filter(_same_people(opportunity), created_at__gt=now - PERIOD)
        .exclude(Q(pk=opportunity.pk) | Q(state__in=NOTHING_BOUGHT))
        .exclude(Q(pk=opportunity.rerun_of_id or 0, payments=None))
    )
    texts = [TrigramSimilarity(_joined(NEED), _words(opportunity, NEED))]
    texts += [
        TrigramSimilarity(_joined(STATEMENT, language), _words(opportunity, STATEMENT, language))
        for language in ("en", "fr")
    ]
    titles = [
        TrigramSimilarity(_known(f"title_{language}"), getattr(opportunity, f"title_{language}") or "")
        for language in ("en", "fr")
    ]
    rows = others.order_by("pk").values(
        "pk", "client_id", "repository", "plain_team_name", "plain_branch",
        title_likeness=Greatest(*titles), text_likeness=Greatest(*texts),
        worked_in=Subquery(contracts.values("repository")[:1]), supplier=Subquery(contracts.values("supplier")[:1]),
    )  # fmt: skip
    own = {
        _address(opportunity.repository),
        _address(opportunity.contract and opportunity.contract.repository),
    } - {""}
    supplier = opportunity.contract and opportunity.contract.supplier_id
    found = [
        Likeness(
            other=row["pk"],
            title=Decimal(str(round(row["title_likeness"], 2))),
            text=Decimal(str(round(row["text_likeness"], 2))),
            same_client=row["client_id"] == opportunity.client_id,
            same_team=row["plain_team_name"] == opportunity.team_name.strip().lower() != "",
            same_branch=row["plain_branch"] == opportunity.branch.strip().lower() != "",
            same_repository=bool(own & {_address(row["repository"]), _address(row["worked_in"])}),
            same_supplier=supplier is not None and row["supplier"] == supplier,
        )
        for row in rows
    ]
    return [likeness for likeness in found if likeness.alike]


def _new_since(flag: SplittingFlag | None, found: list[Likeness]) -> bool:
    """Whether there is something that the last flag did not say: another need, another reason, or much more alike."""
    fields = [name for name in Likeness.__dataclass_fields__ if name != "other"]
    before = {
        row.other_id: Likeness(row.other_id, **{name: getattr(row, name) for name in fields})
        for row in (flag.likenesses.all() if flag else ())
    }
    for now in found:
        then = before.get(now.other)
        if (
            then is None
            or now.alike - then.alike
            or now.title - then.title >= GREW
            or now.text - then.text >= GREW
        ):
            return True
    return False


def flag(opportunity: Any, occasion: str, now: datetime) -> SplittingFlag | None:
    """Compare, and flag when something new is alike. Gives the new flag, or None. The opportunity's row must be locked."""
    found = compare(opportunity, now)
    if not _new_since(opportunity.splitting_flags.last(), found):
        return None
    raised = SplittingFlag.objects.create(opportunity=opportunity, occasion=occasion, raised_at=now)
    SplittingLikeness.objects.bulk_create(
        SplittingLikeness(
            flag=raised, other_id=likeness.other,
            **{name: getattr(likeness, name) for name in Likeness.__dataclass_fields__ if name != "other"},
        )
        for likeness in found
    )  # fmt: skip
    return raised


def watch(sender, opportunity, event, transition, now, **kwargs) -> None:
    """Compare after the transitions that bring new words, or the supplier."""
    if transition.name in OCCASIONS:
        flag(opportunity, transition.name, now)


def flags(opportunity: Any) -> list[SplittingFlag]:
    """Every flag of an opportunity, oldest first, with its likenesses and decisions. At most five queries.

    The last one is the current one; `flag.decision` is what was decided on it, None while it waits.
    """
    return list(
        opportunity.splitting_flags.prefetch_related(
            "likenesses__other__client", "decisions__decided_by"
        ).order_by("pk")
    )


def current(opportunity: Any) -> SplittingFlag | None:
    """The flag that counts: the last one, or None."""
    return (flags(opportunity) or [None])[-1]


def undecided() -> Q:
    """The condition for opportunities whose flag waits for a person."""
    return Q(pk__in=SplittingFlag.objects.undecided().values("opportunity"))


def counts(opportunities: Any = None) -> dict[str, int]:
    """How many opportunities were flagged, and of these how many are decided "splitting", "not_splitting" or are undecided.

    Of the given queryset of opportunities, or of all. One query.
    """
    latest = SplittingDecision.objects.filter(flag=OuterRef("pk")).order_by("-pk").values("answer")[:1]
    current = SplittingFlag.objects.current().annotate(answer=Subquery(latest))
    if opportunities is not None:
        current = current.filter(opportunity__in=opportunities.order_by().values("pk"))
    answers = list(current.values_list(F("answer"), flat=True))
    return {
        "flagged": len(answers),
        "splitting": answers.count(SplittingDecision.Answer.SPLITTING),
        "not_splitting": answers.count(SplittingDecision.Answer.NOT_SPLITTING),
        "undecided": answers.count(None),
    }


performed.connect(watch, dispatch_uid="opportunities.splitting")
