"""Rows 24, 27 and 29: how long a sign-in lasts, what an answer tells of who has an account, links in emails."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override
from post_office.models import Email

from evaluations import survey
from evaluations.models import SurveyAnswer, SurveyInvitation
from microacq import clock, sessions
from opportunities import mailing_list
from opportunities.models import Consent, Subscription
from tests.audit.doors import link, sign_in, sign_up, signed_in
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
NEW = "another horse battery"
FORGOTTEN = "account_reset_password"


@pytest.fixture(autouse=True)
def _queued(settings):
    settings.EMAIL_BACKEND = "microacq.outbox.QueueBackend"


# --- 24: sessions ----------------------------------------------------------------------------------------------------


def test_24_session_rotated_at_sign_in(client, cast):
    client.get(reverse("account_login"))
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    sign_in(client, cast.li.email)
    assert signed_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists(), "whoever planted the session has nothing"


def test_24_session_ended_at_sign_out(client, cast):
    sign_in(client, cast.li.email)
    stolen = Client()
    stolen.cookies = client.cookies.copy()
    assert signed_in(stolen)
    assert client.get(reverse("account_logout")).status_code == 200
    assert signed_in(client), "a GET signs nobody out"
    client.post(reverse("account_logout"))
    assert not signed_in(client)
    assert not signed_in(stolen)


def test_24_sessions_ended_by_a_password_change_or_reset_and_the_own_one_rotated(client, cast):
    other = Client()
    for one in (client, other):
        sign_in(one, cast.li.email)
    before = client.session.session_key
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post(reverse("account_change_password"), form).status_code == 302
    assert signed_in(client)
    assert client.session.session_key != before
    assert not signed_in(other)
    visitor = Client()
    visitor.post(reverse(FORGOTTEN), {"email": cast.li.email})
    page = visitor.get(link(cast.li.email, "reset"))
    visitor.post(page["Location"], {"password1": PASSWORD, "password2": PASSWORD})
    assert not signed_in(client)
    assert not signed_in(visitor), "a link opens no session: the password, and the second factor, do"


def test_24_session_ended_by_deactivation(client, cast):
    sign_in(client, cast.li.email)
    admin = Client()
    admin.force_login(cast.root)
    form = {"email": cast.li.email, "name": cast.li.name, "language": "en", "role": "supplier"}
    assert admin.post(reverse("admin:microacq_user_change", args=[cast.li.pk]), form).status_code == 302
    assert not signed_in(client)
    answer = sign_in(client, cast.li.email)
    assert answer["Location"] == reverse("account_inactive")
    assert not signed_in(client)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_24_idle_limit(client, cast, settings, language):
    client.force_login(cast.li)
    with override(language):
        workspace = reverse("workspace")
    key = client.session.session_key
    left_alone(client, settings.SESSION_IDLE_SECONDS - 30)
    assert client.get(workspace).status_code == 200
    left_alone(client, settings.SESSION_IDLE_SECONDS - 30)
    assert client.get(workspace).status_code == 200, "what is done here counts from anew"
    left_alone(client, settings.SESSION_IDLE_SECONDS + 30)
    answer = client.get(workspace, follow=True)
    assert answer.redirect_chain
    with override(language):
        why = gettext("To protect your account you were signed out after a while. Sign in again.")
    assert why.replace("'", "&#x27;") in answer.text, "told why, in one's language"
    assert not Session.objects.filter(session_key=key).exists()


def test_24_absolute_limit(client, cast, settings):
    client.force_login(cast.li)
    for hours in range(1, settings.SESSION_COOKIE_AGE // 3600):
        began(client, hours * 3600)
        assert signed_in(client)
    began(client, settings.SESSION_COOKIE_AGE + 30)
    assert not signed_in(client)


def test_24_what_somebody_wrote_while_the_session_ended_is_not_anybody_elses(client, cast, settings):
    """A session that is over acts on nothing: the POST that comes too late changes nothing."""
    client.force_login(cast.li)
    left_alone(client, settings.SESSION_IDLE_SECONDS + 30)
    answer = client.post(reverse("account_email"), {"email": "new@studio.example", "action_add": ""})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    assert not EmailAddress.objects.filter(email="new@studio.example").exists()


def left_alone(client, seconds):
    session = client.session
    session[sessions.SEEN] = int(timezone.now().timestamp()) - seconds
    session.save()


def began(client, seconds):
    session = client.session
    session[sessions.BEGAN] = int(timezone.now().timestamp()) - seconds
    session.save()


# --- 27: the same answer, the same time ------------------------------------------------------------------------------


TOKENS = re.compile(r'(value="[A-Za-z0-9]{64}")|([a-z]+@[a-z.]+)')


class Counted(MD5PasswordHasher):
    """Counts how often a password's work is done."""

    done = 0

    def encode(self, password, salt):
        type(self).done += 1
        return super().encode(password, salt)


