"""PostgreSQL is stopped and crashes while people work: they read a page with 503, nothing is half done, and the site and
its clock go on by themselves once it is back. A real server, a real loop and a database of their own.
"""

import json
import re
import threading
import time
from collections import Counter

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection
from django.test import Client

from microacq import errors
from tests.bench import client as asking
from tests.bench import processes

from . import own_site

PATIENCE = 60
TOKEN = "a" * 32
SEED = """
import json
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from tests.cast import make_cast
from tests.factories import at
cast = make_cast()
need = at("screening", cast)
session = SessionStore()
session[SESSION_KEY] = str(cast.amara.pk)
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = cast.amara.get_session_auth_hash()
session.create()
print(json.dumps({"reference": need.reference, "session": session.session_key}))
""".splitlines()


class Person(threading.Thread):
    """Asks for pages, one after the other, and keeps what came back."""

    def __init__(self, port: int, requests):
        super().__init__(daemon=True)
        self.port, self.requests = port, requests
        self.answers: list[tuple[str, int, dict[str, str], str]] = []
        self.enough = threading.Event()

    def run(self):
        for mark, asked in self.requests:
            if self.enough.wait(0.03):  # a person looks at a page before the next one
                return
            status, headers, body = asking.ask(self.port, asked)
            self.answers.append((mark, status, headers, body.decode()))

    def count(self, *statuses: int) -> int:
        return sum(status in statuses for _mark, status, _headers, _body in self.answers)


def until(condition) -> None:
    """Wait for what other threads and processes do."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def writing(reference: str, cookies: dict[str, str]):
    """Amara writes one message after the other, no two alike."""
    number = 0
    headers = cookies | {"Origin": "https://127.0.0.1"}
    while True:
        number += 1
        body = f"csrfmiddlewaretoken={TOKEN}&body=Message+number+{number}."
        yield (
            f"Message number {number}.",
            asking.request("POST", f"/en/workspace/{reference}/messages/", headers, body),
        )


def reading(path: str, headers=None):
    while True:
        yield path, asking.request("GET", path, headers)


def is_the_page(headers: dict[str, str], body: str) -> bool:
    """The page of 503, whole: in both languages, with every header that other pages have."""
    return (
        headers["retry-after"] == str(errors.RETRY_AFTER)
        and "The site is closed for a short time" in body
        and '<section lang="fr">' in body
        and "default-src 'self'" in headers["content-security-policy"]
        and headers["x-content-type-options"] == "nosniff"
        and headers["cache-control"] == "no-store"
        and re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"]) is not None
        and "set-cookie" not in headers
    )


@pytest.mark.slow
@pytest.mark.django_db
def test_34_postgresql_is_restarted_and_crashes_under_load(tmp_path):
    with own_site.own_database(tmp_path) as database:
        seeded = json.loads(own_site.run(database, *SEED))
        cookies = {"Cookie": f"__Host-session={seeded['session']}; __Host-csrf={TOKEN}"}
        loop = own_site.process(
            database, tmp_path / "tick.log", "manage.py", "tick", "--loop", "--every", "1"
        )
        with own_site.gunicorn(database, tmp_path / "web.log") as (port, server), loop as ticking:
            workers = processes.tree(server.pid)
            people = [
                Person(port, writing(seeded["reference"], cookies)),
                Person(port, reading("/fr/")),
                Person(port, reading("/en/workspace/", cookies)),
            ]
            for person in people:
                person.start()
            for manner in ("fast", "immediate"):
                before = [person.count(200, 302) for person in people]
                until(lambda: all(p.count(200, 302) > n + 2 for p, n in zip(people, before, strict=True)))  # noqa: B023
                missed = [person.count(503) for person in people]
                database.stop(manner)
                until(lambda: all(p.count(503) > n + 2 for p, n in zip(people, missed, strict=True)))  # noqa: B023
                database.start()
                before = [person.count(200, 302) for person in people]
                until(lambda: all(p.count(200, 302) > n + 2 for p, n in zip(people, before, strict=True)))  # noqa: B023
            back = database.ask("SELECT now()")[0][0]
            until(lambda: database.ask(f"SELECT 1 FROM opportunities_heartbeat WHERE done_at > '{back}'"))
            for person in people:
                person.enough.set()
            for person in people:
                person.join(PATIENCE)
            assert ticking.poll() is None and processes.tree(server.pid) == workers, (
                "nothing was started again"
            )

        answers = [answer for person in people for answer in person.answers]
        assert [answer for answer in answers if answer[1] not in (200, 302, 503)] == []
        assert [answer for answer in answers if answer[1] == 503 and not is_the_page(*answer[2:])] == []
        kept = Counter(body for (body,) in database.ask("SELECT body FROM opportunities_message"))
        said_done = {mark for mark, status, _headers, _body in people[0].answers if status == 302}
        assert set(kept.values()) == {1} and said_done <= set(kept)
        assert len(set(kept) - said_done) <= people[0].count(503), "kept, and the answer was lost"
        told = database.ask("SELECT count(*) FROM opportunities_notification WHERE template = 'message'")[0][
            0
        ]
        team = database.ask("SELECT count(*) FROM microacq_user WHERE role = 'team'")[0][0]
        assert told == team * len(kept), "a message and its mail are one thing"
        assert database.ask("SELECT count(*) FROM opportunities_notification WHERE email_id IS NULL") == [
            (0,)
        ]
        log = (tmp_path / "web.log").read_text()
        assert '"reason": "database"' in log and "number 1" not in log


class Gone:
    """A connection whose server went away at a given moment."""

    def __init__(self, problem):
        self.problem = problem

    def __call__(self, *args, **kwargs):
        raise self.problem


@pytest.mark.django_db
@pytest.mark.parametrize("problem", [OperationalError("x"), InterfaceError("x"), DatabaseError("x")])
@pytest.mark.parametrize("path", ["/en/", "/fr/espace-de-travail/", "/en/admin/"])
def test_34_wherever_it_is_noticed_the_answer_is_the_page(cast, problem, path):
    client = Client(raise_request_exception=False)
    client.force_login(cast.tess)
    with connection.execute_wrapper(Gone(problem)):
        answer = client.get(path)
    assert answer.status_code == 503
    assert is_the_page({name.lower(): value for name, value in answer.headers.items()}, answer.text)


def test_34_what_is_no_fault_of_the_database_is_not_called_one():
    assert errors.what_is_away(ValueError("x")) == ""
    assert errors.what_is_away(IntegrityError("x")) == errors.what_is_away(None) == ""
    wrapped = RuntimeError("x")
    wrapped.__cause__ = OperationalError("x")
    assert errors.what_is_away(wrapped) == "database"
