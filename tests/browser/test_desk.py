"""The team's desk in a real browser: accessible and quiet in both languages, with translation tabs and without scripts."""

import pytest
from django.urls import reverse
from django.utils.translation import override
from playwright.sync_api import expect

from opportunities.models import CannedReply, Opportunity
from tests.factories import at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def enter(cast, client, live_server):
    """Gives a function that signs Tess in at a browser context and opens a page of the admin."""

    def open_page(page, language, name, *args):
        client.force_login(cast.tess)
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
        )
        with override(language):
            page.goto(live_server.url + reverse(name, args=args))
        return page

    return open_page


@pytest.mark.parametrize(("language", "width"), [("en", 320), ("fr", 1280)])
def test_the_desk_is_accessible(cast, page, enter, accessible, complaints, language, width):
    screening, preparing, work = at("screening", cast), at("preparing", cast), at("work", cast)
    alike = at("screening", cast)
    CannedReply.objects.create(title_en="Thanks", title_fr="Merci", text_en="Thank you.", text_fr="Merci.")
    page.set_viewport_size({"width": width, "height": 900})
    for name, *args in (
        ("admin:index",),
        ("admin:opportunities_opportunity_change", alike.pk),
        ("admin:opportunities_opportunity_act", alike.pk, "decide_splitting"),
        ("admin:opportunities_opportunity_act", alike.pk, "return_for_changes"),
        ("admin:opportunities_cannedreply_add",),
        ("workspace_opportunity", alike.reference),
        ("owner", alike.reference),
        ("internal_notes", alike.reference),
        ("admin:opportunities_opportunity_changelist",),
        ("admin:opportunities_opportunity_change", screening.pk),
        ("admin:opportunities_opportunity_change", preparing.pk),
        ("admin:opportunities_opportunity_change", work.pk),
        ("admin:opportunities_opportunity_act", screening.pk, "accept"),
        ("admin:opportunities_opportunity_act", work.pk, "terminate_default"),
        ("admin:opportunities_sentmail_changelist",),
        ("admin:opportunities_sentmail_change", work.notifications.last().email_id),
        ("workspace_opportunity", work.reference),
        ("admin:opportunities_contract_changelist",),
        ("admin:microacq_user_changelist",),
        ("admin:mail_samples",),
        ("measures",),
        ("by_hand", work.reference),
    ):
        enter(page, language, name, *args)
        accessible(page)


def test_translation_tabs_come_from_this_site_alone(cast, page, enter, live_server, complaints):
    elsewhere = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((live_server.url, "data:")) else elsewhere.append(request.url)
        ),
    )
    need = at("preparing", cast)
    enter(page, "en", "admin:opportunities_opportunity_change", need.pk)
    expect(page.locator("#id_title_en")).to_be_visible()
    expect(page.locator("#id_title_fr")).to_be_hidden()
    page.get_by_label("Language of the texts below").select_option("1")
    expect(page.locator("#id_title_fr")).to_be_visible()
    page.locator("#id_title_fr").fill("Un titre écrit à l’onglet français")
    page.locator("input[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert Opportunity.objects.get(pk=need.pk).title_fr == "Un titre écrit à l’onglet français"
    assert elsewhere == []


def test_without_scripts_the_desk_still_works(cast, browser, enter):
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        waiting, need = at("screening", cast), at("preparing", cast)
        enter(page, "fr", "admin:opportunities_opportunity_change", need.pk)
        expect(page.locator("#id_title_en")).to_be_visible()
        page.locator("#id_title_fr").fill("Sans script")
        page.locator("input[name=_save]").click()
        assert Opportunity.objects.get(pk=need.pk).title_fr == "Sans script"
        need = waiting
        enter(page, "fr", "admin:opportunities_opportunity_change", need.pk)
        page.locator('a[href$="/act/accept/"]').click()
        for group in page.locator("input[type=radio][value=yes]").all():
            group.check()
        page.locator("main form button").click()
        expect(page.locator(".messagelist .success")).to_be_visible()
        assert Opportunity.objects.get(pk=need.pk).state == "preparing"
    finally:
        context.close()
