"""Rows 12 and 13: the database refuses to change what is evidence, and what its owner changes all the same is found."""

import json
from datetime import datetime, timedelta

import pgtrigger
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from microacq import clock, database_roles
from opportunities import daily_head, digest, due, verifying
from opportunities.actions import act
from opportunities.lifecycle import Refused
from opportunities.models import DailyHead, Event, Heartbeat, Notification
from tests import roles
from tests.factories import at, journey
from tests.need import NOW

pytestmark = pytest.mark.django_db
PROTECTED = sorted({model._meta.db_table for model, _trigger in pgtrigger.registered()})


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []


# row 12: the role that runs the application


def test_row_12_the_application_runs_as_a_role_that_owns_nothing_and_has_just_what_it_needs():
    with connection.cursor() as cursor:
        assert list(database_roles.differences(cursor)) == []
    call_command("setup_roles", check=True)
    assert sql("SELECT current_user, session_user") == [(database_roles.RUNTIME, database_roles.RUNTIME)]


def test_row_12_a_role_with_more_than_it_needs_is_named(capsys):
    with roles.as_owner():
        sql('GRANT TRUNCATE, UPDATE ON opportunities_event TO "microacq_app"')
        sql('REVOKE INSERT ON opportunities_event FROM "microacq_app"')
    with pytest.raises(SystemExit):
        call_command("setup_roles", check=True)
    said = capsys.readouterr().err
    for sentence in ("has TRUNCATE", "opportunities_event.hash: the role has UPDATE", "lacks INSERT"):
        assert sentence in said
    # the administrator of the tests' server is not fit to run the application
    with roles.as_owner(), pytest.raises(SystemExit):
        call_command("setup_roles", check=True)
    assert "pass by every right" in capsys.readouterr().err


def test_row_12_update_delete_and_truncate_of_protected_tables_are_refused():
    """For want of a right, whether or not a row is there and whatever the triggers would say."""
    granted = {rights.table: rights for rights in database_roles.rights()}
    every_table = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert len(PROTECTED) > 30 and every_table >= set(PROTECTED)
    sql("SELECT set_config('pgtrigger.ignore', %s, true)", "{append_only}")
    for table in sorted(every_table | {"django_migrations"}):
        assert roles.refused(f"TRUNCATE {table} CASCADE"), table
        assert roles.refused(f"ALTER TABLE {table} DISABLE TRIGGER ALL"), table
        assert roles.refused(f"DROP TABLE {table} CASCADE"), table
    for model, triggers in protected_models():
        table = model._meta.db_table
        assert roles.refused(f"DELETE FROM {table}"), table
        for field in model._meta.local_concrete_fields:
            changed = f'UPDATE {table} SET "{field.column}" = "{field.column}"'
            kept = any(keeps(trigger, field) for trigger in triggers)
            assert roles.refused(changed) == kept, (table, field.column)
        assert granted[table].whole[:2] == ("SELECT", "INSERT")
    for statement in (
        "SET session_replication_role = replica",
        'SET ROLE "microacq_owner"',
        "CREATE TABLE own (id int)",
        "SELECT setval('opportunities_event_id_seq', 1)",
    ):
        assert roles.refused(statement), statement


def protected_models():
    found: dict = {}
    for model, trigger in pgtrigger.registered():
        found.setdefault(model, []).append(trigger)
    return found.items()


def keeps(trigger, field) -> bool:
    """Whether a trigger lets nobody change a column, as the model declares it."""
    if isinstance(trigger, pgtrigger.ReadOnly):
        return field.name in trigger.fields or field.attname in trigger.fields or field.primary_key
    return not trigger.condition and "UPDATE" in str(trigger.operation)


def test_row_12_the_triggers_cannot_be_passed_by_with_a_setting(cast):
    """What may be emptied and nothing else keeps its words, even where the role has the right to that column."""
    at("posted", cast)
    every_trigger = [trigger.get_pgid(model) for model, trigger in pgtrigger.registered()]
    event = Event.objects.first()
    sql("SELECT set_config('pgtrigger.ignore', %s, true)", "{" + ",".join(every_trigger) + "}")
    for pgid in every_trigger:
        assert sql("SELECT public._pgtrigger_should_ignore(%s)", pgid) == [(False,)]
    assert roles.refused("UPDATE opportunities_event SET role = 'team' WHERE id = %s", [event.pk])


def test_row_12_the_whole_way_from_draft_to_complete_as_the_runtime_role(cast, client):
    road = journey(cast, state="complete")
    assert road.to("complete").state == "complete"
    client.force_login(cast.amara)  # sessions
    page = client.get(reverse("workspace_opportunity", args=[road.opportunity.reference]))
    assert page.status_code == 200
    call_command("tick", verbosity=0)
    assert Heartbeat.objects.get(name=due.ROUND).done_at
    call_command("verify_events", heads=True)
    client.logout()
    words = {"login": cast.li.email, "password": "correct horse battery"}
    assert client.post(reverse("account_login"), words).status_code == 302
    assert client.post(reverse("account_login"), words).status_code == 302
    assert sql("SELECT current_user") == [(database_roles.RUNTIME,)]


