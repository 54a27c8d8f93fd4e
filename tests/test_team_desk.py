"""Within the team: internal notes that nobody else reads, who owns an opportunity, canned replies, the places."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from post_office.models import Email

from evaluations.own_data import as_json
from microacq import clock
from opportunities import digest
from opportunities.actions import act
from opportunities.lifecycle import Refused
from opportunities.models import CannedReply, Handover, InternalNote, Message, Opportunity
from opportunities.ownership import hand_over
from tests.factories import at, journey
from tests.need import a_draft
from tests.test_screening import answers

SECRET = "zebra-crossing-of-the-team"
HELLO = {
    "title_en": "Thanks",
    "title_fr": "Merci",
    "text_en": "Thank you for asking.",
    "text_fr": "Merci de votre question.",
}


def page(client, user, name, *args, **query):
    client.force_login(user)
    return client.get(reverse(name, args=args), query)


def change_page(need):
    return reverse("admin:opportunities_opportunity_change", args=[need.pk])


LISTS = (
    *("home", "opportunity_list", "workspace", "how_it_works"),
    *(f"opportunities_{kind}" for kind in ("atom", "ics", "json", "csv", "ocds")),
)

# internal notes


def test_notes_are_kept_with_author_and_time_and_never_changed(cast, client):
    need = a_draft(cast.amara)
    client.force_login(cast.tess)
    address = reverse("internal_notes", args=[need.reference])
    for bad in ("", "4111 1111 1111 1111", "a\x00b"):
        answer = client.post(address, {"note-text": bad})
        assert answer.status_code == 422 and not InternalNote.objects.exists()
    assert client.post(address, {"note-text": SECRET, "from": "admin"}).url == change_page(need) + "#team"
    assert client.post(address, {"note-text": "Second"}).url.endswith(f"{need.reference}/#team")
    note = need.internal_notes.first()
    assert (note.author, note.text) == (cast.tess, SECRET) and note.written_at
    for change in (lambda: InternalNote.objects.update(text="x"), InternalNote.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    for seen in (
        client.get(address),
        client.get(change_page(need)),
        page(client, cast.tom, "workspace_opportunity", need.reference),
    ):
        assert seen.text.index(SECRET) < seen.text.index("Second")
    assert not Email.objects.exists() and not need.events.exists()
    assert SECRET in as_json(cast.tess, clock.now()) and SECRET not in as_json(cast.amara, clock.now())
    client.force_login(cast.tess)
    counts = []
    for _again in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("workspace_opportunity", args=[need.reference]))
        counts.append(len(queries))
        client.post(address, {"note-text": "Third"})
        client.get(address)  # reads the message away
    assert counts[0] == counts[1]


def test_notes_reach_nobody_but_the_team(cast, client):
    """Everybody else, on every page and file of a complete opportunity, and a team member who evaluates it."""
    need = at("complete", cast, evaluators=[cast.eve, cast.root])
    InternalNote.objects.create(opportunity=need, author=cast.tess, text=SECRET, written_at=clock.now())
    hand_over(need, cast.tom, by=cast.tess, note=SECRET, former=None, now=clock.now())
    address = reverse("internal_notes", args=[need.reference])
    private = ("workspace_opportunity", "messages", "contract", "internal_notes", "owner")
    public = ("opportunity", "opportunity_json", "opportunity_ocds", "publiccode")
    for name in ("amara", "eve", "mona", "fin", "li", "sam", "root", None):
        client.logout()
        if name:
            client.force_login(getattr(cast, name))
        found = ""
        anonymous = name is None
        for view in (*private, *(public if anonymous or name == "sam" else ())):
            found += read(client.get(reverse(view, args=[need.reference]), follow=not anonymous))
        for view in LISTS if anonymous else ():
            found += read(client.get(reverse(view)))
        found += client.get(change_page(need)).text
        assert SECRET not in found, name
        assert client.post(address, {"note-text": "x"}).status_code in (302, 404), name
    assert need.internal_notes.count() == 1
    assert all(SECRET not in mail.message for mail in Email.objects.exclude(to=cast.tom.email))


def mails():
    """Gives a function that gives the emails queued since now."""
    last = Email.objects.order_by("pk").last()
    return lambda: list(Email.objects.filter(pk__gt=last.pk if last else 0))


def read(answer) -> str:
    """What was sent, a file too."""
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.text


# the owner


def test_naming_and_handing_over_is_on_record_and_the_new_owner_is_told(cast, client):
    need = at("screening", cast)
    client.force_login(cast.tess)
    address = reverse("owner", args=[need.reference])
    version = need.version
    new = mails()
    assert f'value="{cast.tess.pk}" selected' in client.get(address).text
    assert client.post(address, {"owner": cast.tess.pk, "former": ""}).status_code == 302
    assert not new(), "who names herself needs no mail"
    answer = client.post(
        address, {"owner": cast.tom.pk, "former": cast.tess.pk, "note": SECRET, "from": "admin"}
    )
    assert answer.url == change_page(need) + "#team"
    need.refresh_from_db()
    assert (need.owner, need.version) == (cast.tom, version)
    (mail,) = new()
    assert mail.to == [cast.tom.email] and SECRET in mail.message and need.reference in mail.subject
    assert [(row.former, row.owner, row.by) for row in need.handovers.all()] == [
        (None, cast.tess, cast.tess),
        (cast.tess, cast.tom, cast.tess),
    ]
    # somebody else was quicker
    assert client.post(address, {"owner": cast.tia.pk, "former": cast.tess.pk}).status_code == 409
    # nobody outside the team, nobody with another part in it
    for person in (cast.amara, cast.fin):
        assert client.post(address, {"owner": person.pk, "former": cast.tom.pk}).status_code == 422
    need.evaluators.add(cast.root)
    with pytest.raises(Refused):
        hand_over(need, cast.root, by=cast.tess, former=cast.tom.pk, now=clock.now())
    with pytest.raises(Refused):
        hand_over(need, cast.tess, by=cast.root, former=cast.tom.pk, now=clock.now())
    for name in ("amara", "mona", "fin", "li", "root"):
        assert page(client, getattr(cast, name), "owner", need.reference).status_code == 404
    assert Handover.objects.count() == 2
    seen = page(client, cast.tia, "workspace_opportunity", need.reference).text
    assert cast.tom.name in seen and SECRET in seen
    # the lists
    other, left = at("screening", cast), at("draft", cast)
    Opportunity.objects.filter(pk=left.pk).update(owner=cast.tia)
    type(cast.tia).objects.filter(pk=cast.tia.pk).update(role="client")
    for user, query, found in (
        (cast.tom, "mine", {need.pk}),
        (cast.tess, "mine", set()),
        (cast.tess, "nobody", {other.pk, left.pk}),
        (cast.tess, str(cast.tom.pk), {need.pk}),
        (cast.tess, "9" * 30, {need.pk, other.pk, left.pk}),
    ):
        rows = (
            page(client, user, "admin:opportunities_opportunity_changelist", owner=query)
            .context["cl"]
            .result_list
        )
        assert {row.pk for row in rows} == found, query


# canned replies


def test_the_team_writes_replies_in_both_languages(cast, client):
    client.force_login(cast.tess)
    add = reverse("admin:opportunities_cannedreply_add")
    answer = client.post(add, HELLO | {"text_fr": "", "order": 0, "active": "on"})
    assert "both languages" in answer.text and not CannedReply.objects.exists()
    assert client.post(add, HELLO | {"order": 0, "active": "on"}).status_code == 302
    reply = CannedReply.objects.get()
    change = reverse("admin:opportunities_cannedreply_change", args=[reply.pk])
    assert client.post(change, HELLO | {"order": 3}).status_code == 302
    assert not CannedReply.objects.offered().exists()
    assert (
        client.post(
            reverse("admin:opportunities_cannedreply_delete", args=[reply.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    for name in ("amara", "fin", "li"):
        client.force_login(getattr(cast, name))
        assert client.get(add).status_code in (302, 403)


def test_a_reply_is_put_in_without_losing_or_sending_anything(cast, client):
    reply = CannedReply.objects.create(**HELLO)
    gone = CannedReply.objects.create(**HELLO | {"title_en": "Old one"}, active=False)
    need = at("screening", cast)
    type(cast.amara).objects.filter(pk=cast.amara.pk).update(language="fr")
    client.force_login(cast.tess)
    # a message, in the language of who reads it
    address = reverse("messages", args=[need.reference])
    first = client.get(address).text
    assert "Put it in" in first and "Old one" not in first
    asked = {"body": "Typed before.", "insert_reply": "body", "reply_body": reply.pk}
    answer = client.post(address, asked)
    assert answer.status_code == 200 and "Typed before.\n\nMerci de votre question." in answer.text
    assert not Message.objects.exists()
    for odd in (
        {"reply_body": gone.pk},
        {"reply_body": "x"},
        {"reply_body": ""},
        {"insert_reply": "version", "reply_version": reply.pk},
    ):
        body = client.post(address, asked | odd).text
        assert "Typed before." in body and "Merci de votre question." not in body
    # a decision: what was ticked and noted stays, and nothing is decided
    act_page = reverse("admin:opportunities_opportunity_act", args=[need.pk, "return_for_changes"])
    typed = answers(not_met=["code"], reason="", version=need.version)
    answer = client.post(act_page, typed | {"insert_reply": "reason", "reply_reason": reply.pk})
    form = answer.context["form"]
    assert answer.status_code == 200 and form["reason"].value() == "Merci de votre question."
    assert (form["met_code"].value(), form["note_code"].value()) == ("no", "Because of code.")
    assert f'name="version" value="{need.version}"' in answer.text
    assert not need.screenings.exists()
    # others have no such button, and asking for it all the same does nothing
    client.force_login(cast.amara)
    assert "Put it in" not in client.get(address).text
    assert (
        client.post(
            reverse("withdraw", args=[need.reference]), asked | {"insert_reply": "reason"}
        ).status_code
        == 409
    )
    need.refresh_from_db()
    assert need.state == "screening"


def test_an_answer_takes_both_languages(cast, client):
    from opportunities.views.questions import ask

    reply = CannedReply.objects.create(**HELLO)
    way = journey(cast, state="posted")
    way.to("posted")
    with clock.frozen(way.moment("posted")):
        question = ask(way.opportunity, cast.li, "How many rows?")
        client.force_login(cast.tess)
        key = f"q{question.pk}_"
        data = {
            key + "do": "publish",
            key + "question_fr": "Combien?",
            "insert_reply": key + "answer",
            f"reply_{key}answer": reply.pk,
        }
        form = client.post(reverse("publish_answers", args=[way.opportunity.reference]), data).context["form"]
    assert (form[key + "answer_en"].value(), form[key + "answer_fr"].value()) == (
        HELLO["text_en"],
        HELLO["text_fr"],
    )
    assert (form[key + "do"].value(), form[key + "question_fr"].value()) == ("publish", "Combien?")
    question.refresh_from_db()
    assert question.published_at is None


# the places


def test_the_team_is_nudged_when_a_place_frees_and_somebody_waits(cast, client, settings):
    settings.CAPACITY = 2
    waiting, taken, other = at("waitlisted", cast), at("preparing", cast), at("preparing", cast)
    new = mails()
    client.force_login(cast.tess)
    assert "a place is free" not in client.get(reverse("admin:index")).text
    act("withdraw", taken, cast.amara, data={"reason": "Not needed."})
    told = [mail for mail in new() if waiting.reference in mail.message]
    assert {address for mail in told for address in mail.to} == {
        person.email for person in (cast.tess, cast.tom, cast.tia, cast.root)
    }
    front = client.get(reverse("admin:index")).text
    assert "Waitlisted, and a place is free" in front and f"{waiting.reference} {waiting.title}" in front
    # a place freed while nobody waits, or none is free, is no news
    act("decline", waiting, cast.tess, data=answers(not_met=["code"], reason="No."))
    new = mails()
    act("withdraw", other, cast.amara, data={"reason": "Not needed."})
    assert not [mail for mail in new() if "waitlist" in mail.subject]


def test_the_morning_digest_tells_of_splitting_to_decide_and_of_a_free_place(cast):
    waiting, alike = at("waitlisted", cast), at("screening", cast)
    later = clock.now() + timedelta(days=4)
    lines = digest.context_for(digest.Morning(cast.tess, later, later))
    told = {(line.about.split(",")[0], line.what) for line in lines["waiting"]}
    assert {(alike.reference, "Contract splitting to decide"), ("Waitlist", "A place is free")} <= told
    assert waiting.splitting_flags.count() == 0
