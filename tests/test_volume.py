"""What is read of much: piece by piece in its own order, and no mail that was sent to find the next that waits."""

from django.db import connection
from post_office.models import STATUS, Email

from microacq import clock, outbox
from microacq.models import User
from microacq.pieces import pieces


def test_pieces_keep_the_order_and_leave_out_what_is_gone(db, django_assert_num_queries):
    people = [
        User.objects.create_user(f"person{n}@example.org", "x" * 12, name=f"Person {n}") for n in range(7)
    ]
    backwards = User.objects.filter(name__startswith="Person").order_by("-pk")
    with django_assert_num_queries(1 + 3):
        found = list(pieces(backwards, 3))
    assert [[person.pk for person in some] for some in found] == [
        [person.pk for person in people[start::-1][:3]] for start in (6, 3, 0)
    ]
    reading = pieces(backwards, 3)
    next(reading)
    User.objects.filter(pk=people[2].pk).update(name="Gone")
    assert [person.name for person in next(reading)] == ["Person 3", "Person 1"]
    assert list(pieces(User.objects.none(), 3)) == []


def test_the_next_mail_is_found_by_an_index_of_those_that_wait(db):
    for status in (STATUS.sent, STATUS.queued, STATUS.requeued):
        Email.objects.create(to=["li@example.org"], from_email="team@example.org", status=status)
    waiting = outbox.due(clock.now())
    assert {mail.status for mail in waiting} == {STATUS.queued, STATUS.requeued}
    with connection.cursor() as cursor:
        sql, params = waiting.filter(pk__gt=0)[:1].query.sql_with_params()
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {sql}", params)
        assert "microacq_mail_due" in "\n".join(line for (line,) in cursor.fetchall())
