"""One site on which everybody typed tricks, visited once by everybody: what the tests of every form share.

Knows how to see what a request wrote, and to take it back. Built once a file: see `world` in test_every_form.py.
"""

import re
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.apps import apps
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from post_office.models import Email

from evaluations import debriefs, marking, preparing
from microacq import clock
from opportunities import mailing_list
from opportunities.actions import act
from opportunities.forms.answers import AnswersForm
from opportunities.views.messages import send_message
from opportunities.views.questions import ask
from tests.cast import Cast, make_cast
from tests.matrix import STATES
from tests.roles import as_owner

from . import live
from .crawl import Form, Visitor, read_forms, route
from .planting import EVERYTHING, TRICKS, plant

PEOPLE = {None: 4, "amara": 12, "eve": 8, "mona": 4, "tess": 30, "fin": 3, "li": 6, "sam": 4}
"""Nobody, the client, an evaluator, the manager, the team, finance, who won, who lost: and how many of the pages that
look different in every state each of them opens."""
STARTS = {"en": ("/en/", "/en/workspace/"), "fr": ("/fr/", "/fr/espace-de-travail/")}
UNSAID = ("django_session", "django_migrations", "cache", "django_content_type")
"""Tables that looking may write: who is signed in, and what is remembered for a while."""
RANDOM = re.compile(r"<[^<>@ ]+@testserver>|[0-9a-zA-Z_:-]{20,}|\b[0-9a-f]{16,}\b")


@dataclass
class World:
    """The cast, an opportunity in every state, what was met on the visit."""

    cast: Cast
    opportunities: dict
    met: list[tuple[str, str, str, int]] = field(default_factory=list)
    """Each page: (visitor's name, route, address, status)."""
    forms: dict[str, list[tuple[str, Client, Form]]] = field(default_factory=lambda: defaultdict(list))
    """The forms sent with POST, by route: (visitor's name, their browser, form)."""
    wrote: list[str] = field(default_factory=list)
    """What looking alone changed."""
    acting: list[str] = field(default_factory=list)
    """What acted on a page that came from what somebody typed."""

    def visitors(self, language: str):
        """Everybody; the team's superuser goes through the admin."""
        asked = 2 if language == "en" else 1
        for name, main in PEOPLE.items():
            main = main if language == "en" else min(main, 3)
            person = name and getattr(self.cast, name)
            visitor = Visitor(person, language, alike=1, main=main, but="admin/", questions=asked)
            yield visitor, STARTS[language][: 2 if person else 1]
        admin = f"/{language}/admin/"
        yield (
            Visitor(self.cast.root, language, alike=1, main=2 * asked, within=admin, questions=asked - 1),
            (admin,),
        )

    def visit(self, language: str) -> None:
        """Everybody opens what there is; links sent by mail are opened by nobody in particular."""
        for visitor, starts in self.visitors(language):
            starts = (*starts, *links_in_mail(language)) if visitor.person is None else starts
            mark = marker()
            before = written_since(mark)
            for address, response in visitor.pages(*starts):
                self._remember(visitor, address, response)
            self.wrote += [f"{visitor.name}: {row}" for row in set(written_since(mark)) - set(before)]

    def open(self, name: str, address: str) -> None:
        """One page for one person, without following anything."""
        visitor = Visitor(getattr(self.cast, name), "en")
        self._remember(visitor, address, visitor.get(address))

    def _remember(self, visitor, address, response) -> None:
        where = route(address)
        self.met.append((visitor.name, where, address, response.status_code))
        if response.status_code in (301, 302, 304):
            return
        self.acting += [f"{visitor.name} at {address}: {found}" for found in live.in_answer(response)]
        if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
            for form in read_forms(response.content.decode(), address):
                if form.method == "post":
                    self.forms[route(form.action)].append((visitor.name, visitor.client, form))

    def some_forms(self, each: int = 1) -> list[tuple[str, Client, Form]]:
        """Of every route, the first few forms."""
        return [found for _route, forms in sorted(self.forms.items()) for found in forms[:each]]


def links_in_mail(language: str) -> list[str]:
    """One address of each kind that mail leads to."""
    found = {}
    for words in Email.objects.values_list("message", flat=True):
        for address in re.findall(rf"http://testserver(/{language}/\S+)", words):
            found[route(address)] = address
    return list(found.values())