def work(do) -> tuple[int, int]:
    """How many passwords were hashed and how many emails written by `do()`."""
    hashed, written = Counted.done, Email.objects.count()
    do()
    return Counted.done - hashed, Email.objects.count() - written


@pytest.fixture
def counted(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]


DOORS = {
    "sign-in": lambda client, email: sign_in(client, email, "not the password"),
    "reset": lambda client, email: client.post(reverse(FORGOTTEN), {"email": email}, follow=True),
    "sign-up": lambda client, email: follow(client, sign_up(client, email)),
    "mailing list": lambda client, email: client.post(
        reverse("subscribe"), {"email": email, "language": "en"}, follow=True
    ),
}


def follow(client, answer):
    page = client.get(answer["Location"])
    page.redirect_chain = [(answer["Location"], answer.status_code)]
    return page


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("door", DOORS)
def test_27_same_answer_and_same_work_for_known_and_unknown_addresses(cast, counted, door, language):
    """Work is counted, not timed: how many passwords are hashed (what takes the time) and emails written, and queries."""
    for person in (cast.li, cast.sam):  # a password of the hasher that is counted
        person.set_password(PASSWORD)
        person.save()
    with override(language):
        Subscription.objects.create(email=cast.li.email, language="en", confirmed_at=clock.now())
        DOORS[door](Client(), "warm@studio.example")
        told = {}
        for email in (cast.li.email, "nobody@studio.example"):
            client, answers = Client(), []
            with CaptureQueriesContext(
                connection,
            ) as asked:
                did = work(lambda c=client, e=email, a=answers: a.append(DOORS[door](c, e)))
            answer = answers[0]
            told[email] = (
                answer.status_code,
                TOKENS.sub("", answer.text),
                getattr(answer, "redirect_chain", []),
                {name for name, _value in answer.items()},
                sorted(client.cookies),
                did,
            )
            told[email, "queries"] = len(asked)
    known, unknown = told[cast.li.email], told["nobody@studio.example"]
    assert known == unknown
    hashed, written = known[-1]
    assert hashed == (1 if door in ("sign-in", "sign-up") else 0)
    assert written == (0 if door == "sign-in" else 1)
    assert abs(told[cast.li.email, "queries"] - told["nobody@studio.example", "queries"]) <= 4


def test_27_an_inactive_or_passwordless_account_is_not_told_either(cast, counted):
    cast.sam.set_password(PASSWORD)
    cast.sam.is_active = False
    cast.sam.save()
    cast.noor.set_unusable_password()
    cast.noor.save()
    seen = set()
    for email in (cast.sam.email, cast.noor.email, "nobody@studio.example"):
        answers = []
        did = work(lambda e=email, a=answers: a.append(sign_in(Client(), e, "not the password")))
        seen.add((answers[0].status_code, TOKENS.sub("", answers[0].text), did))
    assert len(seen) == 1


# --- 29: signed links ------------------------------------------------------------------------------------------------


@pytest.fixture
def links(client, cast):
    """One link of each kind, as it was sent: {kind: path}."""
    found = {}
    sign_up(client, "lu@studio.example")
    found["confirm address"] = link("lu@studio.example", "confirm")
    client.post(reverse(FORGOTTEN), {"email": cast.li.email})
    found["reset password"] = link(cast.li.email, "reset")
    client.post(reverse("subscribe"), {"email": "ada@example.ca", "language": "en"})
    found["confirm subscription"] = link("ada@example.ca", "confirm")
    other = Subscription.objects.create(email="bea@example.ca", language="en", confirmed_at=clock.now())
    found["unsubscribe"] = reverse("unsubscribe", args=[mailing_list.key(other)])
    found["subscription"] = reverse("subscription", args=[mailing_list.key(other)])
    token = f"once-{'ab' * 32}"
    SurveyInvitation.objects.create(
        token_sha256=survey.digest(token), kind="supplier", month=clock.now().date().replace(day=1)
    )
    found["survey"] = reverse("survey", args=[token])
    client.cookies.clear()
    return found


def state(cast):
    """What the links can change."""
    cast.li.refresh_from_db()
    return (
        list(EmailAddress.objects.filter(verified=True).values_list("email", flat=True).order_by("email")),
        cast.li.password,
        list(Subscription.objects.values_list("email", "language", "unsubscribed_at").order_by("email")),
        Consent.objects.count(),
        SurveyInvitation.objects.count(),
        SurveyAnswer.objects.count(),
    )


