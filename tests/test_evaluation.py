"""Step 5: every mark has its reason, nobody is swayed by another's, and what was judged stays on record."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from evaluations import marking
from evaluations.demo.journey import FAIL_REASON, PASS_REASON
from evaluations.models import Consensus, CriterionResult, Sheet
from microacq import clock
from opportunities import digest
from opportunities.actions import act as act_on
from opportunities.lifecycle import Refused
from opportunities.models import Notification

from .choosing import CLOSING, hours, label_of, mark_all, opened, released

NOW = CLOSING + hours(3)
pytestmark = pytest.mark.django_db


@pytest.fixture
def opportunity(cast):
    """Two applications, two criteria; Amara and Eve evaluate."""
    return released(cast, cast.li, cast.sam, evaluators=[cast.eve]).opportunity


def page(name, opportunity, *rest):
    return reverse(name, args=[opportunity.reference, *rest])


def get(client, user, url):
    client.force_login(user)
    with clock.frozen(NOW):
        return client.get(url)


def post(client, user, url, /, now=NOW, **data):
    client.force_login(user)
    with clock.frozen(now):
        return client.post(url, data)


def act(name, opportunity, user, **options):
    """A transition of the opportunity as it now is."""
    opportunity.refresh_from_db()
    return act_on(name, opportunity, user, **options)


def marks(opportunity, passed=True, reason=PASS_REASON):
    return {criterion.pk: (passed, reason) for criterion in opportunity.evaluation_criteria.all()}


def test_the_declaration_comes_first(client, cast, opportunity):
    url = page("evaluate", opportunity)
    body = get(client, cast.eve, url).content.decode()
    assert "no conflict of interest" in body
    assert "Applicant A" not in body
    assert get(client, cast.eve, page("evaluate_application", opportunity, "A")).status_code == 409
    with pytest.raises(Refused, match="Declare first"):
        marking.mark(opportunity, cast.eve, "A", marks(opportunity), NOW)
    post(client, cast.eve, url, action="declare")
    assert not Sheet.objects.get(evaluator=cast.eve).declared_at, "the box was not ticked"
    post(client, cast.eve, url, action="declare", no_conflict="on")
    assert Sheet.objects.get(evaluator=cast.eve).declared_at == NOW
    assert "Applicant A" in get(client, cast.eve, url).content.decode()


def test_only_those_named_mark(client, cast, opportunity):
    for person in (cast.tess, cast.tom, cast.root, cast.mona, cast.fin, cast.bo, cast.li):
        for url in (page("evaluate", opportunity), page("evaluate_application", opportunity, "A")):
            answer = get(client, person, url)
            assert answer.status_code in (404, 409), person
            assert post(client, person, url, action="declare", no_conflict="on").status_code in (404, 409)
    assert not Sheet.objects.exclude(declared_at=None).exists()


def test_saving_as_one_goes(client, cast, opportunity):
    marking.declare(opportunity, cast.eve, NOW)
    url = page("evaluate_application", opportunity, "A")
    first, second = opportunity.evaluation_criteria.all()
    answer = post(client, cast.eve, url, **{f"mark_{first.pk}": "fail", f"reason_{first.pk}": "Too little."})
    assert answer.status_code == 422
    assert "at least 20 words" in answer.content.decode()
    assert "Too little." in answer.content.decode(), "what was typed is still there"
    assert (
        post(
            client, cast.eve, url, **{f"mark_{first.pk}": "pass", f"reason_{first.pk}": "   \n\t  "}
        ).status_code
        == 422
    )
    assert post(client, cast.eve, url, **{f"reason_{second.pk}": PASS_REASON}).status_code == 422, (
        "a reason without a mark"
    )
    assert not CriterionResult.objects.exists()
    assert (
        post(
            client, cast.eve, url, **{f"mark_{first.pk}": "fail", f"reason_{first.pk}": FAIL_REASON}
        ).status_code
        == 302
    )
    saved = CriterionResult.objects.get()
    assert (saved.criterion, saved.passed, saved.evaluator) == (first, False, cast.eve)
    assert FAIL_REASON in get(client, cast.eve, url).content.decode()
    assert "You made 1 of 4 marks" in get(client, cast.eve, page("evaluate", opportunity)).content.decode()


def test_two_windows_do_not_overwrite_each_other(client, cast, opportunity):
    marking.declare(opportunity, cast.eve, NOW)
    url = page("evaluate_application", opportunity, "A")
    first, _second = opportunity.evaluation_criteria.all()
    seen = get(client, cast.eve, url).context["form"].initial["seen"]
    data = {f"mark_{first.pk}": "pass", f"reason_{first.pk}": PASS_REASON, "seen": seen}
    assert post(client, cast.eve, url, **data).status_code == 302
    other = "I read it again in the other window, and it shows what we asked."
    answer = post(client, cast.eve, url, now=NOW + hours(1), **(data | {f"reason_{first.pk}": other}))
    assert answer.status_code == 409
    assert other in answer.content.decode()
    assert CriterionResult.objects.get().rationale == PASS_REASON


def test_what_does_not_belong_is_refused(cast, opportunity):
    marking.declare(opportunity, cast.eve, NOW)
    elsewhere = opened(cast, cast.noor).opportunity.evaluation_criteria.first()
    for label, given in (
        ("A", {elsewhere.pk: (True, PASS_REASON)}),
        ("Z", marks(opportunity)),
        ("", marks(opportunity)),
        ("A", marks(opportunity, True, " \n ")),
        ("A", marks(opportunity, False, "not enough words")),
    ):
        with pytest.raises(Refused):
            marking.mark(opportunity, cast.eve, label, given, NOW)
    assert not CriterionResult.objects.exists()


def test_no_mark_for_an_application_that_was_set_aside_or_before_the_release(cast):
    journey = opened(cast, cast.li, cast.sam)
    with pytest.raises(Refused):
        marking.mark(journey.opportunity, cast.amara, "", marks(journey.opportunity), NOW)


def test_others_marks_are_hidden_until_everybody_has_handed_in(client, cast, opportunity):
    mark_all(opportunity, cast.amara, failing=[cast.sam], now=NOW)
    marking.declare(opportunity, cast.eve, NOW)
    label = label_of(opportunity, cast.sam)
    for url in (page("evaluate", opportunity), page("evaluate_application", opportunity, label)):
        body = get(client, cast.eve, url).content.decode()
        assert FAIL_REASON not in body
        assert "Fail</span>" not in body
    mark_all(opportunity, cast.eve, now=NOW)
    body = get(client, cast.eve, page("evaluate_application", opportunity, label)).content.decode()
    assert FAIL_REASON in body
    assert "Your decision" not in body, "only the client decides"
    assert (
        "Your decision"
        in get(client, cast.amara, page("evaluate_application", opportunity, label)).content.decode()
    )


def test_marks_handed_in_stay(client, cast, opportunity):
    mark_all(opportunity, cast.eve, now=NOW)
    url = page("evaluate_application", opportunity, "A")
    first, _second = opportunity.evaluation_criteria.all()
    assert (
        post(
            client, cast.eve, url, **{f"mark_{first.pk}": "fail", f"reason_{first.pk}": FAIL_REASON}
        ).status_code
        == 422
    )
    marking.take_back(opportunity, cast.eve, NOW)
    assert post(client, cast.eve, url, action="marks").status_code == 422, (
        "a mark that was made cannot be emptied"
    )
    marking.hand_in(opportunity, cast.eve, NOW)
    mark_all(opportunity, cast.amara, now=NOW)
    with pytest.raises(Refused, match="sees all marks"):
        marking.take_back(opportunity, cast.eve, NOW)


def test_handing_in_needs_every_mark(cast, opportunity):
    marking.declare(opportunity, cast.eve, NOW)
    marking.mark(opportunity, cast.eve, "A", marks(opportunity), NOW)
    with pytest.raises(Refused, match="2 marks are still to be made"):
        marking.hand_in(opportunity, cast.eve, NOW)


def test_where_marks_differ_the_client_decides_with_a_reason(client, cast, opportunity):
    mark_all(opportunity, cast.amara, failing=[cast.sam], now=NOW)
    label = label_of(opportunity, cast.sam)
    first, second = opportunity.evaluation_criteria.all()
    with pytest.raises(Refused, match="Not everybody"):
        marking.decide(opportunity, cast.amara, label, first.pk, True, PASS_REASON, NOW)
    mark_all(opportunity, cast.eve, now=NOW)
    with pytest.raises(Refused, match="missing"):
        act("evaluated", opportunity, cast.amara, now=NOW)
    url = page("evaluate_application", opportunity, label)
    data = {"action": "decide", "criterion": first.pk, f"consensus-{first.pk}-mark": "pass"}
    assert post(client, cast.amara, url, **data, **{f"consensus-{first.pk}-reason": "ok"}).status_code == 422
    assert (
        post(client, cast.eve, url, **data, **{f"consensus-{first.pk}-reason": PASS_REASON}).status_code
        == 409
    )
    assert (
        post(client, cast.amara, url, **data, **{f"consensus-{first.pk}-reason": PASS_REASON}).status_code
        == 302
    )
    marking.decide(opportunity, cast.amara, label, second.pk, False, FAIL_REASON, NOW)
    with pytest.raises(Refused, match="do not differ"):
        marking.decide(
            opportunity, cast.amara, label_of(opportunity, cast.li), first.pk, False, FAIL_REASON, NOW
        )
    act("evaluated", opportunity, cast.amara, now=NOW)
    act("confirm", opportunity, cast.tom, now=NOW)
    assert opportunity.applications.get(supplier=cast.li).passed is True
    assert opportunity.applications.get(supplier=cast.sam).passed is False, "one criterion is decided a fail"
    record = opportunity.evaluation_records.get().content
    of_sam = next(row for row in record["applications"] if row["label"] == label)
    assert [row["consensus"]["passed"] for row in of_sam["criteria"]] == [True, False]
    assert "sam" not in str(record).lower()


def test_a_decision_is_overtaken_by_a_later_mark(cast, opportunity):
    mark_all(opportunity, cast.amara, failing=[cast.sam], now=NOW)
    mark_all(opportunity, cast.eve, now=NOW)
    label = label_of(opportunity, cast.sam)
    for criterion in opportunity.evaluation_criteria.all():
        marking.decide(opportunity, cast.amara, label, criterion.pk, False, FAIL_REASON, NOW)
    act("evaluated", opportunity, cast.amara, now=NOW)
    act("return_evaluation", opportunity, cast.tom, data={"reason": "Say which project you mean."}, now=NOW)
    better = marks(opportunity, True, PASS_REASON + " The second project is the one that counts.")
    marking.mark(opportunity, cast.eve, label, better, NOW + hours(1))
    for person in (cast.amara, cast.eve):
        marking.hand_in(opportunity, person, NOW + hours(1))
    assert len(marking.Matrix(opportunity).differing) == 2


def test_the_team_returns_and_the_marks_stay(client, cast):
    opportunity = released(cast, cast.li).opportunity
    mark_all(opportunity, cast.amara, now=NOW)
    replay = {"version": type(opportunity).objects.get(pk=opportunity.pk).version}
    assert post(client, cast.amara, page("evaluated", opportunity), **replay).status_code == 302
    with pytest.raises(Refused, match="prepared the release"):
        act("return_evaluation", opportunity, cast.tess, data={"reason": "x"}, now=NOW)
    with pytest.raises(Refused, match="prepared the release"):
        act("confirm", opportunity, cast.tess, now=NOW)
    body = get(client, cast.tom, page("check_evaluation", opportunity)).content.decode()
    assert PASS_REASON in body
    assert "Li Supplier" not in body
    act("return_evaluation", opportunity, cast.tom, data={"reason": "Criterion 2 has no project."}, now=NOW)
    assert CriterionResult.objects.count() == 2
    assert post(client, cast.amara, page("evaluated", opportunity), **replay).status_code == 409, (
        "the old page does nothing"
    )
    assert (
        "Criterion 2 has no project."
        in get(client, cast.amara, page("evaluate", opportunity)).content.decode()
    )
    with pytest.raises(Refused):
        act("evaluated", opportunity, cast.amara, now=NOW)
    marking.hand_in(opportunity, cast.amara, NOW)
    act("evaluated", opportunity, cast.amara, now=NOW)
    assert opportunity.evaluation_records.count() == 2


def test_records_and_marks_cannot_be_removed(cast):
    opportunity = released(cast, cast.li).opportunity
    mark_all(opportunity, cast.amara, now=NOW)
    act("evaluated", opportunity, cast.amara, now=NOW)
    for query in (
        lambda: opportunity.evaluation_records.update(number=9),
        lambda: opportunity.evaluation_records.all().delete(),
        lambda: CriterionResult.objects.all().delete(),
        lambda: Sheet.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            query()


def test_who_withdraws_no_longer_counts(client, cast, opportunity):
    mark_all(opportunity, cast.amara, now=NOW)
    mark_all(opportunity, cast.eve, failing=[cast.sam], now=NOW)
    assert len(marking.Matrix(opportunity).differing) == 2
    post(client, cast.eve, page("evaluate", opportunity), action="withdraw")
    matrix = marking.Matrix(opportunity)
    assert not matrix.differing
    assert matrix.missing() == 0
    assert CriterionResult.objects.filter(evaluator=cast.eve).count() == 4, "what they wrote stays on record"
    assert get(client, cast.eve, page("evaluate_application", opportunity, "A")).status_code == 409
    with pytest.raises(Refused, match="withdrew"):
        marking.declare(opportunity, cast.eve, NOW)


def test_with_nobody_left_the_evaluation_is_not_complete(cast):
    opportunity = released(cast, cast.li).opportunity
    marking.withdraw(opportunity, cast.amara, NOW)
    with pytest.raises(Refused):
        act("evaluated", opportunity, cast.amara, now=NOW)
    opportunity.evaluators.add(cast.eve)
    assert marking.Matrix(opportunity).missing() > 0
    mark_all(opportunity, cast.eve, now=NOW)
    act("evaluated", opportunity, cast.amara, now=NOW)


def test_an_evaluator_removed_midway_no_longer_counts(cast, opportunity):
    mark_all(opportunity, cast.amara, now=NOW)
    mark_all(opportunity, cast.eve, failing=[cast.li], now=NOW)
    opportunity.evaluators.remove(cast.eve)
    assert marking.Matrix(opportunity).missing() == 0
    with pytest.raises(Refused):
        marking.mark(opportunity, cast.eve, "A", marks(opportunity), NOW)
    act("evaluated", opportunity, cast.amara, now=NOW)
    act("confirm", opportunity, cast.tom, now=NOW)
    assert opportunity.applications.passed().count() == 2
    assert not Consensus.objects.exists()


def test_the_evaluation_is_read_by_those_concerned_alone(client, cast):
    opportunity = released(cast, cast.li).opportunity
    url = page("check_evaluation", opportunity)
    assert get(client, cast.tom, url).status_code == 409, "not before it is complete"
    mark_all(opportunity, cast.amara, now=NOW)
    act("evaluated", opportunity, cast.amara, now=NOW)
    for person, status in (
        (cast.tom, 200),
        (cast.amara, 200),
        (cast.li, 409),
        (cast.bo, 409),
        (cast.mona, 409),
        (cast.fin, 409),
    ):
        assert get(client, person, url).status_code == status, person


def test_the_pages_take_the_same_queries_for_three_as_for_one(client, cast, django_assert_max_num_queries):
    counts = []
    get(client, cast.amara, reverse("workspace"))
    for suppliers in ([cast.li], [cast.li, cast.sam, cast.noor]):
        opportunity = released(cast, *suppliers).opportunity
        mark_all(opportunity, cast.amara, now=NOW)
        client.force_login(cast.amara)
        with clock.frozen(NOW), django_assert_max_num_queries(40) as first:
            client.get(page("evaluate", opportunity))
        act("evaluated", opportunity, cast.amara, now=NOW)
        client.force_login(cast.tom)
        with clock.frozen(NOW), django_assert_max_num_queries(40) as second:
            client.get(page("check_evaluation", opportunity))
        counts.append((len(first), len(second)))
    assert counts[0] == counts[1]


def test_the_client_replaces_an_evaluator(client, cast, opportunity):
    url = page("evaluation_people", opportunity)
    for person in (cast.eve, cast.mona, cast.fin, cast.li):
        assert post(client, person, url, evaluators="").status_code == 409, person
    for unfit in (cast.mona, cast.tess, cast.li):
        answer = post(client, cast.amara, url, evaluators=unfit.email)
        assert answer.status_code == 422, unfit
    assert post(client, cast.amara, url, evaluators=cast.bo.email, client=cast.bo.email).status_code == 302
    opportunity.refresh_from_db()
    assert opportunity.client == cast.amara, "the client does not hand the need over"
    assert set(opportunity.evaluators.all()) == {cast.bo}
    assert cast.bo.name in opportunity.messages.last().body
    assert opportunity.notifications.filter(recipient=cast.bo, template="evaluation_to_do").exists()
    assert get(client, cast.eve, page("evaluate", opportunity)).status_code == 409
    mark_all(opportunity, cast.bo, now=NOW)


def test_the_team_hands_the_need_over(client, cast, opportunity):
    mark_all(opportunity, cast.amara, now=NOW)
    mark_all(opportunity, cast.eve, now=NOW)
    url = page("evaluation_people", opportunity)
    assert post(client, cast.tom, url, evaluators=cast.eve.email, client=cast.mona.email).status_code == 422
    assert post(client, cast.tom, url, evaluators=cast.eve.email, client=cast.bo.email).status_code == 302
    opportunity.refresh_from_db()
    assert opportunity.client == cast.bo
    with pytest.raises(Refused):
        act("evaluated", opportunity, cast.amara, now=NOW)
    with pytest.raises(Refused, match="missing"):
        act("evaluated", opportunity, cast.bo, now=NOW)
    mark_all(opportunity, cast.bo, now=NOW)
    act("evaluated", opportunity, cast.bo, now=NOW)
    assert get(client, cast.bo, url).status_code == 409, "once the evaluation is complete the team alone may"
    assert get(client, cast.tom, url).status_code == 200


def test_the_daily_digest_asks_the_client_and_those_who_have_not_handed_in(cast, opportunity):
    def asked(morning) -> set:
        digest.send(morning)
        day = Notification.objects.filter(template="daily_digest").exclude(pk__in=seen)
        seen.update(day.values_list("pk", flat=True))
        return {notice.recipient for notice in day} & {cast.amara, cast.eve, cast.li, cast.sam}

    seen: set[int] = set()
    assert asked(CLOSING + hours(18)) == {cast.amara, cast.eve}
    mark_all(opportunity, cast.eve, now=NOW)
    assert asked(CLOSING + hours(42)) == {cast.amara}
    words = Notification.objects.filter(recipient=cast.amara, template="daily_digest").first().email.message
    assert "expect the result by September 14, 2023" in words.replace("\xa0", " ")
