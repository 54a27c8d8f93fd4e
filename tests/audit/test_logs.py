"""Row 40: what the site writes of its running says who did what to which and how it ended, and nothing that anyone typed."""

import io
import json
import logging
import subprocess
import sys
from datetime import datetime
from urllib.parse import quote

import pytest
from django.conf import settings as site
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from django.urls import get_resolver, reverse

from evaluations.demo.journey import ANSWER
from microacq import clock, logs, metrics
from opportunities import due, lifecycle
from opportunities.management.commands import tick
from opportunities.models import Heartbeat
from tests.audit.resolver import every_address
from tests.cast import PASSWORD
from tests.factories import NEED, at
from tests.need import NOW

pytestmark = pytest.mark.django_db
PLANTED = "zqxPlanted secret@zqx.example"
TOKEN = "t" * 40
ROOT = site.BASE_DIR


@pytest.fixture
def lines(django_capture_on_commit_callbacks):
    """Everything that is logged, more than production would, as the production handler would write it: call for lines so far."""
    stream = io.StringIO()
    handler = logs.Handler(stream)
    handler.setFormatter(logs.Formatter())
    names = (
        "",
        "django",
        "django.request",
        "django.security",
        *logs.OWN,
        "microacq.requests",
        "opportunities.transitions",
    )
    kept = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    for logger, _level in kept:
        logger.setLevel("INFO")
    for name in ("", "django"):
        logging.getLogger(name).addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for name in ("", "django"):
        logging.getLogger(name).removeHandler(handler)
    for logger, level in kept:
        logger.setLevel(level)


def last(found, **facts):
    """The last line that has these facts."""
    fitting = [line for line in found if facts.items() <= line.items()]
    assert fitting, (facts, found[-5:])
    return fitting[-1]


def test_row_40_each_line_says_when_who_what_on_which_and_how_it_ended(
    client, cast, lines, django_capture_on_commit_callbacks
):
    with clock.frozen(NOW):
        opportunity = at("posted", cast)
        reference = opportunity.reference
        given = "0123456789abcdef0123456789abcdef"
        answer = client.get(reverse("opportunity", args=[reference]), headers={"X-Request-ID": given})
        assert answer["X-Request-ID"] == given
        line = last(lines(), request=given)
        assert line["user"] is None and line["what"] == "opportunity" and line["object"] == reference
        assert (line["outcome"], line["status"], line["method"]) == ("done", 200, "GET")
        assert datetime.fromisoformat(line["time"]).utcoffset().total_seconds() == 0

        # a name that is not in form is not taken over
        for bad in ("zqx", "a" * 33, "0123456789abcdef0123456789abcde\n", PLANTED, "0" * 4000):
            answer = client.get(reverse("home"), headers={"X-Request-ID": bad})
            assert logs.REQUEST_ID.fullmatch(answer["X-Request-ID"]) and answer["X-Request-ID"] not in bad

        # signing in and out, and a sign-in that fails
        client.post(reverse("account_login"), {"login": cast.tess.email, "password": "zqx wrong"})
        assert last(lines(), what="sign in")["outcome"] == "refused"
        assert last(lines(), what="account_login")["outcome"] == "invalid"
        client.post(reverse("account_login"), {"login": cast.tess.email, "password": PASSWORD})
        assert last(lines(), what="sign in", outcome="done")["account"] == cast.tess.pk
        client.get(reverse("workspace"))
        assert last(lines(), what="workspace")["user"] == cast.tess.pk

        # an action, refused and done
        with django_capture_on_commit_callbacks(execute=True):
            refused = client.post(reverse("commit_funds", args=[reference]), {"version": opportunity.version})
            assert refused.status_code == 409
            line = last(lines(), what="commit_funds")
            assert (line["outcome"], line["reason"], line["level"]) == ("refused", "role", "WARNING")
            assert (line["object"], line["user"]) == (reference, cast.tess.pk)
            words = {"version": opportunity.version, "reason_en": PLANTED, "reason_fr": PLANTED}
            assert client.post(reverse("cancel", args=[reference]), words).status_code == 302
        line = last(lines(), logger="opportunities.transitions")
        assert (line["what"], line["object"], line["role"], line["account"]) == (
            "cancel",
            reference,
            "team",
            cast.tess.pk,
        )

        # the admin: who looked at which record
        application = at("selection", cast).applications.order_by("pk").first()
        client.get(reverse("admin:evaluations_offer_change", args=[application.offer.pk]))
        line = last(lines(), what="admin:evaluations_offer_change")
        assert (line["object"], line["user"]) == (str(application.offer.pk), cast.tess.pk)

        # signing out, then what one may not see, and what asks to sign in first
        client.post(reverse("account_logout"))
        assert last(lines(), what="sign out")["account"] == cast.tess.pk
        client.get(reverse("workspace"))
        assert last(lines(), what="workspace")["outcome"] == "sign-in"
        client.force_login(cast.bo)
        draft = at("draft", cast)
        assert client.get(reverse("workspace_opportunity", args=[draft.reference])).status_code == 404
        line = last(lines(), what="workspace_opportunity")
        assert (line["outcome"], line["status"], line["user"]) == ("refused", 404, cast.bo.pk)
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(reverse("account_login"), {"login": PLANTED}).status_code == 403
        assert last(lines(), what="account_login", status=403)["outcome"] == "refused"
        assert client.get("/healthz").status_code == 200 and "healthz" not in json.dumps(lines())

        # no address and no name of anyone in the whole of it
        everything = json.dumps(lines(), ensure_ascii=False)
        for person in (cast.tess, cast.bo, cast.amara, cast.li):
            assert person.email not in everything and person.name not in everything
        for secret in (PASSWORD, "zqx", ANSWER[:30], NEED["need"], application.receipt, opportunity.title_en):
            assert secret not in everything