def build() -> World:
    """The world, visited once in English."""
    cast = make_cast()
    for number, person in enumerate(vars(cast).values()):
        person.name = f"{person.name} {TRICKS[number]}"
        person.save(update_fields=["name"])
    world = World(cast, {state: plant(state, cast, evaluators=[cast.eve]) for state in STATES})
    begin_everything(world)
    world.visit("en")
    return world


def begin_everything(world: World) -> None:
    """What one side has begun, so that the other side's forms can be met too."""
    cast, now = world.cast, clock.now()
    posted, opened, complete = (world.opportunities[state] for state in ("posted", "opened", "complete"))
    aside = ask(posted, cast.sam, EVERYTHING[:2000])
    data = {f"q{aside.pk}_do": AnswersForm.SET_ASIDE, f"q{aside.pk}_reason": EVERYTHING[:2000]}
    act("publish_answers", posted, cast.tess, data=data, now=now)
    ask(posted, cast.li, EVERYTHING[:2000])
    send_message(posted, cast.amara, EVERYTHING, from_team=False, now=now)
    mailing_list.ask("zqx@zqx.example", "en", (), "consent", now)
    preparing.claim(opened, cast.tess, now)
    world.open("tom", f"/en/workspace/{opened.reference}/prepare-release/take-over/")
    preparing.set_aside(opened, opened.applications.last(), cast.tess, EVERYTHING[:2000], now)
    declined = plant("selection", cast)
    act("decline_offer", declined, cast.li, data={"reason": EVERYTHING[:500]}, now=now)
    debriefs.ask(complete, cast.sam, EVERYTHING[:1000], now)
    working = plant("work", cast, evaluators=[cast.eve])
    act("raise_dispute", working, cast.li, data={"position": EVERYTHING[:1500]}, now=now)
    asked = plant("work", cast, evaluators=[cast.eve])
    day = (now.date().replace(day=28)).replace(year=now.year + 1)
    act(
        "ask_extension",
        asked,
        cast.li,
        data={"new_date": day.isoformat(), "reason": EVERYTHING[:1500]},
        now=now,
    )
    differing = plant("evaluation", cast, evaluators=[cast.eve])
    for evaluator, passes in ((cast.amara, True), (cast.eve, False)):
        marking.declare(differing, evaluator, now)
        for application in differing.applications.in_play():
            marks = dict.fromkeys(
                differing.evaluation_criteria.values_list("pk", flat=True), (passes, EVERYTHING[:2000])
            )
            marking.mark(differing, evaluator, application.label, marks, now)
        marking.hand_in(differing, evaluator, now)
    label, criterion = differing.applications.in_play().first().label, differing.evaluation_criteria.first()
    marking.decide(differing, cast.amara, label, criterion.pk, True, EVERYTHING[:2000], now)


# seeing what was written, and taking it back


def tables() -> list[str]:
    """Every table of the site's own and of the libraries that keep something for it."""
    models = apps.get_models(include_auto_created=True)
    return sorted({model._meta.db_table for model in models if model._meta.managed} - set(UNSAID))


def marker() -> int:
    """A number such that every row written from now on is newer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return cursor.fetchone()[0]


def written_since(mark: int) -> list[str]:
    """The rows written since, as "table: row", random values left out, and the number of rows of each table."""
    names = tables()
    newer = (
        f"SELECT '{name}: ' || t::text FROM {name} t WHERE xmin::text::bigint >= {mark}" for name in names
    )  # noqa: S608
    counts = (f"SELECT '{name}: ' || count(*)::text || ' rows' FROM {name}" for name in names)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join((*newer, *counts)))
        return sorted(RANDOM.sub("#", row) for (row,) in cursor.fetchall())


@contextmanager
def taken_back(*, numbers: bool = True):
    """Whatever is written inside is undone at the end, the cache too; with `numbers`, the numbers of new rows as well."""
    sequences = []
    if numbers:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences")
            sequences = cursor.fetchall()
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)
        transaction.set_rollback(False)
        cache.clear()
        if sequences:
            sets = ", ".join(["setval(%s, %s, %s)"] * len(sequences))
            values = [value for name, last in sequences for value in (name, last or 1, last is not None)]
            with as_owner(), connection.cursor() as cursor:
                cursor.execute(f"SELECT {sets}", values)
