"""The stories of the demonstration: at least one opportunity in every state and every ending, with dates around today.

Each story adds what is done, and when, to one plan; `build` does it all in the order of time, the clock stopped at
each moment, so that numbers, mails and records follow each other as they would have.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from post_office.models import STATUS, Email

from microacq import business_days, clock
from opportunities.management.commands.import_statement import words as imported_words
from opportunities.models import Notification
from opportunities.publishing.statement_file import read

from .desk import within_the_team
from .journey import CLOSING_TIME, People, Words, closing_for, moment_of
from .people import Cast, make_cast
from .story import FOLDER, Story, data, estimate, need_of, statement_of, voices

HOUR = timedelta(hours=1)
DAY = 8
"""Hours in a working day."""
OPENING, LEAVING = time(9), time(17)
OFFICES = (
    ("Digital Services", "IITB"),
    ("Service Transformation", "Transformation and Integrated Service Management Branch"),
    ("Skills Partnerships", "Skills and Employment Branch"),
    ("Benefits Web", "Benefits and Integrated Services Branch"),
)
BUREAUX = (
    ("Services aux employeurs", "Direction générale des compétences et de l’emploi"),
    ("Science des données", "Direction générale de l’innovation, de l’information et de la technologie"),
    ("Sécurité de la vieillesse", "Direction générale de la sécurité du revenu et du développement social"),
)
BEGINNING = timedelta(days=200)
"""How long before today the first account was made."""


@dataclass
class Teller:
    """Collects the stories' plans. `now` is the demonstration's present."""

    cast: Cast
    now: datetime
    plan: list[tuple[datetime, Callable[[], Any]]] = field(default_factory=list)
    told: int = 0

    def closing_in(self, days: int) -> datetime:
        """The closing time that many business days from today."""
        day = business_days.add(self.now.astimezone(clock.EASTERN).date(), days)
        return datetime.combine(day, CLOSING_TIME, tzinfo=clock.EASTERN)

    def ago(self, hours: float) -> datetime:
        """That many working hours before now: on a business day, between nine and five."""
        local, left = self.now.astimezone(clock.EASTERN), timedelta(hours=hours)
        day = local.date()
        end = min(local, datetime.combine(day, LEAVING, tzinfo=clock.EASTERN))
        while True:
            start = datetime.combine(day, OPENING, tzinfo=clock.EASTERN)
            if business_days.is_business_day(day) and end > start:
                if left <= end - start:
                    return end - left
                left -= end - start
            day -= business_days.ONE_DAY
            end = datetime.combine(day, LEAVING, tzinfo=clock.EASTERN)

    def at(self, moment: datetime, do: Callable, *arguments: Any) -> None:
        """One thing beside a story's way."""
        self.plan.append((moment, lambda: do(*arguments)))

    def tell(
        self, state: str, words: Words, *, client: str = "client", team: str = "team team2", suppliers: str = "", passing: str = "",
        evaluators: str = "", closing: datetime | None = None, age: float = 3, **turns: Any,
    ) -> Story:  # fmt: skip
        """A story as far as `state`, entered `age` working hours ago unless `closing` is given. `passing`: "101" for the suppliers' order."""
        cast = self.cast
        people = People(
            client=cast.some(client)[0], manager=cast.manager, team=cast.some(team), finance=cast.finance,
            suppliers=cast.suppliers(suppliers), evaluators=cast.some(evaluators),
        )  # fmt: skip
        closing = closing or closing_for(state, self.ago(age), timedelta(0))
        story = Story(
            people, words, closing, [mark == "1" for mark in passing or "0" * len(suppliers)], **turns
        )
        self.plan += story.plan(state)
        self.told += 1
        return story

    def inquiry(self, key: str) -> Words:
        """A need of needs.json, not written as a statement."""
        row = dict(data("needs")["inquiries"][key])
        row[f"title_{row.pop('language')}"] = row.pop("title")
        return Words(row | {"budget": Decimal(row["budget"])}, {})

    def statement(self, key: int | str, client: str = "client") -> Words:
        """A statement: a number of statements.json, or a name of needs.json."""
        rows = data("statements") if isinstance(key, int) else data("needs")["statements"]
        statement = statement_of(next(row for row in rows if row["id"] == key))
        language = self.cast.some(client)[0].language
        places = BUREAUX if language == "fr" else OFFICES
        team_name, branch = places[self.told % len(places)]
        return Words(need_of(statement, language) | {"team_name": team_name, "branch": branch}, statement)


def later(moment: datetime, days: int, hour: str) -> datetime:
    """A time of day that many business days after a moment."""
    day = business_days.add(moment.astimezone(clock.EASTERN).date(), days)
    return datetime.combine(day, time(*map(int, hour.split(":"))), tzinfo=clock.EASTERN)