def test_row_12_setup_roles_prints_sql_without_a_database(capsys):
    call_command("setup_roles", owner="records_owner", runtime="records_app")
    text = capsys.readouterr().out
    assert 'GRANT SELECT, INSERT ON "opportunities_event" TO "records_app";' in text
    assert "PASSWORD" not in text and "TRUNCATE" not in text and "microacq_app" not in text
    for name in ('x"; DROP', "Ünique", "1st"):
        with pytest.raises(Exception, match="different names"):
            call_command("setup_roles", runtime=name)


# row 13: what the owner does behind the application's back


@pytest.fixture
def two_chains(cast):
    """Two opportunities of several events, and heads of two days over them."""
    now = timezone.now()
    first, second = at("selection", cast), at("review", cast)
    daily_head.make(now - timedelta(days=1))
    act("award_single" if first.state == "confirmed" else "cancel", first, cast.tom, data=CANCEL, now=now)
    daily_head.make(now)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    return first, second


CANCEL = {"reason_en": "Not needed.", "reason_fr": "Plus nécessaire."}


def problems(kept=()) -> tuple[list[str], list[str]]:
    return list(verifying.breaks()), list(verifying.wrong_heads(kept))


def behind(statement, *params):
    """As somebody who may switch the triggers off."""
    with roles.as_owner():
        sql("SET LOCAL session_replication_role = replica")
        sql(statement, *params)
        sql("SET LOCAL session_replication_role = origin")


class Rollback(Exception):
    pass


def tampered(*statements, kept=()):
    """What is found after the statements; everything is as before afterwards."""
    try:
        with transaction.atomic():
            for statement, *params in statements:
                behind(statement, *params)
            found = problems(kept)
            raise Rollback
    except Rollback:
        return found


E = "opportunities_event"


def test_row_13_a_row_changed_by_the_owner_is_named_and_so_is_everything_else(two_chains, capsys, tmp_path):
    first, second = two_chains
    assert problems() == ([], [])
    last = first.events.last()
    middle = first.events.get(number=3)
    where = f"event {middle.pk} (opportunity {first.pk}, number 3, {middle.transition})"
    kept = [daily_head.published(head) for head in DailyHead.objects.all()]

    # changed: each column that says something
    for column, value in (("role", "team"), ("actor_id", None), ("target", "complete"), ("transition", "x")):
        chains, _heads = tampered((f"UPDATE {E} SET {column} = %s WHERE id = %s", value, middle.pk))
        assert any(
            f"event {middle.pk} (opportunity {first.pk}, number 3" in s and "was changed" in s for s in chains
        )
    chains, _heads = tampered((f"UPDATE {E} SET at = at + interval '1 microsecond' WHERE id = %s", middle.pk))
    assert chains == [f"{where}: was changed after it was written"]
    chains, _heads = tampered((f"""UPDATE {E} SET data = data || '{{"x": 1}}' WHERE id = %s""", middle.pk))
    assert chains == [f"{where}: was changed after it was written"]

    # a middle one deleted; one put in between; two exchanged between opportunities
    chains, _heads = tampered((f"DELETE FROM {E} WHERE id = %s", middle.pk))
    assert len(chains) == 1 and "number 3 is missing before it" in chains[0]
    chains, _heads = tampered(
        (f"UPDATE {E} SET number = number + 100 WHERE opportunity_id = %s AND number > 2", first.pk),
        (f"UPDATE {E} SET number = number - 99 WHERE opportunity_id = %s AND number > 102", first.pk),
        (
            f"INSERT INTO {E} (opportunity_id, number, transition, source, target, role, at, data, previous, hash)"
            " SELECT opportunity_id, 3, 'reserve_funds', source, target, 'finance', at, '{}', previous, repeat('a', 64)"
            f" FROM {E} WHERE id = %s",
            middle.pk,
        ),
    )
    assert any(f"opportunity {first.pk}, number 3, reserve_funds" in sentence for sentence in chains)
    other = second.events.get(number=3)
    chains, _heads = tampered(
        (f"UPDATE {E} SET number = 900 WHERE id = %s", middle.pk),
        (f"UPDATE {E} SET opportunity_id = %s WHERE id = %s", first.pk, other.pk),
        (f"UPDATE {E} SET opportunity_id = %s, number = 3 WHERE id = %s", second.pk, middle.pk),
    )
    assert len(chains) == 2 and f"event {other.pk} (opportunity {first.pk}, number 3" in chains[0]

    # the end cut off: the chain holds, the state tells; with the state set back too, only the head tells
    chains, _heads = tampered((f"DELETE FROM {E} WHERE id = %s", last.pk))
    assert chains == [
        f"opportunity {first.pk} ({first.reference}): is at cancelled, and its last event, number {last.number - 1}, led to {last.source}"
    ]
    chains, heads = tampered(
        (f"DELETE FROM {E} WHERE id = %s", last.pk),
        ("UPDATE opportunities_opportunity SET state = %s WHERE id = %s", last.source, first.pk),
    )
    assert chains == []
    assert (
        len(heads) == 1
        and f"opportunity {first.pk}: event number {last.number}" in heads[0]
        and "is missing" in heads[0]
    )

    # everything gone
    chains, heads = tampered((f"TRUNCATE {E} CASCADE",))
    assert len(chains) == 2 and len(heads) == 2 and "nothing is left" in heads[0]

    # a whole chain written anew, every hash right: only the head tells; heads made anew too: only kept copies tell
    rewrite = [*written_anew(second)]
    chains, heads = tampered(*rewrite)
    assert chains == []
    assert heads == [
        f"opportunity {second.pk}: event number {second.events.count()} is not the one that the head of {kept[0]['date']} holds"
    ]
    head = DailyHead.objects.first()
    _chains, heads = tampered(
        ("UPDATE opportunities_dailyhead SET events = events + 1 WHERE id = %s", head.pk)
    )
    assert heads == [f"head of {head.day}: its numbers are not those of its text"]
    _chains, heads = tampered(
        ("UPDATE opportunities_dailyhead SET hash = %s WHERE id = %s", "0" * 64, head.pk)
    )
    assert "was changed" in heads[0] and "does not carry" in heads[1]
    _chains, heads = tampered(("TRUNCATE opportunities_dailyhead",), kept=kept)
    assert heads == [f"head of {row['date']}: was published, and is missing" for row in kept]

    # one put at the end and dated back
    chains, heads = tampered(
        (
            f"UPDATE {E} SET at = at - interval '9 days', number = %s, opportunity_id = %s WHERE id = %s",
            last.number + 1,
            first.pk,
            other.pk,
        )
    )
    assert any("is dated before the head" in sentence for sentence in heads)

    # as the operator sees it
    file = tmp_path / "heads.json"
    file.write_text(json.dumps({"heads": kept}))
    call_command("verify_events", published=str(file))
    file.write_text(json.dumps({"heads": [kept[0] | {"hash": "f" * 64}]}))
    with pytest.raises(SystemExit) as stop:
        call_command("verify_events", published=str(file))
    said = capsys.readouterr()
    assert stop.value.code == 1 and "is not the one that was published" in said.err
    assert "2 daily heads, every one holds." in said.out


