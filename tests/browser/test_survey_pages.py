"""Taking the preparation over, the result's clock, running again, and the survey: on a narrow phone, in both languages."""

from datetime import timedelta

from evaluations import preparing, survey
from evaluations.models import SurveyAnswer, SurveyInvitation
from microacq import clock
from opportunities.actions import act
from opportunities.models import Opportunity

from ..choosing import CLOSING, hours, opened
from ..factories import at
from ..need import NOW
from .test_choosing_pages import look  # noqa: F401 - a fixture


def test_taking_over_and_the_clock(cast, look):  # noqa: F811
    now = CLOSING + hours(1)
    with clock.frozen(now) as stopped:
        opportunity = opened(cast, cast.li, cast.sam).opportunity
        preparing.claim(opportunity, cast.tess, now)
        look(cast.tom, "prepare_release", opportunity.reference, status=409)
        tom = look(cast.tom, "take_over_preparation", opportunity.reference)
        tom.press()
        assert tom.page.locator(".gc-errors").count() == 1
        tom.fill(reason="Tess est en congé.").press()
        assert opportunity.preparations.current().prepared_by == cast.tom
        look(cast.tia, "workspace_opportunity", opportunity.reference)
        stopped.move_to(CLOSING + timedelta(days=5))
        look(cast.sam, "workspace_opportunity", opportunity.reference)


def test_running_again_without_who_failed_to_deliver(cast, look):  # noqa: F811
    with clock.frozen(NOW):
        ended = at("terminated", cast)
        look(cast.tess, "rerun", ended.reference)
        data = {"exclude": "on", "exclusion_reason": "Nothing was delivered."}
        act("rerun", ended, cast.tess, data=data)
        new = ended.reruns.get()
        Opportunity.objects.filter(pk=new.pk).update(
            state="posted", posted_at=NOW, closing_at=NOW + timedelta(days=9), fixed_price=5000
        )
        look(cast.li, "apply", new.reference)
        look(cast.li, "workspace_opportunity", ended.reference)
        look(cast.tess, "workspace_opportunity", ended.reference)


def test_the_survey_with_the_keyboard_alone(cast, look, accessible):  # noqa: F811
    for kind, user in (("supplier", cast.li), ("client", cast.bo)):
        token = f"once-{len(kind):064x}"
        SurveyInvitation.objects.create(token_sha256=survey.digest(token), kind=kind, month=NOW.date())
        person = look(user, "survey", token)
        if kind == "supplier":
            person.fill(region="nowhere").press()
            assert person.page.locator(".gc-errors").count() == 1
            person.fill(region="k1a")
        person.page.locator("main form button").focus()
        with person.page.expect_navigation(url=person.address("survey_thanks")):
            person.page.keyboard.press("Enter")
        accessible(person.page)
        look(user, "survey", token, status=410)
    assert set(SurveyAnswer.objects.values_list("kind", "region")) == {("supplier", "K1A"), ("client", "")}
