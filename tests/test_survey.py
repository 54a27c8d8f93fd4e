"""The survey: voluntary, behind a link that works once, and leading back to nobody."""

import hashlib
import re
from itertools import chain

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.urls import reverse
from django.utils import translation
from post_office.models import Email

from evaluations import survey
from evaluations.models import SurveyAnswer, SurveyInvitation
from microacq import clock, outbox
from tests.factories import at
from tests.need import NOW

LINK = re.compile(r"http\S+/(once-[0-9a-f]{64})/")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


def mails(opportunity) -> dict:
    """{(transition, recipient): the link's secret} of every mail about it that holds one."""
    found = {}
    for notice in opportunity.notifications.select_related("event", "email", "recipient"):
        for token in LINK.findall(notice.email.message):
            assert (notice.event.transition, notice.recipient) not in found
            found[notice.event.transition, notice.recipient] = token
    return found


def ask(kind="supplier") -> str:
    token = f"once-{hashlib.sha256(kind.encode()).hexdigest()}"
    SurveyInvitation.objects.create(
        token_sha256=survey.digest(token), kind=kind, month=NOW.date().replace(day=1)
    )
    return token


def address(token):
    return reverse("survey", args=[token])


# the links


def test_each_is_asked_once_at_the_end_of_their_road(cast):
    opportunity = at("complete", cast)
    found = mails(opportunity)
    assert set(found) == {("sign", cast.sam), ("pay", cast.li), ("complete", cast.amara)}
    assert len(set(found.values())) == SurveyInvitation.objects.count() == 3
    kinds = {SurveyInvitation.objects.get(token_sha256=survey.digest(token)).kind for token in found.values()}
    assert kinds == {"supplier", "client"}


@pytest.mark.parametrize(
    ("state", "asked"),
    [
        ("no_award", {("no_award", "li"), ("no_award", "sam"), ("no_award", "amara")}),
        ("terminated", {("sign", "sam"), ("terminate_default", "li"), ("terminate_default", "amara")}),
        ("cancelled", set()),
        ("selection", set()),
    ],
)
def test_also_where_nobody_was_selected_or_nothing_was_delivered(cast, state, asked):
    found = mails(at(state, cast))
    assert {(name, who.email.partition("@")[0]) for name, who in found} == asked


def test_the_link_is_in_the_language_of_who_gets_it(cast):
    opportunity = at("work", cast)
    message = opportunity.notifications.get(recipient=cast.sam, template="supplier_selected").email.message
    with translation.override("fr"):
        assert reverse("survey", args=[mails(opportunity)["sign", cast.sam]]) in message


def test_once_the_mail_is_sent_our_copy_of_it_has_no_link_left(cast, mailoutbox, settings):
    settings.POST_OFFICE = settings.POST_OFFICE | {
        "BACKENDS": {"default": "django.core.mail.backends.locmem.EmailBackend"}
    }
    opportunity = at("work", cast)
    token = mails(opportunity)["sign", cast.sam]
    assert outbox.send_due(NOW) > 0
    assert not any("once-" in f"{mail.message}{mail.html_message}" for mail in Email.objects.all())
    sent = [mail for mail in mailoutbox if token in mail.body]
    assert [mail.to for mail in sent] == [[cast.sam.email]], "the one who got it has it"
    assert token in str(sent[0].alternatives)


# the page


def test_everything_may_be_left_unanswered_and_the_link_works_once(client):
    token = ask()
    page = client.get(address(token))
    assert page.status_code == 200
    assert page.content.decode().count("Prefer not to answer") == 4
    assert page.content.decode().count("if you prefer not to answer") == 2
    assert "noindex" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert client.get(address(token)).status_code == 200, "reading does not use it up"
    answer = client.post(address(token), {})
    assert answer.status_code == 302
    assert token not in answer["Location"]
    assert "Thank you" in client.get(answer["Location"]).content.decode()
    kept = SurveyAnswer.objects.get()
    assert (kept.kind, kept.region, kept.size, kept.would_again, kept.story) == ("supplier", "", "", "", "")
    for used in (client.get(address(token)), client.post(address(token), {"size": "small"})):
        assert used.status_code == 410
        assert "has been used already" in used.content.decode()
    assert SurveyAnswer.objects.count() == 1