def test_row_40_nothing_that_is_typed_anywhere_is_ever_logged(cast, lines):
    """A mark in the address, the query, the headers, the cookies and every field of every form of every address."""
    opportunity = at("posted", cast)
    client = Client(
        raise_request_exception=False,
        headers={"User-Agent": PLANTED, "Referer": f"https://zqx.example/{quote(PLANTED)}", "X-Request-ID": PLANTED,
                 "X-Forwarded-For": "zqx", "Accept-Language": "zqx", "Authorization": f"Bearer {PLANTED}"},
    )  # fmt: skip
    client.cookies["zqx"] = "zqxcookie"
    fields = "login password email name q reason reason_en reason_fr token code message question text next notes note body"
    planted = dict.fromkeys(fields.split(), PLANTED)
    quiet = {"demo_tools", "account_logout", "sitemap_part"}
    addresses = [(name, path) for name, path in every_address(opportunity.reference) if name not in quiet]
    for name, path in addresses:  # as a stranger
        if not name.startswith("admin:"):
            client.post(path, planted)
    client.force_login(cast.root)
    for name, path in addresses:
        if not name.startswith("admin:") or name.endswith("_changelist"):
            client.get(path, {"q": PLANTED, "page": PLANTED, PLANTED: PLANTED})
        if name in lifecycle.BY_NAME or name.endswith("_change"):
            client.post(path, planted)
    for path in (
        f"/en/{quote(PLANTED)}/",
        f"/en/accounts/confirm-email/{quote(PLANTED)}/",
        f"/en/survey/{quote(PLANTED)}/",
    ):
        client.get(path)
    client.get("/en/", headers={"Host": "zqx.example"})
    found = lines()
    assert len(found) > 250
    leaks = [line for line in found if any(mark in json.dumps(line).lower() for mark in ("zqx", "secret@"))]
    assert leaks == []
    for line in found:
        allowed = {"time", "level", "logger", "request", "user", "message", "error", "places", *logs.FACTS}
        assert set(line) <= allowed, line


