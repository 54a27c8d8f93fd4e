"""A supplier's own pages, the team's amendment and two windows, on the narrowest phone, in both languages, with axe."""

from datetime import datetime, timedelta

import pytest

from evaluations import applications
from evaluations.models import Application
from microacq import clock
from opportunities.views.questions import ask
from tests.factories import at
from tests.test_applying import answer_field, words

from .people import Person

CLOSING = datetime(2027, 1, 20, 14, 0, tzinfo=clock.EASTERN)
EVE_OF_CLOSING = datetime(2027, 1, 19, 10, 0, tzinfo=clock.EASTERN)
WHY = {"reason_en": "The logs moved.", "reason_fr": "Les journaux ont changé de place."}


@pytest.fixture
def phone(browser, live_server, accessible, complaints):
    """Gives a function: this person, signed in on a phone, in this language."""
    opened = []

    def sign_in(user, language):
        type(user).objects.filter(pk=user.pk).update(language=language)
        user.language = language
        person = Person(browser, live_server, user)
        person.context.close()
        person.context = browser.new_context(locale=f"{language}-CA", viewport={"width": 320, "height": 900})
        person.page = person.context.new_page()
        opened.append(person)

        def look(name, *args, status=200):
            assert person.status(name, *args) == status, name
            accessible(person.page)
            return person

        person.look, person.accessible = look, lambda: accessible(person.page)
        return person.sign_in()

    yield sign_in
    for person in opened:
        person.context.close()
        assert person.complaints == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_suppliers_pages(cast, phone, language):
    with clock.frozen(CLOSING - timedelta(days=8)) as now:
        posted = at("posted", cast, closing=CLOSING)
        reference, li = posted.reference, phone(cast.li, language)
        li.look("workspace")
        li.look("ask_question", reference)
        ask(posted, cast.li, "Which version of Python?")
        li.look("my_profile")
        li.fill(name="Li Chen", business_name="Studio Li", code_account="nonsense").press()
        assert li.page.locator(".gc-errors").count() == 1
        li.accessible()
        li.fill(code_account="https://gitlab.com/li", province="QC").press()
        li.accessible()
        # two windows
        applications.save_draft(posted, cast.li, words(posted))
        li.look("apply_answers", reference)
        applications.save_draft(posted, cast.li, words(posted, "Written in the other window."))
        li.fill(**{answer_field(posted): "Written in this window."}).press()
        li.sees("Written in the other window.").accessible()
        li.press()
        li.look("apply_check", reference)
        applications.save_draft(posted, cast.li, words(posted, "Changed once more."))
        li.page.locator("main form .gc-button").first.click()
        assert li.page.locator(".gc-errors").count() == 1
        li.accessible()
        li.page.locator("main form .gc-button").first.click()
        assert Application.objects.get().status == "submitted"
        # a material change, shown to the team before it is confirmed
        now.move_to(EVE_OF_CLOSING)
        tess = phone(cast.tess, language)
        tess.look("amend", reference)
        tess.fill(work_en="Other work.", work_fr="Autre travail.", material="on", **WHY).press()
        tess.accessible()
        tess.sees("22 janvier 2027" if language == "fr" else "January 22, 2027")
        tess.press()
        assert tess.page.url == tess.address("workspace_opportunity", reference)
        for name in ("workspace", "my_applications"):
            li.look(name)
        for name in ("apply", "apply_check", "application", "workspace_opportunity", "opportunity"):
            li.look(name, reference)
        now.move_to(datetime(2027, 1, 22, 14, 0, tzinfo=clock.EASTERN))
        for name in ("application", "workspace_opportunity"):
            li.look(name, reference)
        tess.page.close()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_whole_story_and_the_end_of_an_account(cast, phone, language):
    at("certification", cast)
    li = phone(cast.li, language)
    li.look("my_applications").sees("500,00\u00a0$" if language == "fr" else "$6,500.00")
    li.look("my_data")
    li.look("close_account", status=409)
    sam = phone(cast.sam, language)
    sam.look("close_account")
    sam.fill(password="not the password").press()
    assert sam.page.locator(".gc-errors").count() == 1
    sam.accessible()
    sam.fill(password="correct horse battery").press()
    assert sam.page.url == sam.address("account_closed")
    sam.accessible()
    assert not type(cast.sam).objects.get(pk=cast.sam.pk).is_active
