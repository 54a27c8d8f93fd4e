"""The pilot's own posts become a statement in preparation: once, whole, or not at all."""

import datetime as dt
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from microacq import clock
from microacq.clock import EASTERN
from opportunities.actions import act
from opportunities.models import Event, Opportunity
from opportunities.statement import fill_statement
from tests.need import NOW, a_draft, in_preparation, statement_data

PILOT = Path(__file__).parent / "data" / "pilot"
EN, FR = (str(PILOT / f"opportunity-azure-policies.{language}.md") for language in ("en", "fr"))
JUNE_2021 = dt.datetime(2021, 6, 20, 10, 0, tzinfo=EASTERN)


@pytest.fixture(autouse=True)
def _january():
    with clock.frozen(NOW):
        yield


def run(cast, *more, en=EN, fr=FR, client=None) -> str:
    out = io.StringIO()
    call_command("import_statement", en, fr, *more, client=client or cast.amara.email, stdout=out)
    return out.getvalue()


def test_it_reaches_preparation_through_the_lifecycle(cast):
    said = run(cast)
    found = Opportunity.objects.get()
    assert found.reference in said
    assert (found.state, found.client, found.imported_ref) == ("preparing", cast.amara, "opportunity1")
    assert [event.transition for event in found.events.all()] == ["submit", "accept"]
    assert {event.actor for event in found.events.all()} == {None}
    assert Event.first_break() is None
    assert found.screenings.get().results.filter(met=True).count() == 9
    assert found.title_en == "Building custom Azure marketplace policies"
    assert found.title_fr.startswith("Élaboration de politiques")
    assert found.work_en.startswith("To complete this opportunity")
    assert found.closing_at == dt.datetime(2021, 7, 12, 23, 59, 59, tzinfo=EASTERN)
    assert (str(found.fixed_price), found.licence) == ("6500.00", "MIT")
    assert [row.name_en for row in found.skills.all()] == [
        "Azure Policies",
        "Azure Runbooks (via Powershell)",
    ]
    assert found.evaluation_criteria.count() == 1
    assert [row.kind for row in found.acceptance_criteria.all()] == ["requirements", "licence", "test"]


def test_it_says_what_it_could_not_place_and_what_is_still_to_do(cast):
    said = run(cast)
    assert "sandbox will be pre-populated" in said
    assert "Its dates have passed" in said
    assert "Manager and evaluators" in said
    assert "the team and the branch" in said
    assert "of the client" not in run(cast, "--opportunity", Opportunity.objects.get().reference)


def test_run_twice_it_makes_no_second_one(cast):
    run(cast)
    before = Opportunity.objects.get()
    said = run(cast)
    after = Opportunity.objects.get()
    assert f"already imported as {after.reference}" in said
    assert after.version == before.version
    assert Event.objects.count() == 2


def test_the_team_and_branch_can_be_given(cast):
    said = run(cast, "--team", "Cloud Operations", "--branch", "IITB")
    found = Opportunity.objects.get()
    assert (found.team_name, found.branch) == ("Cloud Operations", "IITB")
    assert "The files do not give" not in said


def test_dates_that_are_still_to_come_are_kept_without_a_word(cast):
    with clock.frozen(JUNE_2021):
        assert "Its dates have passed" not in run(cast)


@pytest.mark.parametrize("broken", ["", "no front matter", "---\ntitle: [\n---\n"])
def test_a_broken_file_changes_nothing(cast, tmp_path, broken):
    bad = tmp_path / "bad.md"
    bad.write_text(broken, encoding="utf-8")
    for files in ({"en": str(bad)}, {"fr": str(bad)}):
        with pytest.raises(CommandError) as refusal:
            run(cast, **files)
        assert refusal.value.returncode == 1
        assert "file" in str(refusal.value)
    assert not Opportunity.objects.exists()
    assert not Event.objects.exists()


def test_a_file_that_is_not_there_and_files_in_the_wrong_order(cast, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        run(cast, en=str(tmp_path / "none.md"))
    with pytest.raises(CommandError, match="cannot be read"):
        run(cast, en=str(tmp_path))
    with pytest.raises(CommandError, match="right order"):
        run(cast, en=FR, fr=EN)
    assert not Opportunity.objects.exists()


@pytest.mark.parametrize("address", ["nobody@hrsdc-rhdcc.gc.ca", "li@studio.example", "nonsense"])
def test_the_client_has_an_account_of_the_department(cast, address):
    with pytest.raises(CommandError, match="No active account"):
        run(cast, client=address)
    assert not Opportunity.objects.exists()


def test_one_in_preparation_is_filled_with_new_dates(cast):
    need = in_preparation(cast)
    events = need.events.count()
    said = run(cast, "--opportunity", need.reference)
    need.refresh_from_db()
    # 10 business days after Tuesday the 12th is the 26th; two more, the 28th; the files leave 7 days for the work.
    assert need.closing_at == dt.datetime(2027, 1, 26, 23, 59, tzinfo=EASTERN)
    assert (need.selection_date, need.delivery_date) == (dt.date(2027, 1, 28), dt.date(2027, 2, 4))
    assert "10 business days from now" in said
    assert "2027-01-26" in said
    assert need.title_fr.startswith("Élaboration")
    assert need.events.count() == events
    assert Opportunity.objects.count() == 1
    again = run(cast, "--opportunity", need.reference)
    need.refresh_from_db()
    assert "was filled" in again
    assert need.evaluation_criteria.count() == 1
    assert need.acceptance_criteria.count() == 3


def test_filling_keeps_people_and_declarations_so_that_it_can_go_on(cast):
    need = in_preparation(cast, **statement_data(cast.mona, [cast.eve]))
    run(cast, "--opportunity", need.reference)
    need.refresh_from_db()
    assert need.manager == cast.mona


def test_only_the_clients_own_and_only_in_preparation(cast):
    need = in_preparation(cast)
    draft = a_draft(cast.amara)
    for reference, client, words in (
        (need.reference, cast.bo.email, "not the client"),
        (draft.reference, None, "only a statement in preparation"),
        ("MA-1999-0001", None, "There is no opportunity"),
    ):
        with pytest.raises(CommandError, match=words):
            run(cast, "--opportunity", reference, client=client)
    need.refresh_from_db()
    assert need.title_en == "Sort the queue"


def test_filled_and_completed_it_goes_to_the_manager(cast):
    run(cast)
    need = Opportunity.objects.get()
    run(cast, "--opportunity", need.reference)
    need.refresh_from_db()
    fill_statement(need, {"manager": cast.mona, "declarations": True}, now=NOW)
    act("statement_ready", need, cast.amara)
