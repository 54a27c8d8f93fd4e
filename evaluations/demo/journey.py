"""Takes an opportunity to any state, through the same functions as the pages: the demonstration and the tests use it.

Because nothing is written behind the program's back, it cannot make what the program could not.
Knows the order of the steps and plausible moments for each; the words come from the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from django.utils import translation

from evaluations import applications, draw, marking, masking, preparing
from microacq import business_days, clock
from opportunities import lifecycle, splitting
from opportunities.actions import act
from opportunities.forms.registry import write_entry
from opportunities.models import Opportunity
from opportunities.statement import fill_statement

from .endings import OFF_THE_WAY, met_all

CLOSING_TIME = time(14, 0)
PATH = (
    "draft screening preparing committing reserving reserved posted opened evaluation review confirmed drawing "
    "selection work acceptance invoicing certification paying registry complete"
).split()
"""The states on the way to complete, in order; `drawing` only when several pass."""

SCHEDULE = {
    "draft": (-18, "9:20"), "screening": (-18, "15:40"), "preparing": (-17, "11:10"), "committing": (-14, "10:30"),
    "reserving": (-13, "13:20"), "reserved": (-12, "9:45"), "posted": (-10, "9:00"), "opened": (0, "14:04"), "evaluation": (0, "15:30"),
    "review": (1, "10:20"), "confirmed": (1, "11:30"), "drawing": (1, "11:45"), "selection": (1, "14:15"), "work": (2, "11:00"),
    "acceptance": (9, "15:10"), "invoicing": (10, "13:30"), "certification": (10, "16:40"), "paying": (12, "10:15"),
    "registry": (14, "11:00"), "complete": (18, "10:30"), "waitlisted": (-17, "11:20"), "declined": (-17, "11:30"), "withdrawn": (-13, "13:20"),
    "cancelled": (-5, "10:00"), "no_award": (1, "14:15"), "terminated": (28, "10:00"),
}  # fmt: skip
"""When each state is entered: business days from the day of closing, and the time of day, Eastern."""


def moment_of(state: str, closing: datetime) -> datetime:
    """When `state` is entered by an opportunity that closes at `closing`."""
    days, hour = SCHEDULE[state]
    day = business_days.add(closing.astimezone(clock.EASTERN).date(), days)
    return datetime.combine(day, time(*map(int, hour.split(":"))), tzinfo=clock.EASTERN)


@dataclass
class People:
    """Who takes part. At least two members of the team; the suppliers are those who apply, in this order."""

    client: Any
    manager: Any
    team: list[Any]
    finance: Any
    suppliers: list[Any]
    evaluators: list[Any] = field(default_factory=list)


@dataclass
class Words:
    """What the opportunity says. `statement` is as for `fill_statement`, without dates and people."""

    need: dict[str, Any]
    statement: dict[str, Any]
    answers: list[str] = field(default_factory=list)
    """What each supplier answers to every criterion."""


class Journey:
    """One opportunity on its way. `passing` says, supplier by supplier, whether their application passes."""

    def __init__(self, people: People, words: Words, closing: datetime, passing: list[bool] | None = None):
        self.people, self.words, self.closing = people, words, closing
        self.passing = passing if passing is not None else [True] + [False] * (len(people.suppliers) - 1)
        self.opportunity: Opportunity

    # when

    def moment(self, state: str) -> datetime:
        """When a state is entered."""
        return moment_of(state, self.closing)

    @property
    def dates(self) -> dict[str, Any]:
        closing_day = self.closing.astimezone(clock.EASTERN).date()
        return {
            "closing_at": self.closing,
            "selection_date": business_days.add(closing_day, 4),
            "delivery_date": business_days.add(closing_day, 15),
        }

    # going

    def to(self, state: str) -> Opportunity:
        """Go as far as `state` along the way, or to an ending or waitlist off it. Gives the opportunity."""
        for _moment, do in self.plan(state):
            do()
        self.opportunity.refresh_from_db()
        return self.opportunity

    def plan(self, state: str) -> list[tuple[datetime, Callable[[], Any]]]:
        """What is done, and when, on the way to `state`: in order, so that several journeys can be told at once."""
        route = OFF_THE_WAY.get(state)
        goal = route[0] if route else state
        way = [name for name in PATH if name != "drawing" or goal == "drawing" or sum(self.passing) > 1]
        plan: list[tuple[datetime, Callable[[], Any]]] = []
        for name in way[: way.index(goal) + 1]:
            if name == "opened":
                plan += self.applying()
            plan.append((self.moment(name), partial(self.enter, name)))
        if route:
            plan.append((self.moment(state), partial(route[1], self)))
        return plan

    def enter(self, state: str) -> None:
        """Do what leads to the next state on the way, at its moment."""
        getattr(self, f"enter_{state}")(self.moment(state))

    def act(self, name: str, by: Any, now: datetime, **data: Any) -> Any:
        """A transition of this opportunity."""
        self.opportunity.refresh_from_db()
        return act(name, self.opportunity, by, data=data, now=now)

    def enter_draft(self, now):
        need = {
            "team_name": "Cloud Operations",
            "branch": "IITB",
            "heard_from": "A colleague",
            **self.words.need,
        }
        self.opportunity = Opportunity.objects.create(
            client=self.people.client, created_at=now, modified_at=now, state_since=now, **need
        )

    def enter_screening(self, now):
        self.act("submit", self.people.client, now)

    def settle_splitting(self, now):
        """What looks like contract splitting is looked at by the team, and decided, before the need goes on."""
        flags = splitting.flags(self.opportunity)
        if flags and not flags[-1].decision:
            why = "A need of its own, which came up later; neither is a part of the other."
            self.act("decide_splitting", self.people.team[0], now, answer="not_splitting", reason=why)

    def enter_preparing(self, now):
        self.settle_splitting(now)
        self.act("accept", self.people.team[0], now, **self.screened())
        people = {"manager": self.people.manager, "evaluators": self.people.evaluators}
        fill_statement(
            self.opportunity, {**self.words.statement, **self.dates, **people, "declarations": True}, now=now
        )

    def screened(self) -> dict[str, str]:
        """What the team finds of the need, and says to the client."""
        return met_all()

    def enter_committing(self, now):
        self.act("statement_ready", self.people.client, now)
        self.settle_splitting(now)

    def enter_reserving(self, now):
        self.act(
            "commit_funds",
            self.people.manager,
            now,
            amount="10000.00",
            source="iitb",
            pif_number=f"PIF-{self.opportunity.pk:05d}",
        )

    def enter_reserved(self, now):
        self.act(
            "reserve_funds",
            self.people.finance,
            now,
            number=f"FR-{self.opportunity.pk:06d}",
            amount="10000.00",
        )

    def enter_posted(self, now):
        self.settle_splitting(now)
        self.act("post", self.people.team[0], now)

    def applying(self) -> list[tuple[datetime, Callable[[], Any]]]:
        """Every supplier applies, the last ones in the last hours."""
        moments = [
            self.closing - timedelta(hours=30) / (number + 1) ** 2
            for number in range(len(self.people.suppliers))
        ]
        return [
            (at, partial(self.apply_one, self.people.suppliers[n], n, at)) for n, at in enumerate(moments)
        ]

    def apply(self) -> None:
        """All of them, now."""
        for _moment, do in self.applying():
            do()

    def enter_opened(self, now):
        self.act("close", lifecycle.CLOCK, now)

    def apply_one(self, supplier, number: int, now: datetime):
        """One supplier applies."""
        self.opportunity.refresh_from_db()
        return applications.apply(self.opportunity, supplier, self.application(supplier, number), now)

    def application(self, supplier, number: int) -> dict[str, Any]:
        """What the `number`-th supplier (from 0) sends."""
        words = self.words.answers or [ANSWER]
        answers = {
            str(criterion.pk): words[number % len(words)]
            for criterion in self.opportunity.evaluation_criteria.all()
        }
        return {
            "legal_name": supplier.name, "business_name": "", "province": ("ON", "QC", "BC", "NS", "MB")[number % 5],
            "code_account": f"https://gitlab.com/supplier-{supplier.pk}", "of_age": True, "standing": "canada",
            "uses_git": True, "needs_sign_off": False, "means": "visa" if number % 2 == 0 else "paypal", "answers": answers,
        }  # fmt: skip

    def enter_evaluation(self, now):
        preparer = self.people.team[0]
        self.opportunity.refresh_from_db()
        preparing.claim(self.opportunity, preparer, now - timedelta(minutes=30))
        self.prepare(preparer, now - timedelta(minutes=10))
        self.act("release", preparer, now)

    def prepare(self, preparer, now):
        """Mask what identifies in every application."""
        for application in self.opportunity.applications.in_play():
            found = {answer: preparing.flagged(answer) for answer in application.answers.all()}
            masked = {
                answer.criterion_id: masking.suggestion(answer.released, flags)
                for answer, flags in found.items()
            }
            preparing.check(self.opportunity, application, preparer, masked, now)

    def enter_review(self, now):
        for evaluator in (self.people.client, *self.people.evaluators):
            self.mark(evaluator, now - timedelta(hours=1))
        self.act("evaluated", self.people.client, now)

    def mark(self, evaluator, now):
        """One of those who evaluate marks every application as `passing` says, and hands in."""
        self.opportunity.refresh_from_db()
        marking.declare(self.opportunity, evaluator, now)
        numbers = {supplier.pk: number for number, supplier in enumerate(self.people.suppliers)}
        for application in self.opportunity.applications.in_play():
            mark = self.judge(evaluator, numbers[application.supplier_id])
            marking.mark(
                self.opportunity, evaluator, application.label, dict.fromkeys(self.criteria(), mark), now
            )
        marking.hand_in(self.opportunity, evaluator, now)

    def judge(self, evaluator, number: int) -> tuple[bool, str]:
        """Whether an evaluator passes the application of the `number`-th supplier, and why."""
        return (True, PASS_REASON) if self.passing[number] else (False, FAIL_REASON)

    def criteria(self) -> list[int]:
        """The numbers of the evaluation criteria."""
        return list(self.opportunity.evaluation_criteria.values_list("pk", flat=True))

    def enter_confirmed(self, now):
        self.act("confirm", self.people.team[1], now)

    def enter_drawing(self, now):
        self.act("propose_freeze", self.people.team[0], now - timedelta(minutes=10))
        self.act("freeze", self.people.team[1], now)

    def enter_selection(self, now):
        self.opportunity.refresh_from_db()
        if self.opportunity.state == "drawing":
            self.draw()
        else:
            self.act("award_single", self.people.team[1], now)

    def draw(self):
        """Announce the pool and draw, with the demonstration's beacon."""
        self.opportunity.refresh_from_db()
        pool = self.opportunity.pools.frozen().get()
        pool.announced_at = pool.frozen_at + timedelta(minutes=1)
        pool.save(update_fields=["announced_at"])
        self.act(
            "draw",
            lifecycle.CLOCK,
            pool.round_at + timedelta(seconds=5),
            signature_hex=draw.demonstration_signature(pool.round),
        )

    @property
    def supplier(self):
        """Who holds the open offer or the contract."""
        offer = self.opportunity.offers.open().first()
        return offer.supplier if offer else self.opportunity.contract.supplier

    def enter_work(self, now):
        offer = self.opportunity.offers.open().get()
        with translation.override(self.supplier.language):
            self.act(
                "sign",
                self.supplier,
                now - timedelta(hours=1),
                agree="on",
                signed_name=offer.application.legal_name,
            )
        self.settle_splitting(now)
        self.act(
            "start_work",
            self.supplier,
            now,
            repository=f"https://gitlab.com/esdc-edsc/{self.opportunity.reference.lower()}",
        )

    def enter_acceptance(self, now):
        self.act("deliver", self.supplier, now, **self.delivered())

    def delivered(self) -> dict[str, str]:
        """What the supplier says of the delivery."""
        self.opportunity.refresh_from_db()
        contract = self.opportunity.contract
        criteria = self.opportunity.acceptance_criteria.all()
        met = {
            f"how_met_{criterion.pk}": "See the README and the tests; each part is named after its requirement."
            for criterion in criteria
        }
        return {
            "url": contract.repository,
            "revision": "v1.0.0",
            "licence": self.opportunity.licence,
            "notes": "",
            **met,
        }

    def enter_invoicing(self, now):
        met = {f"met_{criterion.pk}": "yes" for criterion in self.opportunity.acceptance_criteria.all()}
        self.act("accept_work", self.people.client, now, **met)

    def enter_certification(self, now):
        offer = self.opportunity.offers.get(status="signed")
        self.act(
            "invoice", self.supplier, now, number=f"{now:%Y}-{self.opportunity.pk:03d}", supplier_name=offer.application.public_name,
            supplier_address="123 Example Street\nOttawa ON  K1A 0B1", province=offer.application.province, charges_tax="no",
        )  # fmt: skip

    def enter_paying(self, now):
        self.act("certify", self.people.manager, now, received="on", price_right="on", note="")

    def enter_registry(self, now):
        self.act("pay", self.people.finance, now, **self.paid(now))

    def paid(self, now) -> dict[str, Any]:
        """How finance paid."""
        day = now.astimezone(clock.EASTERN).date()
        return {
            "means": "card", "document_number": f"5100{self.opportunity.pk:06d}", "transaction_reference": "AC-0001",
            "paid_on": day.isoformat(), "countersign": "on", "amount": str(self.opportunity.latest_invoice.total),
        }  # fmt: skip

    def write_entry(self, now):
        """The entry for the registry, as it is drafted from the opportunity."""
        self.opportunity.refresh_from_db()
        return write_entry(self.opportunity, now)

    def enter_complete(self, now):
        self.write_entry(now)
        where = f"https://github.com/canada-ca/ore-ero/pull/{1000 + self.opportunity.pk}"
        self.act("record_pull_request", self.people.team[0], now - timedelta(days=3), pull_request_url=where)
        self.act(
            "complete",
            self.people.team[0],
            now,
            merged_on=now.astimezone(clock.EASTERN).date().isoformat(),
            merged="on",
        )


ANSWER = (
    "From 2021 to 2024 I worked with the skills that this opportunity asks for, on two public projects. I wrote the code, its tests "
    "and its documentation, reviewed the work of two colleagues, and kept the projects accessible in English and French."
)
PASS_REASON = "The answer names the projects, the dates and the tools, and each matches the skills asked for."  # noqa: S105 - a rationale
FAIL_REASON = (
    "The answer says that the skills are there but names no project, no date and no tool, so nothing in it shows "
    "that the required skills, or similar ones, were ever used in practice."
)


def closing_for(state: str, now: datetime, age: timedelta = timedelta(hours=2)) -> datetime:
    """The latest closing, on a business day at 14:00 Eastern, with which `state` is entered at least `age` before `now`."""
    day = business_days.add(now.astimezone(clock.EASTERN).date(), 2 - SCHEDULE[state][0])
    while True:
        closing = datetime.combine(day, CLOSING_TIME, tzinfo=clock.EASTERN)
        if business_days.is_business_day(day) and moment_of(state, closing) <= now - age:
            return closing
        day = business_days.add(day, -1)