def test_29_a_mail_scanner_that_fetches_every_link_changes_and_uses_up_nothing(cast, links):
    before = state(cast)
    for _time in range(2):
        for path in links.values():
            scanner = Client(headers={"user-agent": "Scanner"})
            for method in (scanner.head, scanner.get, scanner.options):
                assert method(path, follow=True).status_code in (200, 405)
    assert state(cast) == before
    assert all(works(path, kind) for kind, path in links.items()), "the owner's click still works"


def works(path, kind):
    client = Client()
    page = client.get(path, follow=True)
    address = page.redirect_chain[-1][0] if page.redirect_chain else path
    answers = {
        "reset password": {"password1": NEW, "password2": NEW},
        "subscription": {"language": "fr"},
        "survey": {"again": "yes", "would_apply_again": "yes"},
    }
    return page.status_code == 200 and client.post(address, answers.get(kind, {})).status_code in (
        200,
        302,
        422,
    )


def test_29_tampered_links_open_nothing(cast, links):
    before = state(cast)
    for kind, path in links.items():
        for spoilt in spoil(path):
            client = Client()
            page = client.get(spoilt, follow=True)
            answer = client.post(spoilt, {"password1": NEW, "password2": NEW, "language": "fr"})
            assert page.status_code in (200, 404, 410), (kind, spoilt)
            assert answer.status_code in (200, 404, 410), (kind, spoilt)
    assert state(cast) == before


def spoil(path):
    """The link with its last character changed, its middle changed, cut short, and with another's number in it."""
    bare = path.rstrip("/")
    last = "A" if bare[-1] != "A" else "B"
    middle = len(bare) - 10
    swap = "x" if bare[middle] != "x" else "y"
    yield f"{bare[:-1]}{last}/"
    yield f"{bare[:middle]}{swap}{bare[middle + 1 :]}/"
    yield f"{bare[:-4]}/"
    if reset := re.search(r"/([0-9a-z]+)-([^/]+)/$", path):
        yield path.replace(f"/{reset[1]}-", "/1-")


def test_29_replayed_links_do_nothing_twice(cast, links):
    client = Client()
    client.post(links["confirm address"])
    assert EmailAddress.objects.get(email="lu@studio.example").verified
    assert client.post(links["confirm address"]).status_code == 404
    assert "no longer works" in client.get(links["confirm address"]).text

    form = client.get(links["reset password"])["Location"]
    client.post(form, {"password1": NEW, "password2": NEW})
    cast.li.refresh_from_db()
    changed = cast.li.password
    for again in (Client(), client):
        again.get(links["reset password"], follow=True)
        again.post(links["reset password"], {"password1": PASSWORD, "password2": PASSWORD})
        again.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    cast.li.refresh_from_db()
    assert cast.li.password == changed

    client.post(links["confirm subscription"])
    kept = Subscription.objects.get(email="ada@example.ca")
    client.post(reverse("unsubscribe", args=[mailing_list.key(kept)]))
    client.post(links["confirm subscription"])
    kept.refresh_from_db()
    assert kept.unsubscribed_at, "an old link to confirm does not undo leaving"
    proofs = Consent.objects.count()
    client.post(reverse("unsubscribe", args=[mailing_list.key(kept)]))
    assert Consent.objects.count() == proofs

    assert client.post(links["survey"], {}).status_code == 302
    assert Client().post(links["survey"], {}).status_code == 410
    assert SurveyAnswer.objects.count() == 1


def test_29_a_password_link_dies_with_the_password_the_address_and_a_sign_in(client, cast, settings):
    def ask():
        client.post(reverse(FORGOTTEN), {"email": cast.li.email})
        return link(cast.li.email, "reset")

    def dead(path):
        return (
            Client().get(path).status_code == 200
        )  # a live one redirects, so that the key leaves the address

    path = ask()
    assert not dead(path)
    sign_in(Client(), cast.li.email)
    assert dead(path), "the owner signed in: a link asked for by somebody else is dead"
    path = ask()
    EmailAddress.objects.create(user=cast.li, email="li@other.example", verified=True)
    assert dead(path)


def test_29_expired_links_open_nothing(cast, links, settings, monkeypatch):
    before = state(cast)
    later = timezone.now() + timedelta(days=8)
    assert settings.PASSWORD_RESET_TIMEOUT <= 24 * 60 * 60
    monkeypatch.setattr(
        EmailAwarePasswordResetTokenGenerator, "_now", lambda self: later.replace(tzinfo=None)
    )
    monkeypatch.setattr("django.core.signing.time", SimpleNamespace(time=later.timestamp))
    with clock.frozen(later):
        for kind in ("confirm address", "reset password", "confirm subscription"):
            client = Client()
            client.get(links[kind], follow=True)
            assert client.post(links[kind], {"password1": NEW, "password2": NEW}).status_code in (200, 404), (
                kind
            )
    assert state(cast) == before
