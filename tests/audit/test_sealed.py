"""Row 2: what is sealed, and who applied, by every way other than opening a page, which test_who.py tries.

Searches, filters and orders, the admin row by row, exports, files, what is written beside, and the database itself.
"""

import logging
import re
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse
from post_office.models import Email

from evaluations.models import Answer, Application, Submission
from microacq import clock
from microacq.logs import Formatter
from opportunities.actions import act
from opportunities.lifecycle import CLOCK
from opportunities.models import Event, Notification, Opportunity

from . import stage as stages
from .stage import ANSWERED, NAMES, SEALED, told
from .who_matrix import TRANSITIONS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NEVER = "xylobracadabra"
"""As long as the word that is sealed, and nowhere."""
DESK = ("client", "evaluator", "team", "superuser")
CHOOSING = (
    "appl",
    "prepare",
    "take",
    "evaluat",
    "check",
    "sign",
    "workspace",
    "opportunity",
    "receipt",
    "debrief",
)


class Kept(logging.Handler):
    """Keeps every line as it would be written."""

    def __init__(self):
        super().__init__()
        self.lines, self.formatter = [], Formatter()

    def emit(self, record):
        self.lines.append(self.formatter.format(record))


@pytest.fixture(scope="module")
def lines():
    """Every line that is logged in this file, from the first step of the first opportunity on."""
    handler = Kept()
    logging.getLogger().addHandler(handler)
    yield handler.lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def stage(lines, django_db_setup, django_db_blocker, tmp_path_factory):
    with stages.built(django_db_blocker, tmp_path_factory) as stage:
        yield stage


@pytest.fixture(autouse=True)
def same_moment(stage):
    with clock.frozen(stages.NOW):
        yield


def leaks(stage, text, *more) -> list[str]:
    return [secret for secret in (*stage.secrets, *more) if secret.lower() in text.lower()]


def posted(stage) -> Opportunity:
    return stage.opportunities["posted"]


def test_02_its_supplier_reads_it_and_the_file_and_nobody_else_may_by_a_direct_address(stage, client):
    client.force_login(stage.cast.kim)
    body = told(client.get(reverse("application", args=[posted(stage).reference])))
    assert SEALED in body
    assert "Zorbatek" in body
    address = reverse("sign_off", args=[posted(stage).reference, stage.sealed.pk])
    assert SEALED in told(client.get(address))
    for part in stages.PARTS:
        browser, name = stage.client(part), stage.sealed.sign_off.name
        for way in (address, f"/{name}", f"/media/{name}", f"/static/{name}", f"/uploads/{name}"):
            assert browser.get(way).status_code in (302, 404), (part, way)


def test_02_nor_in_the_minutes_after_closing_before_nor_after_the_job_that_closes(stage):
    """The closing time has passed, and nobody has put on record that they prepare."""
    opportunity = posted(stage)
    addresses = [pair for pair in stage.addresses("posted") if pair[0] not in TRANSITIONS]
    choosing = [pair for pair in addresses if pair[0].startswith(CHOOSING)]
    admins = [
        (f"admin {page}", reverse(f"admin:opportunities_opportunity_{page}", args=[opportunity.pk]))
        for page in ("change", "history")
    ]
    with clock.frozen(opportunity.closing_at):
        for asked in (addresses, choosing + admins):
            for part in DESK:
                browser = stage.client(part)
                for number, (name, address) in enumerate(asked):
                    if (name, address) in choosing or number % 2 == DESK.index(
                        part
                    ) % 2:  # of the rest two open each
                        assert leaks(stage, told(browser.get(address))) == [], (part, name)
            if asked is addresses:
                act("close", opportunity, CLOCK, now=clock.now())


