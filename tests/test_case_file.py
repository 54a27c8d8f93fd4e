"""The case file: nothing is forgotten in it, nothing sealed or nameless is told by it, and it proves itself."""

import html
import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import override

from evaluations import applications, files, preparing
from evaluations.masking import flags, suggestion
from evaluations.models import Application, Upload
from microacq import archive, clock
from opportunities.facts import label_of, title_of
from opportunities.management.commands.verify_case_file import problems
from opportunities.models import CaseFile, InternalNote, Message, Opportunity
from opportunities.publishing import case_file
from tests.choosing import CLOSING as CLOSED_AT
from tests.choosing import drawn, hours, mark_all, opened, order_of
from tests.factories import at
from tests.test_applying import BEFORE, CLOSING, words

PLANTED = "zebracadabra"
NAMES = ("Quentavious", "Brzeczyszczykiewicz", "Zorbatek", "kwijibo", "li@studio.example")
NOT_IN_IT = {
    "opportunities.SearchEntry": "made of the statement, by the database",
    "opportunities.Following": "who likes to hear of it says nothing of the opportunity, and is personal",
}
"""What hangs on an opportunity and is in no case file, with why."""


def hanging_on(model) -> set:
    """Every model whose records lead to an opportunity, over any number of foreign keys."""
    found, more = set(), {model}
    while more:
        found |= more
        more = {
            other
            for other in apps.get_models(include_auto_created=False)
            for field in other._meta.concrete_fields
            if field.is_relation and field.related_model in found and not other._meta.proxy
        } - found
    return found


def test_no_model_that_leads_to_an_opportunity_is_forgotten():
    covered = {model for part in case_file.PARTS for model in part.covers}
    forgotten = {model._meta.label for model in hanging_on(Opportunity) - covered} - set(NOT_IN_IT)
    assert forgotten == set(), "Give each a part of the case file, or a reason in NOT_IN_IT"
    assert not {model._meta.label for model in covered} & set(NOT_IN_IT)
    lists = {field.related_model for field in Opportunity._meta.many_to_many}
    assert lists <= covered | {apps.get_model("microacq.User")}
    assert len({part.key for part in case_file.PARTS}) == len(case_file.PARTS)


def test_every_label_has_words_in_both_languages():
    bare = {
        f"{model._meta.label}.{field.name}"
        for part in case_file.PARTS
        for model in part.covers
        for field in model._meta.concrete_fields
        if not field.primary_key and not isinstance(label_of(field), Promise)
    }
    assert bare == set()
    kinds = {model for part in case_file.PARTS for model in part.covers}
    assert {model._meta.label for model in kinds if not isinstance(title_of(model), Promise)} == set()


def zip_of(client, opportunity, person, *, now=None, language="en"):
    """What this person is given when asking for the case file: the ZIP, or the answer that refuses it."""
    client.force_login(person)
    with override(language):
        url = reverse("make_case_file", args=[opportunity.reference])
    opportunity.refresh_from_db()
    with clock.frozen(now or clock.now()):
        answer = client.post(url, {"version": opportunity.version})
    if answer.status_code != 200 or not answer.streaming:
        return answer
    return zipfile.ZipFile(io.BytesIO(answer.getvalue()))


def everything_in(found: zipfile.ZipFile) -> str:
    return "\n".join(
        name + "\n" + found.read(name).decode(errors="replace") for name in found.namelist()
    ).lower()


def kinds(rows) -> set[str]:
    return {row["record"] for row in rows} | {kind for row in rows for kind in kinds(row.get("inside", []))}


