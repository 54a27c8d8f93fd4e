"""The process is killed (SIGKILL) in the middle of what it does: all of it is done or none, and no mail is lost."""

import os
import signal
import threading
import traceback
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from evaluations import applications
from evaluations.models import Application, Submission
from microacq import clock, outbox
from opportunities.actions import act
from opportunities.models import Event, Notification
from tests import smtp
from tests.factories import at
from tests.need import NOW, a_draft
from tests.test_applying import words
from tests.test_files import CLOSING, url

from .test_faults import state, waiting


@pytest.fixture
def smtp_mail(settings):
    return smtp.mail_goes_by_smtp(settings)


def killed_in_child(work, *, until=None) -> bool:
    """Do `work` in a process of its own, which may be killed. Gives whether it was; `until(pid)` may do so from here."""
    connections.close_all()
    child = os.fork()
    if not child:
        # The browser tests of this process run an event loop, beside which Django keeps other connections than without
        # one. A child has no loop, and finds those: they are its parent's.
        connection.connection = None
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if until:
        until(child)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(number: int):
    """For `connection.execute_wrapper`: the process is killed after so many statements that write."""
    left = [number]

    def wrapper(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.split(None, 1)[0] in ("INSERT", "UPDATE", "DELETE"):
            left[0] -= 1
            if not left[0]:
                die()
        return result

    return wrapper


def requests_killed(post) -> int:
    """Send a request again and again, killed after its first write, its second, ... until one gets through. Gives how
    many did not."""
    for number in range(1, 200):

        def work(number=number):
            with connection.execute_wrapper(dying_after(number)):
                post()

        if not killed_in_child(work):
            return number - 1
        yield_to_database()
    raise AssertionError("it never got through")


def yield_to_database() -> None:
    """Until the database has seen that the killed one is gone, its locks are held."""
    with connection.cursor() as cursor:
        for _try in range(200):
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend' AND state LIKE 'idle in transaction%'"
            )
            if not cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("a killed process still holds its transaction")


@pytest.mark.django_db(transaction=True)
def test_33_killed_in_mid_request_after_each_write_nothing_is_half_done(cast):
    need, client = a_draft(cast.amara), Client()
    client.force_login(cast.amara)
    address, version = reverse("submit", args=[need.reference]), need.version
    seen = []

    def post():
        # What earlier kills left is seen by the next request: all or nothing of it.
        seen.append((need.events.count(), Email.objects.count(), Notification.objects.count(), state(need)))
        assert seen[-1] == (0, 0, 0, "draft"), seen
        client.post(address, {"version": version})

    assert requests_killed(post) >= 4, "an event, a state, notifications, mail"
    assert (state(need), need.events.count()) == ("screening", 1)
    assert Email.objects.count() == Notification.objects.count() >= 2

    other = a_draft(cast.amara, title_en="Another")
    address, version = reverse("submit", args=[other.reference]), other.version

    def killed_after_commit():
        commit = connection._commit
        connection._commit = lambda: (commit(), other.events.exists() and die())
        client.post(address, {"version": version})

    assert killed_in_child(killed_after_commit)
    assert (state(other), other.events.count()) == ("screening", 1), "what was committed stands"
    assert client.post(address, {"version": version}).status_code == 409, (
        "pressed again: said, not done twice"
    )
    assert Event.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_33_killed_while_an_application_is_sent(cast):
    with clock.frozen(CLOSING - timedelta(days=1)):
        opportunity, client = at("posted", cast, closing=CLOSING), Client()
        applications.save_draft(opportunity, cast.li, words(opportunity))
        client.force_login(cast.li)
        mails = Email.objects.count()

        def post():
            application = Application.objects.get()
            assert (application.status, application.receipt or "") == ("draft", "")
            assert not Submission.objects.exists() and Email.objects.count() == mails
            assert client.post(url("apply_check", opportunity)).status_code == 302

        assert requests_killed(post) >= 3
        application = Application.objects.get()
        assert application.status == "submitted" and Submission.objects.count() == 1
        assert Email.objects.count() == mails + 1


@pytest.mark.django_db(transaction=True)
def test_33_killed_in_mid_send_no_mail_is_lost(cast, smtp_mail):
    for number in range(3):
        act("submit", a_draft(cast.amara, title_en=f"Need {number}"), cast.amara, now=NOW)
    queued, victim, known = waiting(), [0], threading.Event()

    def fault(stage, to):
        if stage == wanted:
            assert known.wait(20)
            os.kill(victim[0], signal.SIGKILL)
            raise smtp.HangUp

    def tell(child):
        victim[0] = child
        known.set()

    with smtp.serving(smtp_mail) as server:
        server.fault = fault
        for wanted in ("connect", "MAIL", "RCPT", "DATA", "body", "taken"):
            known.clear()
            assert killed_in_child(lambda: outbox.send_due(NOW), until=tell), wanted
            yield_to_database()
        assert len(server.taken) == 1 and waiting() == queued, "taken, and the site cannot know it"
        server.fault = None
        assert outbox.send_due(NOW) == len(queued)
    assert set(server.counts()) == queued
    assert sorted(server.counts().values()) == [1] * (len(queued) - 1) + [2]
    twice = [message for _to, message in server.taken if server.counts()[message["Message-ID"]] == 2]
    assert str(twice[0]) == str(twice[1]) or twice[0]["Message-ID"] == twice[1]["Message-ID"]
