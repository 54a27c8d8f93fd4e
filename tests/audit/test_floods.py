"""Row 26: floods are answered 429 with a sentence, lock nobody else out, and are counted by all processes together."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache, caches
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext, override
from post_office.models import Email

from evaluations.views import application as applying
from microacq import database_roles, limits
from opportunities.models import SubscriptionRequest
from tests import roles
from tests.audit import production
from tests.audit.doors import link, sign_in, sign_up, signed_in
from tests.factories import at

ATTACKER, VICTIM = "192.0.2.66", "198.51.100.7"
DATABASE_CACHE = {
    "default": {
        "BACKEND": "microacq.shared_cache.SharedDatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}


@pytest.fixture(autouse=True)
def _queued(settings):
    settings.EMAIL_BACKEND = "microacq.outbox.QueueBackend"


def refused_in_words(answer, language) -> bool:
    """429, as a page of the site in the reader's language, with a sentence."""
    with override(language):
        sentences = [
            gettext(
                "To keep accounts safe we limit how often this can be done. Wait a few minutes, then try again."
            ),
            gettext("Too many requests came from your network. Try again in an hour."),
            str(applying.TOO_OFTEN),
        ]
    page = answer.text
    said = any(escape(sentence) in page or sentence in page for sentence in sentences)
    return answer.status_code == 429 and f'<html lang="{language}"' in page and said


@pytest.mark.django_db
def test_26_flood_on_sign_in_and_the_victim_not_locked_out(cast):
    attacker = Client(REMOTE_ADDR=ATTACKER)
    answers = [sign_in(attacker, cast.li.email, f"guess number {n}").status_code for n in range(7)]
    assert answers == [200] * 5 + [429] * 2
    for language in ("en", "fr"):
        with override(language):
            right = sign_in(attacker, cast.li.email)
            assert refused_in_words(right, language), "not even the right one, from there"
    assert not signed_in(attacker)
    victim = Client(REMOTE_ADDR=VICTIM)
    sign_in(victim, cast.li.email)
    assert signed_in(victim), "the owner enters from elsewhere"


@pytest.mark.django_db
def test_26_flood_of_many_accounts_from_one_place(cast):
    attacker = Client(REMOTE_ADDR=ATTACKER)
    people = [person.email for person in vars(cast).values()]
    answers = [sign_in(attacker, email, "Spring2027!").status_code for email in people]
    assert answers.count(200) == 10
    assert set(answers[10:]) == {429}
    for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"):
        other = Client(REMOTE_ADDR=address)
        last = [sign_in(other, email, "Spring2027!").status_code for email in people][-1]
    assert last == 429
    fresh = Client(REMOTE_ADDR="2001:db8:0:1:aaaa::3")
    assert sign_in(fresh, cast.li.email).status_code == 429, "a household's /64 is one place"
    neighbour = Client(REMOTE_ADDR="2001:db8:0:2::3")
    sign_in(neighbour, cast.li.email)
    assert signed_in(neighbour)


@pytest.mark.django_db
def test_26_a_header_that_anybody_can_send_makes_no_new_place(cast):
    answers = {
        sign_in(
            Client(REMOTE_ADDR=ATTACKER), cast.li.email, "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}"
        ).status_code
        for n in range(12)
    }
    assert answers == {200, 429}


@pytest.mark.django_db
def test_26_flood_on_reset_and_the_victim_still_gets_in(cast):
    attacker, path = Client(REMOTE_ADDR=ATTACKER), reverse("account_reset_password")
    answers = [attacker.post(path, {"email": cast.li.email}).status_code for _n in range(21)]
    assert answers == [302] * 20 + [429]
    for language in ("en", "fr"):
        with override(language):
            again = attacker.post(reverse("account_reset_password"), {"email": cast.li.email})
            assert refused_in_words(again, language)
    assert Email.objects.filter(to=[cast.li.email]).count() == 3, "nor is a mailbox filled"
    victim = Client(REMOTE_ADDR=VICTIM)
    assert victim.post(path, {"email": cast.li.email}).status_code == 302
    form = victim.get(link(cast.li.email, "reset"))["Location"]
    victim.post(form, {"password1": "another horse battery", "password2": "another horse battery"})
    sign_in(victim, cast.li.email, "another horse battery")
    assert signed_in(victim)


@pytest.mark.django_db
def test_26_flood_on_sign_up(cast):
    attacker = Client(REMOTE_ADDR=ATTACKER)
    answers = [sign_up(attacker, f"robot{n}@studio.example").status_code for n in range(21)]
    assert answers == [302] * 20 + [429]
    for language in ("en", "fr"):
        with override(language):
            assert refused_in_words(sign_up(attacker, "robot@studio.example"), language)
    assert sign_up(Client(REMOTE_ADDR=VICTIM), "lu@studio.example").status_code == 302
    for n in range(5):
        sign_up(Client(REMOTE_ADDR=f"203.0.113.{n}"), cast.li.email)
    assert Email.objects.filter(to=[cast.li.email]).count() <= 3, "who has an account is not pestered"


