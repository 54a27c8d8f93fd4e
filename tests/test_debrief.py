"""The debrief: the reasons for one's own marks, and nothing of anybody else."""

import pytest
from django.urls import reverse

from evaluations import debriefs
from evaluations.demo.journey import FAIL_REASON, PASS_REASON
from evaluations.models import Debrief
from microacq import clock
from opportunities.lifecycle import Refused

from .choosing import FREEZE, confirmed, frozen

pytestmark = pytest.mark.django_db


@pytest.fixture
def opportunity(cast):
    return frozen(cast, cast.li, cast.sam, cast.noor, failing=[cast.noor]).opportunity


def visit(client, user, opportunity, **data):
    client.force_login(user)
    url = reverse("debrief", args=[opportunity.reference])
    with clock.frozen(FREEZE):
        return client.post(url, data) if data else client.get(url)


def test_the_supplier_asks_the_team_sends_and_both_are_on_record(client, cast, opportunity):
    assert visit(client, cast.noor, opportunity).status_code == 200
    assert visit(client, cast.noor, opportunity, question="Which project was too small?").status_code == 302
    visit(client, cast.noor, opportunity, question="again")
    debrief = Debrief.objects.get()
    assert debrief.question == "Which project was too small?"
    assert FAIL_REASON not in visit(client, cast.noor, opportunity).content.decode()

    body = visit(client, cast.tom, opportunity).content.decode()
    assert "Which project was too small?" in body
    assert FAIL_REASON in body
    assert PASS_REASON not in body, "nothing of the others"
    sent = {"debrief": debrief.pk, f"debrief-{debrief.pk}-note": "The second one."}
    assert visit(client, cast.tom, opportunity, **sent).status_code == 302
    assert visit(client, cast.tom, opportunity, **sent).status_code == 409, "twice"
    with pytest.raises(Refused):
        debriefs.send(opportunity, debrief, cast.tom, "", FREEZE)

    body = visit(client, cast.noor, opportunity).content.decode()
    assert FAIL_REASON in body
    assert "The second one." in body
    assert PASS_REASON not in body
    assert cast.amara.name not in body, "nor who marked"
    told = {
        (n.recipient, n.template) for n in opportunity.notifications.filter(template__startswith="debrief")
    }
    assert {(cast.tom, "debrief_asked"), (cast.noor, "debrief_sent")} <= told


def test_nobody_else_asks_reads_or_sends(client, cast, opportunity):
    visit(client, cast.noor, opportunity, question="Why?")
    for person in (cast.kim, cast.amara, cast.eve, cast.mona):
        assert visit(client, person, opportunity).status_code == 409, person
    assert FAIL_REASON not in visit(client, cast.li, opportunity).content.decode()
    with pytest.raises(Refused):
        debriefs.send(opportunity, Debrief.objects.get(), cast.amara, "", FREEZE)


def test_not_before_the_result_is_told(client, cast):
    opportunity = confirmed(cast, cast.li, cast.sam).opportunity
    assert visit(client, cast.li, opportunity, question="Why?").status_code == 409
    assert not Debrief.objects.exists()
