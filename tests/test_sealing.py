"""Until closing nobody but its supplier reads an application; and nothing typed is lost or given to somebody else."""

import pytest
from django.contrib import admin
from django.urls import reverse
from post_office.models import Email

from evaluations import applications
from evaluations.models import Application
from microacq import clock
from opportunities.models import Event
from tests.cast import PASSWORD
from tests.factories import at
from tests.test_applying import BEFORE, CLOSING, SECRET, answer_field, url, words


@pytest.fixture
def posted(cast):
    """Open until CLOSING; nobody has applied."""
    with clock.frozen(BEFORE):
        yield at("posted", cast, closing=CLOSING)


def test_until_closing_nobody_but_its_supplier_reads_it(client, cast, posted):
    posted.evaluators.add(cast.eve)
    applications.apply(posted, cast.li, words(posted))
    applications.save_draft(posted, cast.noor, words(posted))
    receipt = Application.objects.get(supplier=cast.li).receipt
    for who in ("amara", "eve", "mona", "tess", "tom", "fin", "root", "sam"):
        client.logout()
        client.force_login(getattr(cast, who))
        for name in ("application", "receipt", "withdraw_application"):
            assert client.get(url(name, posted)).status_code == 404, (who, name)
        for name in ("apply", "opportunity", "workspace_opportunity"):
            page = client.get(url(name, posted))
            assert SECRET not in page.text, (who, name)
            assert receipt not in page.text, (who, name)
            assert "Li Supplier" not in page.text, (who, name)
    client.force_login(cast.root)
    for model in admin.site._registry:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses = [
            reverse(f"{stem}_changelist"),
            *(reverse(f"{stem}_change", args=[pk]) for pk in model.objects.values_list("pk", flat=True)[:5]),
        ]
        for address in addresses:
            text = client.get(address, follow=True).content.decode(errors="replace")
            assert SECRET not in text, address


def test_no_content_in_events_mails_or_logs(cast, posted, caplog):
    caplog.set_level("DEBUG")
    before = Event.objects.count()
    applications.apply(posted, cast.li, words(posted))
    assert Event.objects.count() == before
    assert SECRET not in "".join(
        f"{mail.subject}{mail.message}{mail.html_message}" for mail in Email.objects.all()
    )
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert SECRET not in "".join(logged)


def test_the_team_sees_how_many_and_the_public_does_not(client, cast, posted):
    applications.apply(posted, cast.li, words(posted))
    applications.save_draft(posted, cast.noor, words(posted))
    assert "Applications received" not in client.get(url("opportunity", posted)).text
    client.force_login(cast.amara)
    assert "Applications received" not in client.get(url("workspace_opportunity", posted)).text
    client.force_login(cast.tess)
    page = client.get(url("workspace_opportunity", posted)).text
    assert "Applications received" in page
    assert "<dd>1 (sealed until closing)</dd>" in page


def test_a_session_that_ends_while_writing_loses_nothing(client, cast, posted):
    client.force_login(cast.li)
    address = url("apply_answers", posted)
    mark = client.get(address).context["writer"]
    client.cookies.clear()
    response = client.post(address, {answer_field(posted): "Half an hour of writing.", "writer": mark})
    assert response.status_code == 302
    assert response.url.endswith(f"?next={address}")
    client.post(response.url, {"login": cast.li.email, "password": PASSWORD})
    page = client.get(address)
    assert "Half an hour of writing." in page.text
    assert "Your text is back" in page.text
    assert not Application.objects.exists()
    assert "Half an hour" not in client.get(address).text


def test_kept_text_is_given_back_to_nobody_else(client, cast, posted):
    client.force_login(cast.li)
    address = url("apply_answers", posted)
    mark = client.get(address).context["writer"]
    client.cookies.clear()
    response = client.post(address, {answer_field(posted): SECRET, "writer": mark})
    client.post(response.url, {"login": cast.sam.email, "password": PASSWORD})
    assert SECRET not in client.get(address).text
    client.cookies.clear()
    client.post(address, {answer_field(posted): SECRET, "writer": "made up"})
    assert "kept_text" not in client.session
