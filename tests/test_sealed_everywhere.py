"""Before closing every address of the site is asked by every role for what is sealed, and then for who applied.

The addresses come from the site's own list, so a page that is added tomorrow is asked too.
"""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from evaluations import applications, files, preparing
from evaluations.masking import flags, suggestion
from evaluations.models import Application, Upload
from microacq import clock
from opportunities.actions import act
from opportunities.models import Event
from tests.choosing import CLOSING as AFTER
from tests.choosing import hours, opened
from tests.factories import at
from tests.test_applying import BEFORE, CLOSING, words

PLANTED = "zebracadabra"
NAMES = ("Quentavious", "Brzeczyszczykiewicz", "Zorbatek", "kwijibo")
ROLES = ("amara", "eve", "mona", "tess", "root", "fin", "sam", "bo", None)
pytestmark = pytest.mark.django_db


@pytest.fixture
def posted(cast, settings, tmp_path):
    """Open; Li has sent an application with a file, and Noor has begun one. What they wrote is planted."""
    settings.UPLOAD_DIR = tmp_path
    cast.li.name = "Quentavious Brzeczyszczykiewicz"
    cast.li.save()
    with clock.frozen(BEFORE):
        opportunity = at("posted", cast, closing=CLOSING, evaluators=[cast.eve])
        data = words(opportunity, f"I wrote {PLANTED} in Python.") | {
            "legal_name": cast.li.name,
            "business_name": "Zorbatek Digital",
            "code_account": "https://gitlab.com/kwijibo",
        }
        applications.apply(opportunity, cast.li, data)
        applications.save_draft(opportunity, cast.noor, data)
        yield opportunity


