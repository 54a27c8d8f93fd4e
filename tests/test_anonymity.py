"""Until the evaluation is confirmed, nobody but the one who prepares the release reads who applied.

Names are planted in every field of two suppliers; then everything that the others can open is searched for them.
"""

import json

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.translation import override
from post_office.models import Email

from evaluations import masking, preparing
from evaluations.masking import flags, suggestion
from evaluations.models import Application, EvaluationRecord
from microacq import clock
from microacq.models import User
from opportunities.models import Event, Opportunity

from .choosing import CLOSING, hours, mark_all, opened

NOW = CLOSING + hours(30)
PLANTED = (
    "Quentavious",
    "Xylophia",
    "Brzeczyszczykiewicz",
    "Vandermolen",
    "zorbatek",
    "kwijibo",
    "@studio.example",
    "613-555-0199",
)
pytestmark = pytest.mark.django_db

READERS = ("amara", "eve", "mona", "tom", "tia", "root", "fin", "bo", "noor")


@pytest.fixture
def journey(cast):
    """Li and Sam have telling names everywhere; Tess has masked what was flagged, and released."""
    for user, name in ((cast.li, "Quentavious Brzeczyszczykiewicz"), (cast.sam, "Xylophia Vandermolen")):
        user.name = name
        user.save()
    about = {
        cast.li: "I am Quentavious, of Zorbatek Digital. Write to me at li@studio.example or 613-555-0199. I know Python.",
        cast.sam: "See https://gitlab.com/kwijibo/tests for what I, Xylophia Vandermolen, have tested.",
    }
    journey = opened(
        cast,
        cast.li,
        cast.sam,
        about=about,
        evaluators=[cast.eve],
        business_name="Zorbatek Digital",
        code_account="https://gitlab.com/kwijibo",
    )
    journey.opportunity.applications.update(sign_off_name="sign-off-Vandermolen.pdf")
    preparing.claim(journey.opportunity, cast.tess, CLOSING + hours(1))
    for application in journey.opportunity.applications.in_play():
        masked = {
            a.criterion_id: suggestion(a.text, flags(a.text, preparing.identity(application)))
            for a in application.answers.all()
        }
        preparing.check(journey.opportunity, application, cast.tess, masked, CLOSING + hours(1))
    journey.act("release", cast.tess, CLOSING + hours(1.5))
    return journey


def complete(journey, cast):
    """Marked by both, completed by the client: the team is to check."""
    for person in (cast.amara, cast.eve):
        mark_all(journey.opportunity, person, [cast.sam], now=CLOSING + hours(3))
    journey.act("evaluated", cast.amara, CLOSING + hours(4))
    journey.opportunity.refresh_from_db()


def addresses(opportunity):
    """Every page about the opportunity that takes its reference, and the lists."""
    for name in (
        "workspace_opportunity", "opportunity", "evaluate", "check_evaluation", "prepare_release", "draw_page", "messages", "statement",
        "preview", "confirm", "release", "evaluated", "return_evaluation", "evaluation_people", "apply", "application", "receipt", "contract", "check_sign_off", "debrief", "registry_entry",
    ):  # fmt: skip
        try:
            yield reverse(name, args=[opportunity.reference])
        except NoReverseMatch:
            continue
    for label in "AB":
        yield reverse("evaluate_application", args=[opportunity.reference, label])
    for application in opportunity.applications.all():
        yield reverse("prepare_application", args=[opportunity.reference, application.pk])
    yield from (reverse(name) for name in ("workspace", "opportunity_list", "home"))


def search(client, reader, urls) -> list[str]:
    """Where something planted is read, and what."""
    client.force_login(reader)
    found = []
    with clock.frozen(NOW):
        for url in urls:
            answer = client.get(url)
            text = (
                answer.content.decode()
                if not answer.streaming
                else b"".join(answer.streaming_content).decode()
            )
            headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
            found += [f"{url}: {word}" for word in PLANTED if word.lower() in (text + headers).lower()]
    return found


@pytest.mark.parametrize("checked", [False, True], ids=["while marking", "once complete"])
def test_no_page_says_who_applied(client, cast, journey, checked):
    if checked:
        complete(journey, cast)
    else:
        mark_all(journey.opportunity, cast.eve, now=CLOSING + hours(3))
        mark_all(journey.opportunity, cast.amara, now=CLOSING + hours(3), hand_in=False)
    for number, reader in enumerate(READERS):
        with override(("en", "fr")[number % 2]):
            urls = list(addresses(journey.opportunity))
        assert search(client, getattr(cast, reader), urls) == [], reader


def test_the_evaluators_do_read_the_rest(client, cast, journey):
    mark_all(journey.opportunity, cast.eve, now=CLOSING + hours(3))
    client.force_login(cast.eve)
    body = client.get(
        reverse("evaluate_application", args=[journey.opportunity.reference, "A"])
    ).content.decode()
    assert "have tested" in body or "I know Python" in body
    assert masking.MASK in body


def test_the_one_who_prepared_does_see_names_before_the_release(client, cast, journey):
    kept = journey.opportunity.applications.get(supplier=cast.li)
    assert "Quentavious" in kept.answers.first().text
    assert "Quentavious" not in kept.answers.first().released


def test_no_mail_record_or_event_says_who_applied(cast, journey):
    complete(journey, cast)
    inside = User.objects.exclude(role=User.Role.SUPPLIER).values_list("email", flat=True)
    mails = [mail for mail in Email.objects.all() if set(mail.to) & set(inside)]
    assert mails
    for mail in mails:
        text = " ".join((mail.subject, mail.message, mail.html_message)).lower()
        assert [word for word in PLANTED if word.lower() in text] == []
    for facts in (
        *Event.objects.values_list("data", flat=True),
        *EvaluationRecord.objects.values_list("content", flat=True),
    ):
        text = json.dumps(facts, ensure_ascii=False).lower()
        assert [word for word in PLANTED if word.lower() in text] == []
        assert not any(a.receipt in text for a in Application.objects.all())


def test_no_admin_page_says_who_applied(client, cast, journey):
    """Accounts and queued mail name suppliers, and say nothing of what they applied to."""
    complete(journey, cast)
    urls = [reverse("admin:index")]
    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        if model._meta.app_label in ("account", "microacq", "mfa", "socialaccount", "post_office"):
            continue
        urls.append(reverse(f"admin:{label}_changelist"))
        urls += [reverse(f"admin:{label}_change", args=[row.pk]) for row in model._default_manager.all()[:20]]
    assert len(urls) > 5
    for reader in (cast.tom, cast.root):
        assert search(client, reader, urls) == [], reader


def test_the_addresses_carry_letters_alone(cast, journey):
    labels = set(journey.opportunity.applications.values_list("label", flat=True))
    assert labels == {"A", "B"}
    url = reverse("evaluate_application", args=[journey.opportunity.reference, "A"])
    assert not any(
        str(a.pk) in url.replace(journey.opportunity.reference, "")
        for a in journey.opportunity.applications.all()
    )


def test_once_confirmed_the_team_reads_names_and_the_evaluators_still_do_not(client, cast, journey):
    complete(journey, cast)
    journey.act("confirm", cast.tom, CLOSING + hours(5))
    url = reverse("workspace_opportunity", args=[journey.opportunity.reference])
    assert search(client, cast.tia, [url]) != []
    for reader in (cast.amara, cast.eve, cast.mona, cast.fin):
        assert search(client, reader, addresses(journey.opportunity)) == []
    assert Opportunity.objects.get().state == "confirmed"