def test_row_40_an_error_is_told_by_its_kind_and_place_not_by_its_words(lines):
    """The database repeats whole rows in its errors; an address that is not found may be a key."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::int", [PLANTED])
    except DatabaseError:
        logging.getLogger("microacq.tick").exception("tick: a job failed")
        logging.getLogger("django.request").error("%s: %s", "Internal Server Error", PLANTED, exc_info=True)
        logging.getLogger("somebody.else").error(f"%(who)s {'did it'}", {"who": PLANTED})
        logging.getLogger("gunicorn.error").error("Worker %s of %s: %d%%", 12, PLANTED, 50)
    *_earlier, first, second, third, fourth = lines()
    assert fourth["message"] == "Worker 12 of …: 50%"
    assert first["message"] == "tick: a job failed" and first["error"][0] == "django.db.utils.DataError"
    assert any("test_logs.py" in place for place in first["places"])
    assert second["message"] == "…: …" and third["message"] == "… did it"
    assert "zqx" not in json.dumps([first, second, third])


@pytest.mark.parametrize("kind", ["closed", "full"])
def test_row_40_a_log_that_cannot_be_written_fails_nothing(client, kind, capsys, settings):
    settings.METRICS_TOKEN = TOKEN
    if kind == "full":
        stream = open("/dev/full", "w")  # noqa: SIM115 - the handler keeps it
    else:
        stream = io.StringIO()
        stream.close()
    handler = logs.Handler(stream)
    handler.setFormatter(logs.Formatter())
    logger, before = logging.getLogger("microacq.requests"), logs.lost
    logger.addHandler(handler)
    try:
        assert client.get(reverse("home")).status_code == 200
        logs.note("x", reason=object(), nothing=1)
    finally:
        logger.removeHandler(handler)
    assert logs.lost >= before + 2
    assert "Logging error" not in capsys.readouterr().err
    assert "microacq_log_lines_lost_total" in metrics.counted()
    if kind == "full":
        with pytest.raises(OSError):
            stream.close()


def test_row_40_a_fault_of_the_log_itself_fails_nothing(monkeypatch, client):
    def broken(*args):
        raise RuntimeError("never mind")

    monkeypatch.setattr(logs, "object_of", broken)
    before = logs.lost
    assert client.get(reverse("home")).status_code == 200
    assert logs.lost == before + 1
    assert logs.user_of(RequestFactory().get("/")) is None


def test_row_40_metrics_are_off_by_default_and_asked_for_by_token(client, cast, settings, lines):
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for headers in (
        {},
        {"Authorization": "Bearer zqx"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer é"},
    ):
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 401 and answer.content == b""
    assert client.get(f"/metrics?token={TOKEN}").status_code == 401
    with clock.frozen(NOW):
        list(tick.Command().round())
        at("posted", cast)
        Heartbeat.objects.create(name="mail", failed_at=NOW)
    later = NOW.replace(year=NOW.year + 1)
    with clock.frozen(later):
        assert due.oldest_due(later) is not None
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(figures['microacq_requests_total{method="GET",status="401"}']) >= 5
    assert float(figures["microacq_last_tick_timestamp_seconds"]) == NOW.timestamp()
    assert float(figures['microacq_job_failed_timestamp_seconds{job="mail"}']) == NOW.timestamp()
    assert float(figures["microacq_oldest_due_seconds"]) > 86400 * 300
    assert float(figures["microacq_mail_queued"]) >= 0 and figures["microacq_database_up"] == "1"
    assert TOKEN not in json.dumps(lines())
    assert "metrics" in {name for name, _path in every_address("MA-2027-0001")} and get_resolver()


def test_row_40_several_processes_are_counted_together(tmp_path):
    count = "from microacq import metrics; metrics.answered('GET', 200); metrics.answered('BREW', 418)"
    environment = {"PATH": "/usr/bin:/bin", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}

    def run(code):
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout

    run(count)
    run(count)
    told = run("from microacq import metrics; print(metrics.counted())")
    assert 'microacq_requests_total{method="GET",status="200"} 2.0' in told
    assert 'microacq_requests_total{method="other",status="418"} 2.0' in told