@pytest.mark.django_db
def test_26_flood_on_the_mailing_list():
    attacker = Client(REMOTE_ADDR=ATTACKER)
    form = {"email": "ada@example.ca", "language": "en"}
    answers = [attacker.post(reverse("subscribe"), form).status_code for _n in range(21)]
    assert answers == [302] * 20 + [429]
    for language in ("en", "fr"):
        with override(language):
            assert refused_in_words(attacker.post(reverse("subscribe"), form), language)
    assert SubscriptionRequest.objects.count() == 3
    assert Email.objects.filter(to=["ada@example.ca"]).count() == 3
    other = Client(REMOTE_ADDR=VICTIM)
    assert other.post(reverse("subscribe"), {**form, "email": "bea@example.ca"}).status_code == 302


@pytest.mark.django_db
def test_26_flood_on_submit_application_stops_one_supplier_and_no_other(cast, monkeypatch):
    monkeypatch.setattr(applying, "SENT_AN_HOUR", 3)
    monkeypatch.setattr(applying, "SAVED_AN_HOUR", 3)
    opportunity = at("posted", cast)
    for language in ("en", "fr"):
        cache.clear()
        with override(language):
            check, about = (
                reverse(name, args=[opportunity.reference]) for name in ("apply_check", "apply_about")
            )
            client, other = Client(REMOTE_ADDR=ATTACKER), Client(REMOTE_ADDR=ATTACKER)
            client.force_login(cast.li)
            other.force_login(cast.sam)
            saved = [client.post(about, {"name": "Li"}) for _n in range(4)]
            assert refused_in_words(saved[-1], language)
            assert 429 not in [answer.status_code for answer in saved[:3]]
            client.post(about, {"name": "Li", "later": "1"})
            sent = [client.post(check) for _n in range(5)]
            assert refused_in_words(sent[-1], language)
            assert other.post(about, {"name": "Sam"}).status_code != 429


# --- counted by all processes together -----------------------------------------------------------------------------------


@pytest.fixture
def shared_cache(settings, transactional_db):
    settings.CACHES = DATABASE_CACHE
    with roles.as_owner(), connection.cursor() as cursor:
        call_command("createcachetable", verbosity=0)
        if roles.made:
            cursor.execute(
                next(table for table in database_roles.rights() if table.table == "cache").grant(
                    database_roles.RUNTIME
                )
            )
    cache.clear()
    yield
    cache.clear()


def test_26_limits_are_shared_between_processes(shared_cache, cast, settings):
    """This process and another one, which runs with production's settings, take from the same places."""
    attacker = Client(REMOTE_ADDR=ATTACKER, headers={"host": "micro.example.ca"})
    settings.ALLOWED_HOSTS = ["micro.example.ca"]
    here = [sign_in(attacker, cast.li.email, "wrong").status_code for _n in range(3)]
    there = production.run(
        "from tests.audit.doors import sign_in",
        f"client = Client(REMOTE_ADDR={ATTACKER!r}, headers={{'host': 'micro.example.ca'}})",
        f"tries = [sign_in(client, {cast.li.email!r}, 'wrong', secure=True) for n in range(4)]",
        "print([answer.status_code for answer in tries])",
    )
    assert here == [200] * 3
    assert there == ["[200, 200, 429, 429]"]


def test_26_a_place_is_free_again_after_its_time(shared_cache):
    assert limits.room("flood", "one", 1, 60) and not limits.room("flood", "one", 1, 60)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cache SET expires = expires - interval '61 seconds'")
    assert limits.room("flood", "one", 1, 60) and not limits.room("flood", "one", 1, 60)
    assert cache.add("for-ever", {"a": 1}, None) and not cache.add("for-ever", 2, None)
    assert cache.get("for-ever") == {"a": 1}


def test_26_two_at_once_never_take_the_same_place(shared_cache):
    def take(_n):
        try:
            return limits.room("flood", "one", 5, 60)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(24)))
    assert taken.count(True) == 5


def test_26_a_flood_of_addresses_does_not_wipe_the_counts(shared_cache, settings):
    """Django keeps 300 entries in a database cache and throws out others at random, unless told otherwise."""
    from microacq import settings as site

    assert site.CACHES == DATABASE_CACHE
    assert not limits.room("flood", "one", 0, 60)
    assert limits.room("flood", "one", 1, 60)
    for n in range(400):
        cache.set(f"other:{n}", 1, 60)
    assert caches["default"]._max_entries > 10_000
    assert not limits.room("flood", "one", 1, 60)