def before_statements(t: Teller) -> None:
    """Steps 1 and 2, and a statement just begun."""
    t.tell("draft", t.inquiry("letters"), age=12)
    story = t.tell("screening", t.inquiry("calendar"), client="client2", age=3 * DAY)
    back = later(story.moment("screening"), 1, "11:40")
    t.at(back, story.returned, back)
    t.tell("screening", t.inquiry("redirects"), age=4)
    t.tell("screening", t.inquiry("colours"), client="client2", age=4 * DAY)
    t.tell("waitlisted", t.inquiry("queue"), age=5 * DAY)
    story = t.tell("screening", t.inquiry("survey"), client="client2", age=9 * DAY)
    t.at(story.moment("declined"), story.declined, story.moment("declined"))
    story = t.tell("screening", t.inquiry("acronyms"), age=15 * DAY)
    t.at(story.moment("withdrawn"), story.withdrawn, story.moment("withdrawn"))
    story = t.tell("screening", t.inquiry("forms"), client="client2", age=6 * DAY)
    accepted = story.moment("waitlisted")
    t.at(accepted, lambda: story.settle_splitting(accepted))
    t.at(accepted, lambda: story.act("accept", t.cast.team, accepted, **story.screened()))
    t.at(later(accepted, 1, "15:20"), story.half_written, later(accepted, 1, "15:20"))
    t.plan += story.say("coaching", later(accepted, 1, "9:30"))


def with_funds(t: Teller) -> None:
    """Step 3, and the one that waits to be posted."""
    story = t.tell("committing", t.statement(7), evaluators="evaluator", age=3 * DAY)
    t.plan += story.say("dates", later(story.moment("preparing"), 1, "10:05"))
    closing = closing_for("reserving", t.ago(5), timedelta(0))
    early = t.tell(
        "terminated", t.statement(27, "client2"), client="client2", team="team2 team", suppliers="35", passing="10",
        closing=closing_for("terminated", moment_of("draft", closing), timedelta(days=1)),
    )  # fmt: skip
    t.plan += early.say("late", later(early.moment("terminated"), -8, "10:20"))
    t.tell(
        "reserving",
        t.statement(27, "client2"),
        client="client2",
        evaluators="evaluator",
        closing=closing,
        after=early,
    )
    t.tell("reserved", t.statement(44), age=5)


def posted(t: Teller) -> None:
    """Step 4: open to suppliers, and two that ended there and are run again."""
    story = t.tell("posted", t.statement(21), closing=t.closing_in(8), evaluators="evaluator")
    start = story.moment("posted")
    for number, question in enumerate([*voices("questions", "answered"), voices("questions", "set_aside")]):
        asker = t.cast.some(question["asker"])[0]
        t.at(start + (2 + number) * HOUR, story.asked, asker, question["text"], start + (2 + number) * HOUR)
    t.at(later(start, 1, "10:15"), story.answered, later(start, 1, "10:15"))
    for number, question in enumerate(voices("questions", "waiting")):
        asker, at = t.cast.some(question["asker"])[0], t.now - (4 + number) * HOUR
        t.at(at, story.asked, asker, question["text"], at)
    t.at(t.now - 3 * HOUR, story.begun, t.cast.supplier1, t.now - 3 * HOUR)

    story = t.tell(
        "posted",
        t.statement(15, "client2"),
        client="client2",
        suppliers="12",
        passing="11",
        closing=t.closing_in(1),
    )
    for number in (0, 1):
        t.at(t.now - (9 - number) * HOUR, story.applied, number, t.now - (9 - number) * HOUR)
    t.at(t.now - 2 * HOUR, story.begun, t.cast.supplier3, t.now - 2 * HOUR)

    story = t.tell("posted", t.statement(29), suppliers="4", passing="1", closing=t.closing_in(2))
    t.at(t.ago(10), story.extended, t.closing_in(7), t.ago(10))
    t.at(t.now - 6 * HOUR, story.applied, 0, t.now - 6 * HOUR)

    story = t.tell("posted", t.statement(33), suppliers="25", passing="11", closing=t.closing_in(5))
    t.at(t.ago(14), story.applied, 0, t.ago(14))
    t.at(t.ago(9), story.amended, t.ago(9))
    t.at(t.now - 7 * HOUR, story.applied, 1, t.now - 7 * HOUR)

    closing = t.closing_in(9)
    early = t.tell(
        "no_award", t.statement(31, "client2"), client="client2", suppliers="45", passing="00",
        closing=closing_for("no_award", moment_of("draft", closing), timedelta(days=1)),
    )  # fmt: skip
    t.tell("posted", t.statement(31, "client2"), client="client2", closing=closing, after=early)

    early = t.tell("cancelled", t.statement("tables"), age=6 * DAY)
    t.tell("draft", t.statement("tables"), after=early, age=2 * DAY)


def evaluated(t: Teller) -> None:
    """Step 5."""
    t.tell("opened", t.statement(23), suppliers="1234", passing="1111", age=2)
    story = t.tell(
        "evaluation", t.statement(3), suppliers="21354", passing="11011", aside=4, evaluators="evaluator"
    )
    t.at(t.ago(1), story.mark, t.cast.client, t.ago(1))
    t.tell(
        "review", t.statement(9, "client2"), client="client2", team="team2 team", suppliers="534", passing="110", evaluators="evaluator client",
        dissent=("evaluator", 1), age=2,
    )  # fmt: skip