@pytest.mark.parametrize("part", [part for part in stages.PARTS if part != "nobody"])
def test_02_nothing_that_opens_it_can_be_sent(stage, part):
    browser, opportunity = stage.client(part), posted(stage)
    events = Event.objects.count()
    for name, rest, data in (
        ("prepare_release", [], {}),
        ("take_over_preparation", [], {"reason": "Me.", "seen": 1}),
        ("prepare_application", [stage.sealed.pk], {"action": "check", "sure": "on"}),
        ("prepare_application", [stage.sealed.pk], {"action": "set_aside", "aside-reason": "No."}),
        ("release", [], {"version": opportunity.version}),
        ("evaluate", [], {"action": "declare", "no_conflict": "on"}),
        ("evaluate_application", ["A"], {}),
        ("evaluated", [], {"version": opportunity.version}),
        ("confirm", [], {"version": opportunity.version}),
        ("award_single", [], {"version": opportunity.version}),
        ("freeze", [], {"version": opportunity.version}),
    ):
        answer = browser.post(reverse(name, args=[opportunity.reference, *rest]), data)
        assert answer.status_code in (404, 409), (name, answer.status_code)
        assert leaks(stage, told(answer)) == [], name
    assert Event.objects.count() == events
    stage.sealed.refresh_from_db()
    assert (stage.sealed.checked_at, stage.sealed.set_aside_at, stage.sealed.label) == (None, None, "")


# the admin


def lists(but=()):
    for model in admin.site._registry:
        if model._meta.model_name not in but:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            yield model, name, reverse(f"{name}_changelist")


def test_02_no_row_of_the_admin_tells(stage):
    """Each record of what is open and of what is evaluated, and, of what is complete, no word of an answer."""
    asked = [stage.opportunities[state] for state in ("posted", "evaluation", "complete")]
    browser, opened = stage.client("superuser"), set()
    for model, name, _list in lists(but=("user",)):
        way = "pk" if model is Opportunity else getattr(admin.site._registry[model], "to_opportunity", "")
        rows = (
            model.objects.filter(**{f"{way}__in": [one.pk for one in asked]}) if way else model.objects.all()
        )
        for pk in rows.values_list("pk", flat=True)[:25]:
            for page in ("change", "history") if model is Opportunity else ("change",):
                body = told(browser.get(reverse(f"{name}_{page}", args=[pk]), follow=True))
                assert leaks(stage, body, ANSWERED) == [], (name, pk, page)
                opened.add(model)
    assert {"Opportunity", "Event", "Contract", "Offer", "SentMail"} <= {model.__name__ for model in opened}
    assert Answer.objects.filter(text__contains=ANSWERED).exists()


