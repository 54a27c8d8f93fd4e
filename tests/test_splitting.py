"""Contract splitting: what looks alike is flagged with its reasons, and a person of the team decides before it goes on."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from opportunities import splitting
from opportunities.actions import Invalid, act
from opportunities.lifecycle import Refused, available
from opportunities.models import Opportunity, SplittingDecision, SplittingFlag
from opportunities.statement import fill_statement
from tests.factories import at
from tests.need import ALL_MET, NOW, a_draft, statement_data

FIRST = {
    "title_en": "Convert spreadsheets of benefits to tables",
    "need": "A script that reads the monthly spreadsheet of benefits and writes a clean table for the web page.",
    "reason": "We do it by hand each month, and make mistakes that callers find.",
}
SECOND = {
    "title_en": "Convert spreadsheets of benefits to charts",
    "need": "A script that reads the monthly spreadsheet of benefits and draws a clean chart for the web page.",
    "reason": "We do it by hand each month, and make mistakes that readers find.",
}
OTHER = {
    "title_en": "Remind staff of expiring badges",
    "need": "Each Monday, mail whoever holds a building badge that runs out within the month.",
    "reason": "Badges lapse unseen.",
}
WHY = "kumquat-marmalade: two halves of one form"


def submitted(client, now=NOW, **fields):
    need = a_draft(client, **fields)
    Opportunity.objects.filter(pk=need.pk).update(created_at=now)
    need.refresh_from_db()
    act("submit", need, client, now=now)
    need.refresh_from_db()
    return need


def test_a_need_like_another_is_flagged_with_the_reasons(cast):
    first = submitted(cast.amara, **FIRST)
    assert not splitting.flags(first)
    second = submitted(cast.bo, team_name=" INTAKE ", branch="Elsewhere", **SECOND)
    (flag,) = splitting.flags(second)
    (row,) = flag.likenesses.all()
    assert (flag.occasion, flag.decision, row.other) == ("submit", None, first)
    assert row.title >= splitting.TITLE_ALIKE and row.text >= splitting.TEXT_ALIKE
    assert (row.same_team, row.same_branch, row.same_client, row.same_repository) == (
        True,
        False,
        False,
        False,
    )
    assert splitting.counts() == {"flagged": 1, "splitting": 0, "not_splitting": 0, "undecided": 1}
    assert Opportunity.objects.get(splitting.undecided()) == second


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, True),
        ({"fields": OTHER}, False),
        ({"fields": OTHER, "repository": "https://www.github.com/ESDC/Benefits.git"}, True),
        ({"client": "bo", "team_name": "Other", "branch": "Other"}, False),
        ({"client": "bo", "team_name": "Other"}, True),
        ({"later": 364}, True),
        ({"later": 366}, False),
        ({"first": "withdrawn"}, False),
    ],
)
def test_who_and_what_is_compared(cast, change, found):
    first = submitted(cast.amara, repository="https://github.com/esdc/benefits", **FIRST)
    if change.get("first") == "withdrawn":
        act("withdraw", first, cast.amara, data={"reason": "Not needed."}, now=NOW)
    fields = change.get("fields", SECOND) | {
        name: change[name] for name in ("repository", "team_name", "branch") if name in change
    }
    client = getattr(cast, change.get("client", "amara"))
    second = submitted(client, NOW + timedelta(days=change.get("later", 1)), **fields)
    assert bool(splitting.flags(second)) == found


def test_undecided_holds_the_need_openly_and_a_person_lets_it_go_on(cast, client):
    submitted(cast.amara, **FIRST)
    need = submitted(cast.amara, **SECOND)
    offered = {
        row.name: [str(reason) for reason in reasons] for row, reasons in available(need, cast.tess, NOW)
    }
    assert "Decide first" in offered["accept"][0] and offered["decline"] == offered["decide_splitting"] == []
    with pytest.raises(Refused):
        act("accept", need, cast.tess, data=ALL_MET, now=NOW)
    with pytest.raises(Invalid) as invalid:
        act("decide_splitting", need, cast.tess, data={"answer": "splitting", "reason": " "}, now=NOW)
    assert list(invalid.value.form.errors) == ["reason"]
    for other in (cast.amara, cast.mona, cast.fin, cast.li):
        with pytest.raises(Refused) as refusal:
            act("decide_splitting", need, other, data={"answer": "not_splitting", "reason": WHY}, now=NOW)
        assert refusal.value.code == "role"

    version = need.version
    event = act("decide_splitting", need, cast.tess, data={"answer": "splitting", "reason": WHY}, now=NOW)
    need.refresh_from_db()
    assert set(event.data) == {"flag", "answer"} and need.version == version and need.state == "screening"
    with pytest.raises(Refused) as refusal:
        act("accept", need, cast.tess, data=ALL_MET, now=NOW)
    assert "is contract splitting" in str(refusal.value.reasons[0])
    act(
        "decide_splitting",
        need,
        cast.tom,
        data={"answer": "not_splitting", "reason": "A bug found later."},
        now=NOW,
    )
    client.force_login(cast.tess)
    assert "A bug found later." in client.get(reverse("accept", args=[need.reference])).text
    act("accept", need, cast.tess, data=ALL_MET, now=NOW)
    assert [decision.answer for decision in need.splitting_flags.get().decisions.all()] == [
        "splitting",
        "not_splitting",
    ]
    assert splitting.counts(Opportunity.objects.filter(pk=need.pk))["not_splitting"] == 1
    for row, change in ((SplittingFlag, {"occasion": "x"}), (SplittingDecision, {"reason": "x"})):
        with pytest.raises(DatabaseError), transaction.atomic():
            row.objects.update(**change)

    # the team reads why, and nobody else anything of it
    need.refresh_from_db()
    address = reverse("workspace_opportunity", args=[need.reference])
    for user, reads in ((cast.tess, True), (cast.amara, False)):
        client.force_login(user)
        page = client.get(address).text
        assert (WHY in page, "Compared" in page) == (reads, reads)
    client.force_login(cast.tess)
    page = client.get(reverse("admin:opportunities_opportunity_change", args=[need.pk])).text
    assert WHY in page and "Decide again" in page


def test_flagged_again_only_when_something_new_is_alike_and_held_before_posting(cast):
    submitted(cast.amara, **FIRST)
    need = submitted(cast.amara, **OTHER)
    act("accept", need, cast.tess, data=ALL_MET, now=NOW)
    need.refresh_from_db()
    need = fill_statement(need, statement_data(cast.mona), now=NOW)
    act("statement_ready", need, cast.amara, now=NOW)
    assert not splitting.flags(need)
    need.refresh_from_db()
    act("return_statement", need, cast.mona, data={"reason": "Say more."}, now=NOW)
    need.refresh_from_db()
    need = fill_statement(need, {"title": {"en": FIRST["title_en"], "fr": "Autre"}}, now=NOW)
    act("statement_ready", need, cast.amara, now=NOW)
    (flag,) = splitting.flags(need)
    assert flag.occasion == "statement_ready"
    need.refresh_from_db()
    need.state = "reserved"
    reasons = {row.name: why for row, why in available(need, cast.tess, NOW)}["post"]
    assert any("Decide first" in str(reason) for reason in reasons)
    need.refresh_from_db()
    act("decide_splitting", need, cast.tess, data={"answer": "not_splitting", "reason": WHY}, now=NOW)
    for _again in range(2):
        assert splitting.flag(need, "amend", NOW) is None, "nothing is new"
    need.repository = "https://gitlab.com/esdc/badges"
    Opportunity.objects.filter(title_en=FIRST["title_en"]).exclude(pk=need.pk).update(
        repository=need.repository
    )
    assert splitting.flag(need, "amend", NOW).decision is None
    assert splitting.counts()["undecided"] == 1


def test_the_decision_is_for_the_flag_that_was_shown(cast, client):
    submitted(cast.amara, **FIRST)
    need = submitted(cast.amara, **SECOND)
    old = need.splitting_flags.get()
    SplittingFlag.objects.create(opportunity=need, occasion="amend", raised_at=NOW)
    client.force_login(cast.tess)
    data = {"flag": old.pk, "answer": "splitting", "reason": WHY, "version": need.version}
    assert client.post(reverse("decide_splitting", args=[need.reference]), data).status_code == 409
    assert not SplittingDecision.objects.exists()


def test_the_same_supplier_in_the_same_team_is_a_reason_once_signed(cast):
    first = at("work", cast)
    Opportunity.objects.filter(pk=first.pk).update(
        title_en="Quite another thing", title_fr="", need="Apart", reason=""
    )
    Opportunity.objects.filter(pk=first.pk).update(
        repository="", short_description_en="a", short_description_fr="b", work_en="c", work_fr="d"
    )
    first.contracts.update(repository="")
    second = at("work", cast)
    (flag,) = splitting.flags(second)
    (row,) = flag.likenesses.all()
    assert (flag.occasion, row.other, row.same_supplier, row.same_team) == ("sign", first, True, True)


def test_a_need_run_again_is_not_compared_with_itself(cast):
    ended = at("cancelled", cast)
    act("rerun", ended, cast.tess, data={"reason": "Once more."})
    again = ended.reruns.get()
    act("submit", again, cast.amara)
    assert not splitting.flags(again)
