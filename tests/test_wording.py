"""Small words that readers stumble on: the same thing said twice, a name in one language, a role said of one person."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from evaluations.forms.signing import terms_of
from microacq import clock
from tests.factories import at
from tests.need import NOW


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(NOW) as moment:
        yield moment


def page(client, user, name, *args, language="en") -> str:
    client.force_login(user)
    with override(language):
        return client.get(reverse(name, args=args)).text


@pytest.mark.parametrize("state", ["opened", "selection", "work"])
def test_a_supplier_reads_of_their_application_once_and_cannot_change_it_after_closing(
    client, cast, frozen, state
):
    opportunity = at(state, cast)
    frozen.move_to(max(opportunity.closing_at, opportunity.state_since))
    shown = page(client, cast.li, "workspace_opportunity", opportunity.reference)
    assert shown.count("Your application</h2>") == 1
    assert "Received and sealed" not in shown and "Change or withdraw it" not in shown
    assert reverse("receipt", args=[opportunity.reference]) in shown


def test_the_department_is_named_in_the_readers_language(client, cast):
    opportunity = at("posted", cast)
    shown = page(client, cast.sam, "opportunity", opportunity.reference, language="fr")
    assert "Emploi et Développement social Canada</dd>" in shown
    assert "Employment and Social Development Canada</dd>" not in shown
    opportunity.department = "Shared Services Canada"
    assert opportunity.department_in("fr") == "Shared Services Canada"


def test_the_terms_name_the_department_in_each_language(cast):
    opportunity = at("selection", cast)
    terms = terms_of(opportunity, opportunity.offers.open().get().application)
    assert "Employment and Social Development Canada" in terms["en"]
    assert "Emploi et Développement social Canada" in terms["fr"]
    assert "Employment and Social" not in terms["fr"]


def test_one_evaluator_is_told_of_as_one_and_waits_as_an_evaluator(client, cast, frozen):
    opportunity = at("evaluation", cast, evaluators=[cast.eve])
    frozen.move_to(opportunity.state_since)
    shown = page(client, cast.eve, "workspace_opportunity", opportunity.reference)
    assert "an evaluator" in shown and "the client (you)" not in shown
    listed = page(client, cast.eve, "workspace")
    assert "since today" in listed and "for 0 business days" not in listed


def test_home_asks_only_those_for_a_need_who_may_describe_one(client, cast):
    need = reverse("new_inquiry")
    assert need in client.get(reverse("home")).text
    assert need in page(client, cast.amara, "home")
    assert need not in page(client, cast.li, "home")


def test_date_modified_is_written_as_canada_ca_does_on_every_page(client, cast):
    opportunity = at("posted", cast)
    for address in ("home", "workspace"):
        assert "<time>20" in page(client, cast.li, address).split("Date modified:")[1][:60]
    assert (
        f"<time>{NOW:%Y}-"
        in page(client, cast.li, "opportunity", opportunity.reference).split("Date modified:")[1][:60]
    )


def test_the_demonstration_says_so_on_the_desk_too(client, cast, settings):
    settings.DEMO = True
    assert "This is a demonstration." in page(client, cast.tess, "admin:index")