def selected(t: Teller) -> None:
    """Step 6: a freeze to second, a draw to come, an offer to answer, an offer declined."""
    story = t.tell("confirmed", t.statement(17), suppliers="2153", passing="1101", evaluators="evaluator")
    t.at(t.ago(1), story.act, "propose_freeze", t.cast.team, t.ago(1))
    story = t.tell("confirmed", t.statement(19), client="client2", suppliers="1245", passing="1111", age=4)
    t.at(t.now - timedelta(minutes=2), story.frozen, t.now - timedelta(minutes=2))
    t.tell("selection", t.statement(36), suppliers="134", passing="100", team="team2 team")
    story = t.tell(
        "selection",
        t.statement(39, "client2"),
        client="client2",
        suppliers="2354",
        passing="1110",
        age=5,
    )
    t.at(t.now - 3 * HOUR, story.declined_offer, t.now - 3 * HOUR)


def at_work(t: Teller) -> None:
    """Step 7: under way, a date to move, a dispute, a revision to assess."""
    story = t.tell("work", t.statement(5), suppliers="14", passing="10", evaluators="evaluator", age=5 * DAY)
    t.plan += story.say("dates", later(story.moment("preparing"), 2, "9:15"))
    story = t.tell(
        "work",
        t.statement(25, "client2"),
        client="client2",
        team="team2 team",
        suppliers="24",
        passing="10",
        age=7 * DAY,
    )
    t.at(t.now - 21 * HOUR, story.asked_for_time, t.now - 21 * HOUR)
    story = t.tell("work", t.statement(41), suppliers="3512", passing="1010", age=9 * DAY)
    t.at(t.now - 26 * HOUR, story.disputed, t.now - 26 * HOUR)
    story = t.tell(
        "acceptance", t.statement(11), suppliers="531", passing="110", evaluators="evaluator", age=5 * DAY
    )
    t.at(t.ago(3 * DAY), story.revised, t.ago(3 * DAY))
    t.at(t.ago(6), story.delivered_again, t.ago(6))


def at_the_end(t: Teller) -> None:
    """Steps 8 and 9, and contracts that ended early."""
    t.tell("invoicing", t.statement(13, "client2"), client="client2", suppliers="12", passing="10", age=12)
    t.tell(
        "certification",
        t.statement("two-languages", "client2"),
        client="client2",
        suppliers="23",
        passing="10",
        age=DAY,
    )
    t.tell("paying", t.statement("occupations"), suppliers="53", passing="10", team="team2 team", age=DAY)
    story = t.tell("registry", t.statement("offices"), suppliers="42", passing="10", age=DAY)
    t.at(t.ago(3), story.write_entry, t.ago(3))
    t.tell(
        "complete",
        t.statement("benefits", "client2"),
        client="client2",
        suppliers="132",
        passing="110",
        evaluators="evaluator",
        age=9 * DAY,
    )
    story = t.tell("work", t.statement("feeds"), suppliers="35", passing="10", age=28 * DAY)
    ended = later(story.moment("work"), 5, "13:45")
    for days, turn in (
        (0, story.ended_for_convenience),
        (1, story.enter_certification),
        (2, story.enter_paying),
    ):
        moment = later(ended, days, f"{10 + 2 * days}:30" if days else "13:45")
        t.at(moment, turn, moment)
    paid = later(ended, 5, "14:30")
    t.at(paid, lambda: story.act("pay_terminated", t.cast.finance, paid, **story.paid(paid)))


def the_pilots_own(t: Teller) -> None:
    """The opportunity that the pilot posted in 2021, as if it had gone well: drawn, delivered, paid, registered."""
    read_in = read(
        *((FOLDER / "pilot" / f"opportunity-azure-policies.{lang}.md").read_bytes() for lang in ("en", "fr"))
    )
    statement = imported_words(read_in)
    statement |= estimate(statement["fixed_price"])
    words = Words(need_of(statement, "en") | {"team_name": "Cloud Operations", "branch": "IITB"}, statement)
    t.tell("complete", words, suppliers="1234", passing="1110", evaluators="evaluator client2", age=2 * DAY)


def build(now: datetime) -> int:
    """Make the people and tell every story up to `now`, all or nothing. Gives how many opportunities there are.

    The mail of it was sent when it was written: what is read of it in the demonstration is the copy in the database.
    """
    with transaction.atomic():
        teller = Teller(make_cast(now - BEGINNING), now)
        for chapter in (
            the_pilots_own,
            at_the_end,
            at_work,
            selected,
            evaluated,
            posted,
            with_funds,
            before_statements,
            within_the_team,
        ):
            chapter(teller)
        for moment, do in sorted(teller.plan, key=lambda step: step[0]):
            with clock.frozen(moment):
                do()
        written = Notification.objects.filter(email=OuterRef("pk")).values("created_at")[:1]
        Email.objects.filter(notification__isnull=False).update(
            created=Subquery(written), last_updated=Subquery(written), status=STATUS.sent
        )
    return teller.told
