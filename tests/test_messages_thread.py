"""Messages between the client and the team, at any step, the other side told by email."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from post_office.models import Email

from microacq.models import User
from opportunities.actions import act
from opportunities.models import Message
from tests.need import NOW, a_draft, in_commitment


@pytest.fixture
def need(cast):
    return a_draft(cast.amara)


def send(client, user, need, body="How long is it?"):
    client.force_login(user)
    return client.post(reverse("messages", args=[need.reference]), {"body": body})


def recipients() -> set:
    return {address for mail in Email.objects.all() for address in mail.to}


def test_the_client_writes_and_the_team_is_told(client, need, cast):
    answer = send(client, cast.amara, need)
    assert answer.url == reverse("workspace_opportunity", args=[need.reference]) + "#messages"
    message = need.messages.get()
    assert (message.body, message.from_team, message.author) == ("How long is it?", False, cast.amara)
    assert recipients() == set(User.objects.filter(role="team").values_list("email", flat=True))


def test_the_team_answers_and_the_client_is_told(client, need, cast):
    send(client, cast.tess, need, "About two weeks.")
    assert need.messages.get().from_team
    assert recipients() == {cast.amara.email}
    client.force_login(cast.amara)
    assert (
        "About two weeks."
        in client.get(reverse("workspace_opportunity", args=[need.reference])).content.decode()
    )


def test_nobody_else_reads_or_writes(client, cast):
    need = in_commitment(cast)
    send(client, cast.amara, need, "Between us.")
    for name, status in {"mona": 409, "eve": 409, "bo": 404, "fin": 404, "li": 404}.items():
        assert send(client, getattr(cast, name), need).status_code == status, name
        for address in ("messages", "workspace_opportunity"):
            assert (
                "Between us." not in client.get(reverse(address, args=[need.reference])).content.decode()
            ), name
    client.logout()
    assert client.post(reverse("messages", args=[need.reference]), {"body": "x"}).status_code == 302
    assert Message.objects.count() == 1


@pytest.mark.parametrize("body", ["", "  ", "x" * 5001, "4111 1111 1111 1111", "a\x00b"])
def test_what_cannot_be_kept_is_refused(client, need, cast, body):
    answer = send(client, cast.amara, need, body)
    assert answer.status_code == 422
    assert not need.messages.exists()


def test_a_message_is_text_and_nothing_more(client, need, cast):
    send(client, cast.amara, need, "<script>alert(1)</script>")
    page = client.get(reverse("messages", args=[need.reference])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_messages_go_on_after_the_end(client, need, cast):
    act("withdraw", need, cast.amara, data={"reason": "Not needed."}, now=NOW)
    assert send(client, cast.tess, need).status_code == 302


def test_three_messages_cost_no_more_queries_than_one(client, need, cast):
    address = reverse("workspace_opportunity", args=[need.reference])
    counts = []
    for _round in range(2):
        send(client, cast.amara, need)
        send(client, cast.tess, need)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