@pytest.mark.django_db
def test_its_pages_say_in_words_what_the_data_says_in_codes(client, cast, settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path
    found = zip_of(client, at("complete", cast), cast.tom, language="fr")
    page = html.unescape(found.read("index.html").decode())
    for code in ("inquiry_submitted", "need_accepted", "screening", "invoicing", "commit_funds"):
        assert f">{code}<" not in page, code
    for said in (
        "Emploi et Développement social Canada",
        "Titre (anglais)",
        "Titre (français)",
        "Soumettre la demande initiale",
        "Le tirage",
        ">37,5<",
    ):
        assert said in page, said


@pytest.mark.django_db
def test_a_complete_one_is_all_there(client, cast, settings, tmp_path):
    settings.UPLOAD_DIR = tmp_path
    opportunity = at("complete", cast, evaluators=[cast.eve])
    Message.objects.create(
        opportunity=opportunity, author=cast.amara, from_team=False, body="Hello.", sent_at=clock.now()
    )
    InternalNote.objects.create(
        opportunity=opportunity, author=cast.tess, text="Among us.", written_at=clock.now()
    )
    opportunity.refresh_from_db()
    before = (opportunity.version, opportunity.modified_at)
    found = zip_of(client, opportunity, cast.tom)
    opportunity.refresh_from_db()
    assert (opportunity.version, opportunity.modified_at) == before
    data = found.fp.getvalue()
    reader = archive.Reader(io.BytesIO(data))
    record, event = CaseFile.objects.get(), opportunity.events.order_by("number").last()
    assert list(problems(reader, event.hash)) == []
    assert (event.transition, event.actor, event.data) == (
        "make_case_file",
        cast.tom,
        {"sealed": 0, "names": True},
    )
    assert (record.event, record.size, record.names) == (event, len(data), True)
    assert archive.hashlib.sha256(data).hexdigest() == record.sha256
    with pytest.raises(DatabaseError), transaction.atomic():
        CaseFile.objects.update(size=1)

    whole = json.loads(found.read("case-file.json"))
    there = {kind for rows in whole["parts"].values() for kind in kinds(rows)}
    expected = {
        model._meta.label_lower
        for part in case_file.PARTS
        for model in part.covers
        if model.objects.exists()
        and model._meta.label not in ("opportunities.Skill", "opportunities.CaseFile")
    }
    assert expected <= there
    assert len(expected) > 25
    (statement,) = whole["parts"]["statement"]
    assert statement["work_fr"] == opportunity.work_fr
    assert statement["evaluators"][0]["name"] == cast.eve.name
    submission = Application.objects.get(supplier=cast.li).submissions.get()
    assert submission.content in [
        inner.get("content") for row in whole["parts"]["applications"] for inner in row["inside"]
    ]
    english, french = (found.read(name).decode() for name in ("index.html", "index-fr.html"))
    assert 'lang="en"' in english and 'lang="fr"' in french
    for page in (english, french):
        assert not re.search(r"<(script|img|link|iframe)|src=|url\(|@import", page)
        assert {part.key for part in case_file.PARTS} == set(re.findall(r'<h2 id="(\w+)"', page)) - {"parts"}
        assert submission.application.receipt in page
    secrets = re.findall(r"once-[0-9a-f]{64}", english)
    assert secrets == []
    assert (
        zip_of(client, opportunity, cast.tess, language="fr").read("index.html").decode().count('lang="fr"')
        > 0
    )
    assert CaseFile.objects.count() == 2


@pytest.mark.django_db
def test_before_closing_it_says_how_many_are_sealed_and_nothing_of_them(client, cast, settings, tmp_path):
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
        upload = SimpleUploadedFile("sign-off.pdf", b"%PDF-1.4\n" + PLANTED.encode() + b"\n%%EOF\n")
        kept = files.keep(upload, cast.li, Upload.Scan.CLEAN)
        applications.submit(
            applications.save_draft(opportunity, cast.li, {"needs_sign_off": True, "sign_off": kept}), cast.li
        )
        applications.save_draft(opportunity, cast.noor, data)
    application = Application.objects.get(supplier=cast.li)
    secrets = (PLANTED, *NAMES, application.receipt, application.sha256, kept["name"])
    for moment in (BEFORE, CLOSING - timedelta(seconds=1)):
        for who in ("tess", "tom", "root"):
            found = zip_of(client, opportunity, getattr(cast, who), now=moment)
            text = everything_in(found)
            assert [secret for secret in secrets if secret.lower() in text] == []
            assert json.loads(found.read("manifest.json"))["sealed_applications"] == 1
            assert "1 application is sealed" in found.read("index.html").decode()
    for who, status in (("amara", 409), ("eve", 409), ("fin", 409), ("bo", 409), ("li", 409), ("noor", 409)):
        answer = zip_of(client, opportunity, getattr(cast, who), now=BEFORE)
        assert answer.status_code == status, who
        assert not any(
            secret.lower() in answer.content.decode().lower() for secret in (PLANTED, application.sha256)
        )
    assert CaseFile.objects.count() == 6

    # The closing time has passed, nobody has prepared the release: counted no more, and still nobody's to read.
    text = everything_in(zip_of(client, opportunity, cast.tom, now=CLOSING))
    assert [secret for secret in secrets if secret.lower() in text] == []


@pytest.mark.django_db
def test_names_are_in_it_once_confirmed_or_for_who_prepared(client, cast):
    cast.li.name = "Quentavious Brzeczyszczykiewicz"
    cast.li.save()
    about = {
        cast.li: f"I am Quentavious of Zorbatek Digital, see https://gitlab.com/kwijibo. I know {PLANTED}."
    }
    particulars = {"business_name": "Zorbatek Digital", "code_account": "https://gitlab.com/kwijibo"}
    journey = opened(cast, cast.li, cast.sam, about=about, evaluators=[cast.eve], **particulars)
    opportunity, now = journey.opportunity, CLOSED_AT + hours(1)
    preparing.claim(opportunity, cast.tess, now)
    for application in opportunity.applications.all():
        masked = {
            a.criterion_id: suggestion(a.text, flags(a.text, preparing.identity(application)))
            for a in application.answers.all()
        }
        preparing.check(opportunity, application, cast.tess, masked, now)
    journey.act("release", cast.tess, now)
    mark_all(opportunity, cast.eve, now=CLOSED_AT + hours(3))
    receipt = opportunity.applications.get(supplier=cast.li).receipt
    secrets = (*NAMES, receipt)
    reason = opportunity.applications.first().marks.first().rationale.lower()

    def told(person, now):
        text = everything_in(zip_of(client, opportunity, person, now=now))
        return [secret for secret in secrets if secret.lower() in text], reason in text, PLANTED in text

    assert told(cast.tom, CLOSED_AT + hours(4)) == ([], False, False), "being marked"
    assert told(cast.tess, CLOSED_AT + hours(4)) == (list(secrets), False, True), (
        "who prepared, without the marks"
    )
    mark_all(opportunity, cast.amara, now=CLOSED_AT + hours(5))
    journey.act("evaluated", cast.amara, CLOSED_AT + hours(6))
    assert told(cast.tom, CLOSED_AT + hours(7)) == ([], True, True), "complete, not confirmed"
    assert told(cast.root, CLOSED_AT + hours(7)) == ([], True, True)
    journey.act("confirm", cast.tom, CLOSED_AT + hours(8))
    assert told(cast.tia, CLOSED_AT + hours(9)) == (list(secrets), True, True)


@pytest.mark.django_db
def test_it_is_read_in_a_constant_number_of_queries(cast, monkeypatch):
    # The second need is like the first, so it has a flag more.
    monkeypatch.setattr(case_file, "PARTS", [part for part in case_file.PARTS if part.key != "splitting"])
    counts = []
    for suppliers in ([cast.li], [cast.noor, cast.kim, cast.pat]):
        opportunity = opened(cast, *suppliers).opportunity
        preparing.claim(opportunity, cast.tess, CLOSED_AT + hours(1))
        reading = case_file.Reading(
            Opportunity.objects.get(pk=opportunity.pk), cast.tess, CLOSED_AT + hours(2)
        )
        with CaptureQueriesContext(connection) as queries:
            case_file.write(reading, io.BytesIO(), "en")
        counts.append(len(queries))
    assert counts[0] == counts[1] < 100


@pytest.mark.django_db
def test_the_draw_can_be_checked_from_it(client, cast, capsys, tmp_path):
    opportunity = drawn(cast, cast.noor, cast.kim).opportunity
    found = zip_of(client, opportunity, cast.tom)
    whole = json.loads(found.read("case-file.json"))
    (pool,) = whole["parts"]["draws"]
    (draw,) = pool["inside"]
    file = tmp_path / "pool.txt"
    file.write_bytes(found.read(pool["pool_file"]["path"]))
    call_command("verify_draw", str(file), signature=draw["signature"])
    assert capsys.readouterr().out.split() == draw["order"]
    assert [offer["supplier"]["name"] for offer in whole["parts"]["offers"]] == [
        order_of(opportunity)[0].name
    ]


@pytest.mark.django_db
def test_it_is_offered_to_the_team_alone_in_every_frame(client, cast):
    opportunity = at("draft", cast)
    page = reverse("make_case_file", args=[opportunity.reference])
    client.force_login(cast.tom)
    assert page in client.get(reverse("workspace_opportunity", args=[opportunity.reference])).content.decode()
    assert "index.html" in client.get(page).content.decode()
    admin = reverse("admin:opportunities_opportunity_act", args=[opportunity.pk, "make_case_file"])
    change = reverse("admin:opportunities_opportunity_change", args=[opportunity.pk])
    assert f'<form method="post" action="{admin}">' in client.get(change).content.decode(), (
        "one click from the desk"
    )
    answer = client.post(admin, {"version": opportunity.version})
    assert answer["Content-Type"] == "application/zip"
    assert "no-store" in answer["Cache-Control"]
    assert zipfile.ZipFile(io.BytesIO(answer.getvalue())).testzip() is None
    client.force_login(cast.amara)
    assert client.post(page, {"version": opportunity.version}).status_code == 409
    client.force_login(cast.bo)
    assert client.post(page, {"version": opportunity.version}).status_code == 404
    # Who has a part in the need is no member of the team there.
    opportunity.evaluators.add(cast.tess)
    client.force_login(cast.tess)
    assert client.post(page, {"version": opportunity.version}).status_code == 409
    assert opportunity.events.count() == 1


def test_a_long_file_takes_little_memory(tmp_path):
    import tracemalloc

    with open(tmp_path / "x.zip", "w+b") as target:
        writer = archive.Writer(target, BEFORE)
        tracemalloc.start()
        writer.add("long.txt", (b"x" * 65536 for _ in range(320)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        writer.close({})
    assert peak < 2 * 1024 * 1024