def patterns(resolver, before=""):
    """Every named address of the site, but those of the admin, which has tests of its own."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":
                yield from patterns(entry, route)
        elif isinstance(entry, URLPattern) and entry.name:
            yield entry.name, list(entry.pattern.converters)


def addresses(opportunity, application):
    """Each address, with what it takes filled in: this opportunity, this application, every small number, every letter."""
    given = {
        "reference": [opportunity.reference],
        "pk": [application.pk, opportunity.pk, 1],
        "number": [1],
        "label": ["A"],
        "key": ["x"],
        "token": ["once-" + "0" * 64],
        "name": ["posted"],
    }
    found = set()
    for name, wanted in patterns(get_resolver()):
        for turn in range(3):
            values = {word: given.get(word, [1])[turn % len(given.get(word, [1]))] for word in wanted}
            try:
                found.add(reverse(name, kwargs=values))
            except Exception:  # noqa: BLE001, S112 - an address of allauth that takes a key of its own kind
                continue
    return sorted(found)


def told(answer) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace") + " ".join(f"{k}: {v}" for k, v in answer.headers.items())


def searched(client, person, urls, secrets) -> list[str]:
    found = []
    for url in urls:
        if any(part in url for part in ("logout", "demonstration")):
            continue
        client.logout()
        if person:
            client.force_login(person)
        text = told(client.get(url))
        found += [f"{url}: {secret}" for secret in secrets if secret.lower() in text.lower()]
    return found


@pytest.mark.parametrize("who", ROLES)
def test_before_closing_nobody_reads_it_anywhere(client, cast, posted, who):
    application = Application.objects.get(supplier=cast.li)
    secrets = (PLANTED, *NAMES, application.receipt, application.sha256)
    urls = addresses(posted, application)
    assert len(urls) > 100
    assert reverse("prepare_application", args=[posted.reference, application.pk]) in urls
    person = getattr(cast, who) if who else None
    assert searched(client, person, urls, secrets) == []


@pytest.mark.parametrize("who", ["tess", "root", "amara", "eve"])
def test_nor_in_the_minutes_after_closing_before_anything_is_on_record(client, cast, posted, who):
    """The closing time has passed, and the job that closes has not run."""
    application = Application.objects.get(supplier=cast.li)
    urls = [url for url in addresses(posted, application) if posted.reference in url]
    with clock.frozen(CLOSING):
        assert searched(client, getattr(cast, who), urls, (PLANTED, *NAMES, application.receipt)) == []


def test_its_supplier_reads_it(client, cast, posted):
    client.force_login(cast.li)
    body = client.get(reverse("application", args=[posted.reference])).content.decode()
    assert PLANTED in body
    assert "Zorbatek" in body


@pytest.mark.parametrize("who", ["amara", "eve", "mona", "tess", "root", "fin", "sam", "bo"])
def test_before_closing_nothing_that_opens_it_can_be_posted(client, cast, posted, who):
    application = Application.objects.get(supplier=cast.li)
    client.force_login(getattr(cast, who))
    events = Event.objects.count()
    for name, rest, data in (
        ("prepare_release", [], {}),
        ("take_over_preparation", [], {"reason": "Me.", "seen": 1}),
        ("prepare_application", [application.pk], {"action": "check", "sure": "on"}),
        ("prepare_application", [application.pk], {"action": "set_aside", "aside-reason": "No."}),
        ("release", [], {"version": posted.version}),
        ("evaluate", [], {"action": "declare", "no_conflict": "on"}),
        ("evaluate_application", ["A"], {}),
        ("evaluated", [], {"version": posted.version}),
        ("confirm", [], {"version": posted.version}),
        ("award_single", [], {"version": posted.version}),
        ("freeze", [], {"version": posted.version}),
    ):
        answer = client.post(reverse(name, args=[posted.reference, *rest]), data)
        assert answer.status_code in (404, 409), (name, answer.status_code)
        assert PLANTED not in told(answer)
        assert NAMES[0] not in told(answer)
    assert Event.objects.count() == events
    application.refresh_from_db()
    assert (application.checked_at, application.set_aside_at, application.label) == (None, None, "")


def test_a_file_that_was_sent_is_opened_by_nobody_before_closing(client, cast, posted):
    upload = SimpleUploadedFile("sign-off.pdf", b"%PDF-1.4\n" + PLANTED.encode() + b"\n%%EOF\n")
    kept = files.keep(upload, cast.li, Upload.Scan.CLEAN)
    changes = {"needs_sign_off": True, "sign_off": kept}
    applications.submit(applications.save_draft(posted, cast.li, changes), cast.li)
    application = Application.objects.get(supplier=cast.li)
    url = reverse("sign_off", args=[posted.reference, application.pk])
    for who in ROLES:
        client.logout()
        if who:
            client.force_login(getattr(cast, who))
        assert client.get(url).status_code in (302, 404), who
    client.force_login(cast.li)
    assert PLANTED in told(client.get(url))


@pytest.mark.parametrize("who", ["amara", "eve", "mona", "tess", "tom", "root", "fin", "bo", "noor", None])
def test_while_it_is_evaluated_no_address_says_who_applied(client, cast, who):
    """Tess has masked and released; what identifies is planted in every field of Li."""
    cast.li.name = "Quentavious Brzeczyszczykiewicz"
    cast.li.save()
    about = {cast.li: "I am Quentavious of Zorbatek Digital, see https://gitlab.com/kwijibo. I know Python."}
    opportunity = opened(
        cast, cast.li, about=about, evaluators=[cast.eve], business_name="Zorbatek Digital", code_account="https://gitlab.com/kwijibo"
    ).opportunity  # fmt: skip
    now = AFTER + hours(1)
    preparing.claim(opportunity, cast.tess, now)
    application = opportunity.applications.get()
    masked = {
        a.criterion_id: suggestion(a.text, flags(a.text, preparing.identity(application)))
        for a in application.answers.all()
    }
    preparing.check(opportunity, application, cast.tess, masked, now)
    act("release", opportunity, cast.tess, now=now)
    urls = addresses(opportunity, application)
    with clock.frozen(AFTER + hours(2)):
        secrets = (*NAMES, application.receipt)
        assert searched(client, getattr(cast, who) if who else None, urls, secrets) == []
