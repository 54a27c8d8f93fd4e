"""The statement as a whole: its preview, what was returned, filled at once, and copied for a new run."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import override

from microacq import clock
from microacq.clock import EASTERN
from opportunities.actions import act
from opportunities.lifecycle import Refused
from opportunities.models import Opportunity
from opportunities.statement import fill_statement
from tests.need import NOW, a_draft, in_commitment, in_preparation, statement_data


@pytest.fixture(autouse=True)
def _january():
    with clock.frozen(NOW):
        yield


@pytest.fixture
def need(cast):
    return in_preparation(cast)


def test_the_preview_shows_the_statement_in_either_language_to_those_with_a_part(client, cast):
    need = in_preparation(cast, **statement_data(cast.mona, [cast.eve]))
    for language, words in (("en", "Our queue is long."), ("fr", "Notre file est longue.")):
        with override(language):
            address = reverse("preview", args=[need.reference])
        for name in ("amara", "eve", "mona", "tess"):
            client.force_login(getattr(cast, name))
            page = client.get(address)
            assert page.status_code == 200
            assert words in page.content.decode()
    client.force_login(cast.li)
    assert client.get(address).status_code == 404


def test_a_returned_statement_shows_the_reason_to_those_who_mend_it(client, cast):
    need = in_commitment(cast)
    act("return_statement", need, cast.mona, data={"reason": "Half the price, please."})
    client.force_login(cast.amara)
    assert (
        "Half the price, please." in client.get(reverse("statement", args=[need.reference])).content.decode()
    )
    assert (
        "Half the price, please."
        in client.get(reverse("workspace_opportunity", args=[need.reference])).content.decode()
    )


def test_markdown_cannot_carry_a_script_into_the_preview(client, cast):
    need = in_preparation(cast, **statement_data(cast.mona))
    fill_statement(need, {"work": {"en": "<script>alert(1)</script> [x](javascript:alert(1))"}}, now=NOW)
    client.force_login(cast.amara)
    page = client.get(reverse("preview", args=[need.reference])).content.decode()
    assert "<script>" not in page
    assert 'href="javascript' not in page


# filling it at once


def test_filling_refuses_what_it_does_not_know_and_what_the_fields_refuse(need, cast):
    before = need.version
    for data, error in (
        ({"titel": {}}, ValueError),
        ({"declarations": {"unclassifed": True}}, ValueError),
        ({"title": {"en": "x" * 101}}, ValidationError),
        ({"manager": cast.amara}, ValidationError),
    ):
        with pytest.raises(error):
            fill_statement(need, data, now=NOW)
    assert Opportunity.objects.get().version == before
    sent = in_commitment(cast)
    with pytest.raises(Refused):
        fill_statement(sent, {"title": {"en": "Late"}}, now=NOW)


# run again


def test_run_again_copies_everything_and_leaves_past_dates_empty(cast):
    need = in_preparation(cast, **statement_data(cast.mona, [cast.eve]))
    act("cancel", need, cast.tess, data={"reason_en": "No money.", "reason_fr": "Pas d’argent."}, now=NOW)
    later = dt.datetime(2027, 1, 28, 9, 0, tzinfo=EASTERN)
    need.refresh_from_db()
    event = act("rerun", need, cast.tess, now=later)
    new = Opportunity.objects.get(rerun_of=need)
    assert event.data == {"new": new.reference}
    assert (new.state, new.client, new.manager, new.version) == ("draft", cast.amara, cast.mona, 1)
    assert (new.closing_at, new.selection_date, new.delivery_date) == (None, None, dt.date(2027, 2, 10))
    assert (new.title_fr, new.work_en, new.need, new.fixed_price) == (
        "Trier la file",
        "- Sort it",
        "Sort it.",
        Decimal("6500.00"),
    )
    assert list(new.evaluators.all()) == [cast.eve]
    assert [row.name_en for row in new.skills.all()] == ["Python", "Testing"]
    assert [row.text_fr for row in new.evaluation_criteria.all()] == ["Montrez vos compétences."]
    assert [row.kind for row in new.acceptance_criteria.all()] == ["licence", "requirements"]
    assert need.evaluation_criteria.count() == 1
    assert need.acceptance_criteria.count() == 2
    with pytest.raises(Refused):
        act("rerun", need, cast.tess, now=later)


def test_a_draft_is_filled_too(cast):
    assert fill_statement(a_draft(cast.amara), {"licence": "Apache-2.0"}, now=NOW).licence == "Apache-2.0"


def test_the_preview_says_what_is_not_written_yet_in_its_language(client, cast):
    need = in_preparation(cast, **statement_data(cast.mona) | {"work": {"en": "Only in English", "fr": ""}})
    client.force_login(cast.amara)
    for language, gaps in (("en", []), ("fr", ["work"])):
        with override(language):
            page = client.get(reverse("preview", args=[need.reference]))
        assert len(page.context["gaps"]) == len(gaps)