def test_what_is_answered_is_kept(client):
    given = {
        "new_to_government": "yes", "region": " h2x ", "size": "freelancer", "under_represented": "no",
        "would_again": "unsure", "story": "Quick and kind.", "may_quote": "on",
    }  # fmt: skip
    client.post(address(ask()), given)
    kept = SurveyAnswer.objects.get()
    assert {name: getattr(kept, name) for name in given} == given | {"region": "H2X", "may_quote": True}
    client.post(address(ask("client")), {"would_again": "yes", "hours_saved": "12"})
    kept = SurveyAnswer.objects.get(kind="client")
    assert (kept.would_again, kept.hours_saved, kept.region) == ("yes", 12, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("region", "K1A 0B1"), ("region", "K1"), ("region", "D1A"), ("region", "K1O"), ("region", "W1A"), ("region", "123"), ("region", "K1A'--"),
        ("size", "huge"), ("would_again", "perhaps"), ("story", "My card is 4111 1111 1111 1111."), ("story", "x" * 3001), ("story", "a\x00b"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence_and_the_link_still_works(client, field, value):
    token = ask()
    answer = client.post(address(token), {field: value, "size": value if field == "size" else "small"})
    assert answer.status_code == 422
    assert 'class="gc-error' in answer.content.decode()
    assert not SurveyAnswer.objects.exists()
    assert client.post(address(token), {}).status_code == 302


@pytest.mark.parametrize("hours", ["-1", "1001", "many", "1.5", "99999999999999999999"])
def test_hours_are_a_plausible_number(client, hours):
    assert client.post(address(ask("client")), {"hours_saved": hours}).status_code == 422


@pytest.mark.parametrize("token", ["once-" + "0" * 64, "x", "%00", "é"])
def test_a_made_up_link_says_that_it_does_not_work(client, token):
    ask()
    assert client.get(address(token)).status_code == 410
    assert client.post(address(token), {}).status_code == 410
    assert not SurveyAnswer.objects.exists()


# nobody


def joined(model):
    """The models that one can reach from this one, by a relation in either direction."""
    return {field.related_model for field in model._meta.get_fields(include_hidden=True) if field.is_relation}


def test_no_relation_leads_from_an_answer_to_anything():
    for model in (SurveyAnswer, SurveyInvitation):
        assert joined(model) == set()
    for model in apps.get_models(include_auto_created=True):
        assert not joined(model) & {SurveyAnswer, SurveyInvitation}, model


def test_no_value_could_stand_for_a_person_or_a_moment():
    allowed = (models.UUIDField, models.CharField, models.TextField, models.DateField, models.BooleanField, models.PositiveSmallIntegerField)  # fmt: skip
    for model in (SurveyAnswer, SurveyInvitation):
        for field in model._meta.get_fields():
            assert type(field) in allowed, field
    shared = {f.name for f in SurveyAnswer._meta.fields} & {f.name for f in SurveyInvitation._meta.fields}
    assert shared == {"id", "kind", "month"}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND (conrelid IN (%s::regclass, %s::regclass) "
            "OR confrelid IN (%s::regclass, %s::regclass))",
            [model._meta.db_table for model in (SurveyAnswer, SurveyInvitation)] * 2,
        )
        assert cursor.fetchone() == (0,)


def everything():
    """Every value of every column of every table, as text, but those of the answers themselves."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table != SurveyAnswer._meta.db_table:
                cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')  # noqa: S608 - the database's own names
                for (row,) in cursor.fetchall():
                    yield f"{table}: {row}"


def test_after_answering_signed_in_nothing_in_the_database_tells_whose_answer_it_is(client, cast):
    opportunity = at("work", cast)
    token = mails(opportunity)["sign", cast.sam]
    outbox.send_due(NOW)
    month = NOW.astimezone(clock.EASTERN).date().replace(day=1)
    client.force_login(cast.sam)
    before = set(everything())
    assert (
        client.post(address(token), {"region": "X0A", "story": "Only I would say this."}).status_code == 302
    )
    kept = SurveyAnswer.objects.get()
    after = set(everything())
    assert not after - before, "the answer leaves a trace nowhere else"
    assert all(row.startswith(SurveyInvitation._meta.db_table) for row in before - after)
    text = "\n".join(chain(after))
    for trace in (token, survey.digest(token), str(kept.pk), "X0A", "Only I would say this."):
        assert trace not in text
    assert kept.month <= month
    assert kept.month.day == 1


def test_answers_stay_as_they_are():
    token = ask()
    survey.answer(token, {"size": "small"})
    for change in (lambda rows: rows.delete(), lambda rows: rows.update(size="other")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(SurveyAnswer.objects.all())


def test_two_who_use_one_link_at_once_leave_one_answer():
    token = ask()
    assert survey.answer(token, {}) is True
    assert survey.answer(token, {}) is False
    assert SurveyAnswer.objects.count() == 1
