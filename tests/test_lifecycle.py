"""The lifecycle: the table is the one written by hand, the door is the only way, the records cannot be changed."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils.translation import override

from microacq import clock
from opportunities import lifecycle
from opportunities.actions import act
from opportunities.lifecycle import LIFECYCLE, Refused, Role
from opportunities.management.commands.lifecycle import as_document, as_json
from opportunities.models import Event, Opportunity

from .matrix import MATRIX, ROLES, STATES
from .roles import as_owner

ROOT = Path(__file__).resolve().parent.parent


class Stand:
    """An opportunity that only stands somewhere, for a reader who has one role."""

    def __init__(self, state, role):
        self.state, self.role = state, role

    def roles_of(self, user):
        return {Role(self.role)}


def test_every_row_of_the_table_is_the_one_written_by_hand():
    table = {
        row.name: {
            "step": row.step,
            "sources": list(row.sources),
            "target": row.target,
            "roles": [str(r) for r in row.roles],
        }
        for row in LIFECYCLE
    }
    assert table == MATRIX


def test_every_role_in_every_state_may_do_what_the_matrix_says_and_nothing_else():
    checked = 0
    for row in LIFECYCLE:
        unguarded, expected = replace(row, guards=()), MATRIX[row.name]
        for state in STATES:
            for role in ROLES:
                code, reasons = lifecycle.why_not(unguarded, Stand(state, role), object(), clock.now())
                if role not in expected["roles"]:
                    assert code == "role" and len(reasons) == 1, (row.name, state, role)
                elif state not in expected["sources"]:
                    assert code == "state" and len(reasons) == 1, (row.name, state, role)
                else:
                    assert code == "", (row.name, state, role)
                checked += 1
    assert checked == len(MATRIX) * len(STATES) * len(ROLES)


def test_every_state_but_the_endings_has_a_way_on_and_every_state_can_be_reached():
    for state in STATES:
        leaves = [name for name, row in MATRIX.items() if state in row["sources"] and row["target"]]
        assert bool(leaves) != (state in lifecycle.ENDINGS), state
        assert state == "draft" or any(row["target"] == state for row in MATRIX.values()), state
    assert set(lifecycle.STATES) == set(STATES)


def test_names_and_addresses_are_unique_in_both_languages():
    assert len({row.name for row in LIFECYCLE}) == len(LIFECYCLE)
    for language in ("en", "fr"):
        with override(language):
            assert len({str(row.slug) for row in LIFECYCLE}) == len(LIFECYCLE)


def test_the_document_is_what_the_table_says():
    with override("en"):
        assert (ROOT / "docs" / "lifecycle.md").read_text() == as_document().rstrip("\n") + "\n"


def test_json_has_the_fields_that_others_read():
    rows = json.loads(as_json())
    assert {frozenset(row) for row in rows} == {frozenset({"name", "sources", "target", "roles", "step"})}
    assert {step for row in rows for step in [row["step"]]} == set(range(1, 10))


def draft(cast, **fields):
    values = {
        "title_en": "Count the visits",
        "need": "A counter",
        "reason": "We guess now",
        "team_name": "Web",
        "branch": "IITB",
        **fields,
    }
    return Opportunity.objects.create(client=cast.amara, **values)


@pytest.mark.django_db
def test_only_the_client_submits_and_the_event_says_so(cast):
    opportunity = draft(cast)
    for other in (cast.bo, cast.mona, cast.tess, cast.fin, cast.li, cast.root):
        with pytest.raises(Refused) as refusal:
            act("submit", opportunity, other)
        assert refusal.value.code == "role"
    event = act("submit", opportunity, cast.amara)
    opportunity.refresh_from_db()
    assert (opportunity.state, opportunity.version, event.source, event.target, event.role) == (
        "screening",
        2,
        "draft",
        "screening",
        "client",
    )


@pytest.mark.django_db
def test_twice_and_stale_are_refused_and_change_nothing(cast):
    opportunity = draft(cast)
    with pytest.raises(Refused) as refusal:
        act("submit", opportunity, cast.amara, version=7)
    assert refusal.value.code == "stale"
    act("submit", opportunity, cast.amara, version=1)
    opportunity.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        act("submit", opportunity, cast.amara, version=1)
    assert refusal.value.code == "state"
    assert opportunity.events.count() == 1


@pytest.mark.django_db
def test_an_incomplete_need_is_refused_with_what_is_missing_in_the_readers_language(cast):
    opportunity = draft(cast, need="", branch="")
    with pytest.raises(Refused) as refusal:
        act("submit", opportunity, cast.amara)
    assert "what is needed" in refusal.value.reasons[0] and "branch" in refusal.value.reasons[0]


@pytest.mark.django_db
def test_an_outsider_is_told_of_the_role_and_of_nothing_else(cast):
    opportunity = draft(cast, need="")
    with pytest.raises(Refused) as refusal:
        act("submit", opportunity, cast.bo)
    assert len(refusal.value.reasons) == 1 and "client" in refusal.value.reasons[0]


@pytest.mark.django_db
def test_the_database_refuses_to_change_or_delete_an_event(cast):
    act("submit", draft(cast), cast.amara)
    for change in ({"role": "team"}, {"data": {"x": 1}}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Event.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.all().delete()
    assert Event.first_break() is None


@pytest.mark.django_db
def test_verify_events_names_the_row_that_was_changed_by_the_owner(cast, capsys):
    first, second = draft(cast), draft(cast)
    act("submit", first, cast.amara)
    act("withdraw", second, cast.amara, data={"reason": "Found another way"})
    call_command("verify_events")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE opportunities_event SET role = 'team' WHERE opportunity_id = %s", [second.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(SystemExit) as stop:
        call_command("verify_events")
    assert stop.value.code == 1
    assert f"opportunity {second.pk}, number 1, withdraw" in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_submit_one(cast):
    opportunity = draft(cast)
    outcomes, start = [], threading.Barrier(20)

    def run():
        start.wait()
        try:
            act("submit", Opportunity.objects.get(pk=opportunity.pk), cast.amara)
            outcomes.append("done")
        except Refused as refusal:
            outcomes.append(refusal.code)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done"] + ["state"] * 19
    assert opportunity.events.count() == 1


def test_the_command_needs_no_database():
    script = [sys.executable, "manage.py", "lifecycle", "--format", "json"]
    environment = {
        "PATH": "/usr/bin:/bin",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    }
    done = subprocess.run(
        script, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert {row["name"] for row in json.loads(done.stdout)} == set(MATRIX)