def test_02_the_list_of_mails_names_suppliers_once_the_evaluation_is_confirmed(stage):
    browser, path = stage.client("team"), reverse("admin:opportunities_sentmail_changelist")
    pages = range(1, Email.objects.count() // 50 + 2)
    body = " ".join(told(browser.get(path, {"p": page})) for page in pages)
    assert Notification.objects.filter(recipient=stage.cast.kim).exists()
    assert "a supplier" in body
    assert stage.cast.amara.name in body
    assert stage.cast.li.name in body
    assert leaks(stage, body) == []


def without(word: str, response) -> tuple[int, str, str]:
    """An answer without the word that was looked for, as it is or as an address has it, and the form's own token."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    body = re.sub(f"{re.escape(word)}|{re.escape(quote(word))}", "", body, flags=re.IGNORECASE)
    return response.status_code, response.get("Location", "").replace(quote(word), ""), body


def test_02_looking_for_a_word_finds_no_more_than_looking_for_one_that_is_nowhere(stage):
    addresses = [(part, reverse("opportunity_list")) for part in ("nobody", *DESK)]
    addresses += [(part, reverse("workspace")) for part in DESK]
    addresses += [("superuser", path) for _model, _name, path in lists(but=("user",))]
    for part, address in addresses:
        browser = stage.client(part)
        nothing = without(NEVER, browser.get(address, {"q": NEVER}))
        for word in (SEALED, NAMES[0], stage.sealed.receipt):
            assert without(word, browser.get(address, {"q": word})) == nothing, (part, address, word)


@pytest.mark.parametrize(
    "look_up",
    [
        "applications__answers__text__contains",
        "applications__answers__text__iregex",
        "applications__supplier__name__startswith",
        "applications__supplier__email",
        "applications__legal_name__contains",
        "applications__submission__content__contains",
        "applications__receipt__startswith",
        "opportunity__applications__answers__text__contains",
        "application__answers__text__contains",
        "application__supplier__name",
    ],
)
def test_02_no_filter_of_the_admin_reaches_into_an_application(stage, look_up):
    right = {"email": stage.cast.kim.email, "receipt": stage.sealed.receipt}
    word = next(
        (value for key, value in right.items() if key in look_up), NAMES[0] if "name" in look_up else SEALED
    )
    browser = stage.client("superuser")
    for model, _name, address in lists(but=("user",)):
        if "opportunit" not in model._meta.model_name and "application" not in {
            field.name for field in model._meta.get_fields()
        }:
            continue
        found, nothing = (browser.get(address, {look_up: sought}) for sought in (word, NEVER))
        assert without(word, found) == without(NEVER, nothing), address


def test_02_neither_an_order_nor_autocomplete_does(stage):
    browser, path = stage.client("superuser"), reverse("admin:opportunities_opportunity_changelist")
    for order in ("applications__answers__text", "-applications__legal_name", "99", "-99"):
        assert leaks(stage, told(browser.get(path, {"o": order}, follow=True))) == []
    for model, field in (
        ("opportunities.opportunity", "client"),
        ("evaluations.answer", "application"),
        ("evaluations.application", "supplier"),
        ("evaluations.offer", "application"),
        ("opportunities.contract", "supplier"),
    ):
        app, name = model.split(".")
        query = {"app_label": app, "model_name": name, "field_name": field, "term": NAMES[0][:4]}
        answer = browser.get(reverse("admin:autocomplete"), query)
        assert answer.status_code == (403 if field == "application" else 200), "accounts are no secret"
        assert [secret for secret in stage.secrets_of_the_application if secret in told(answer)] == []


# what is given out, and what is written beside


def test_02_the_case_file_and_the_answer_to_an_access_request_hold_none_of_it(stage):
    for state in ("posted", "evaluation"):
        opportunity = stage.opportunities[state]
        opportunity.refresh_from_db()
        page = reverse("make_case_file", args=[opportunity.reference])
        answer = stage.client("superuser").post(page, {"version": opportunity.version})
        assert answer["Content-Type"] == "application/zip"
        body = told(answer)
        assert opportunity.reference in body
        assert leaks(stage, body) == []
    form = {"address": stage.cast.kim.email, "reason": "Request 12; asked from this address."}
    answer = stage.client("team").post(reverse("admin:opportunities_accesscopy_add"), form)
    body = told(answer)
    assert answer["Content-Type"] == "application/zip"
    assert stage.cast.kim.email in body
    assert [secret for secret in (SEALED, stage.sealed.receipt, stage.sealed.sha256) if secret in body] == []


def test_02_events_and_mail_tell_others_nothing_and_mail_tells_nobody_what_was_written(stage):
    asked = [stage.opportunities[state] for state in ("posted", "evaluation")]
    assert (
        leaks(stage, " ".join(str(vars(event)) for event in Event.objects.filter(opportunity__in=asked)))
        == []
    )
    to_kim = 0
    for mail in Email.objects.all():
        words = f"{mail.to} {mail.cc} {mail.bcc} {mail.subject} {mail.message} {mail.html_message} {mail.context} {mail.headers}"
        if mail.to == [stage.cast.kim.email]:
            to_kim += 1
            assert SEALED not in words
        else:
            assert leaks(stage, words) == [], mail.subject
    assert to_kim


def test_02_the_database_holds_it_where_applications_are_and_no_view_shows_it(stage):
    with connection.cursor() as cursor:
        cursor.execute("SELECT viewname FROM pg_views WHERE schemaname = 'public'")
        views = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT matviewname FROM pg_matviews WHERE schemaname = 'public'")
        views += [name for (name,) in cursor.fetchall()]
        for name in views:
            cursor.execute(f'SELECT t::text FROM "{name}" t')  # noqa: S608
            assert leaks(stage, str(cursor.fetchall())) == [], name
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        holding = set()
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{name}" t WHERE t::text ILIKE %s)', [f"%{SEALED}%"])  # noqa: S608
            if cursor.fetchone()[0]:
                holding.add(name)
    assert holding == {model._meta.db_table for model in (Application, Answer, Submission)}


def test_02_no_line_of_the_log_has_any_of_it(stage, lines):
    """The last of this file: whatever was tried above is in them."""
    assert any("sign_off" in line for line in lines)
    assert leaks(stage, "\n".join(lines)) == []