def written_anew(opportunity):
    """Statements that write the chain again with another first role, all its hashes right."""
    previous = verifying.GENESIS
    for event in opportunity.events.order_by("number"):
        if event.number == 1:
            event.role = "team"
        event.previous = previous
        event.hash = previous = event.computed_hash()
        yield (
            f"UPDATE {E} SET role = %s, previous = %s, hash = %s WHERE id = %s",
            event.role,
            event.previous,
            event.hash,
            event.pk,
        )


def test_row_13_one_head_a_day_whoever_makes_it_and_anyone_can_read_it(cast, client):
    at("posted", cast)
    with clock.frozen(NOW):
        assert [daily_head.make(NOW) for _tick in "ab"] == [1, 0]
        first = daily_head.latest()
        assert daily_head.make(NOW + timedelta(days=1)) == 1
        second = daily_head.latest()
        assert second.previous == first.hash and second.day == first.day + timedelta(days=1)
        assert daily_head.grown_in(second.body) == {}  # nothing grew, and the head stands all the same
        assert daily_head.make(NOW) == 0  # a clock that goes back makes none
    for language in ("en", "fr"):
        with override(language):
            shown = client.get(reverse("daily_heads"))
        assert shown.status_code == 200 and first.hash in shown.text and second.hash in shown.text
    morning = datetime(2027, 2, 2, 7, 5, tzinfo=clock.EASTERN)
    with clock.frozen(morning):
        at("review", cast)  # so that something waits for the team
        digest.send(morning)
    mails = {
        note.recipient: note.email.message for note in Notification.objects.filter(template=digest.TEMPLATE)
    }
    assert second.hash in mails[cast.tess] and second.hash in mails[cast.tom]
    assert all(
        "SHA" not in text and second.hash not in text for who, text in mails.items() if who.role != "team"
    )
    answer = client.get(reverse("daily_heads_json"))
    found = answer.json()
    assert [head["hash"] for head in found["heads"]] == [second.hash, first.hash]
    assert found["heads"][0] == daily_head.published(second)
    assert "MA-" not in answer.text and answer["Access-Control-Allow-Origin"] == "*"


def test_row_13_the_page_asks_as_much_for_three_heads_as_for_one(client):
    counts = []
    for days in (0, 1, 2):
        daily_head.make(NOW + timedelta(days=days))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse("daily_heads")).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[2]


def test_row_13_a_refused_action_leaves_no_event_and_a_job_that_fails_is_on_record(cast, monkeypatch):
    opportunity = at("posted", cast)
    before = opportunity.events.count()
    with pytest.raises(Refused):
        act("cancel", opportunity, cast.amara, data=CANCEL)
    assert opportunity.events.count() == before

    def broken(now):
        raise ValueError("never mind")

    monkeypatch.setattr("opportunities.management.commands.tick.JOBS", [(1, "broken job", broken)])
    call_command("tick", verbosity=0)
    assert Heartbeat.objects.get(name="broken job").failed_at and due.last_round()
