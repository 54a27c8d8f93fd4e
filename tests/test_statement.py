"""Step 3: the statement, section by section, in both languages; what each still lacks."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.translation import override

from microacq import clock
from microacq.clock import EASTERN
from opportunities.actions import act
from opportunities.models import Skill
from opportunities.statement import SECTIONS, missing_by_section, skill, standard_criterion
from tests.need import NOW, in_commitment, in_preparation, statement_data


@pytest.fixture(autouse=True)
def _january():
    with clock.frozen(NOW):
        yield


@pytest.fixture
def need(cast):
    return in_preparation(cast)


@pytest.fixture
def amara(client, cast):
    client.force_login(cast.amara)
    return client


def save(client, need, section: str, **data):
    """Post a section as its page would, with the version it shows."""
    need.refresh_from_db()
    return client.post(
        reverse(f"statement_{section}", args=[need.reference]),
        {"version": need.version, "do": "list", **data},
    )


def errors(answer) -> dict:
    assert answer.status_code == 422
    return {field: " ".join(sentences) for field, sentences in answer.context["form"].errors.items()}


def test_a_new_statement_lacks_every_section_but_the_licence(need, cast):
    missing = missing_by_section(need, NOW)
    assert [section.key for section in SECTIONS if not missing[section.key]] == []
    assert missing["skills"] == ["at least one skill"]
    full = in_preparation(cast, **statement_data(cast.mona))
    assert not any(missing_by_section(full, NOW).values())


def test_every_section_has_a_page_in_both_languages(amara, need):
    for language in ("en", "fr"):
        with override(language):
            names = [
                "statement",
                "add_evaluation_criterion",
                "add_acceptance_criterion",
                *(f"statement_{section.key}" for section in SECTIONS),
            ]
            for name in names:
                answer = amara.get(reverse(name, args=[need.reference]))
                assert answer.status_code == 200, name
                assert answer.content.decode().count("<h1>") == 1, name


def test_amara_writes_it_section_by_section_until_it_can_go_to_the_manager(amara, need, cast):
    save(
        amara,
        need,
        "title",
        title_en="Sort",
        title_fr="Trier",
        short_description_en="A script.",
        short_description_fr="Un script.",
    )
    save(amara, need, "background", background_en="Long.", background_fr="Long.")
    save(amara, need, "work", work_en="- Sort", work_fr="- Trier")
    save(amara, need, "deliverables", deliverables_en="Code", deliverables_fr="Code")
    save(
        amara,
        need,
        "skills",
        skills_en="Python\n\n Test  ing\n",
        skills_fr="Python\nEssais",
        licence="Apache-2.0",
    )
    save(amara, need, "evaluation", do="standard")
    save(amara, need, "acceptance", do="licence")
    save(amara, need, "acceptance", do="requirements")
    save(
        amara,
        need,
        "dates",
        closing_at_0="2027-01-25",
        closing_at_1="14:00",
        selection_date="2027-01-27",
        delivery_date="2027-02-10",
    )
    save(
        amara,
        need,
        "price",
        fixed_price="6 500,00",
        hourly_rate="80",
        estimated_hours="70",
        weekly_hours="37.5",
    )
    save(
        amara,
        need,
        "people",
        manager=cast.mona.email.upper(),
        evaluators=f"{cast.eve.email}, {cast.bo.email}\n{cast.eve.email}",
    )
    save(
        amara,
        need,
        "declarations",
        unclassified="on",
        stand_alone="on",
        no_internal_capacity="on",
        remote_and_open="on",
    )
    need.refresh_from_db()
    assert [f"{row.name_en}/{row.name_fr}" for row in need.skills.all()] == [
        "Python/Python",
        "Test ing/Essais",
    ]
    assert need.licence == "Apache-2.0"
    assert need.closing_at == dt.datetime(2027, 1, 25, 14, 0, tzinfo=EASTERN)
    assert need.fixed_price == Decimal("6500.00")
    assert need.manager == cast.mona
    assert set(need.evaluators.all()) == {cast.eve, cast.bo}
    criterion = need.evaluation_criteria.get()
    assert "250 words" in criterion.text_en
    assert "Python, Test ing" in criterion.text_en
    assert "compétences semblables" in criterion.text_fr
    assert criterion.similar_skills_count
    assert [row.kind for row in need.acceptance_criteria.all()] == ["licence", "requirements"]
    page = amara.get(reverse("statement", args=[need.reference]))
    assert page.context["done"] == len(SECTIONS)
    assert not page.context["reasons"]
    act("statement_ready", need, cast.amara)
    need.refresh_from_db()
    assert need.state == "committing"


@pytest.mark.parametrize(
    ("section", "data", "field", "words"),
    [
        ("title", {"title_en": "x" * 101}, "title_en", "100"),
        ("title", {"short_description_fr": "x" * 501}, "short_description_fr", "500"),
        (
            "skills",
            {"skills_en": "Python\nGo", "skills_fr": "Python", "licence": "MIT"},
            "skills_fr",
            "2 in English and 1 in French",
        ),
        ("skills", {"skills_en": "x" * 101, "skills_fr": "y", "licence": "MIT"}, "skills_en", "100"),
        ("skills", {"skills_en": "", "skills_fr": "", "licence": "Proprietary"}, "licence", "valid choice"),
        ("price", {"fixed_price": "8,695.66", "weekly_hours": "37.5"}, "fixed_price", "$8,695.65"),
        ("price", {"fixed_price": "0", "weekly_hours": "37.5"}, "fixed_price", "$0.01"),
        ("price", {"fixed_price": "1.000", "weekly_hours": "37.5"}, "fixed_price", "amount in dollars"),
        ("price", {"weekly_hours": "38"}, "weekly_hours", "37.5"),
        ("people", {"manager": "nobody@example.org"}, "manager", "No active account"),
        ("people", {"evaluators": "not an address"}, "evaluators", "not an email address"),
        ("dates", {"closing_at_0": "2027-01-25", "closing_at_1": ""}, "closing_at", "time"),
        ("dates", {"closing_at_0": "2027-01-11", "closing_at_1": "14:00"}, "closing_at", "past"),
        ("dates", {"closing_at_0": "2027-01-18", "closing_at_1": "14:00"}, "closing_at", "January 19, 2027"),
    ],
)
def test_what_is_wrong_is_refused_in_its_field_with_a_sentence(amara, need, section, data, field, words):
    before = need.version
    found = errors(save(amara, need, section, **data))
    assert list(found) == [field]
    assert words in found[field]
    need.refresh_from_db()
    assert need.version == before


@pytest.mark.parametrize(
    ("selection", "delivery", "field"),
    [
        ("2027-01-25", "2027-02-10", "selection_date"),
        ("2027-01-27", "2027-01-27", "delivery_date"),
        ("2027-01-20", "2027-01-22", "selection_date"),
    ],
)
def test_dates_out_of_order_are_refused(amara, need, selection, delivery, field):
    dates = {
        "closing_at_0": "2027-01-25",
        "closing_at_1": "14:00",
        "selection_date": selection,
        "delivery_date": delivery,
    }
    found = errors(save(amara, need, "dates", **dates))
    assert "in this order" in found[field]


def test_the_highest_price_is_taken_and_one_cent_more_is_not(amara, need):
    assert save(amara, need, "price", fixed_price="$8,695.65", weekly_hours="37.5").status_code == 302
    assert save(amara, need, "price", fixed_price="$8,695.66", weekly_hours="37.5").status_code == 422


def test_the_estimate_counts_ten_hours_of_administration(amara, need):
    answer = save(
        amara, need, "price", do="stay", hourly_rate="75", estimated_hours="40", weekly_hours="37.5"
    )
    assert answer.url == reverse("statement_price", args=[need.reference])
    page = amara.get(answer.url)
    assert page.context["form"].estimate["amount"] == Decimal("3750.00")
    assert "$3,750.00" in page.content.decode()
    save(amara, need, "price", hourly_rate="120", estimated_hours="80", weekly_hours="37.5")
    estimate = amara.get(answer.url).context["form"].estimate
    assert estimate["unusual_rate"]
    assert estimate["too_high"]


def test_more_hours_than_the_dates_leave_are_refused(amara, cast):
    need = in_preparation(cast, **statement_data(cast.mona))  # ten business days: 75 hours
    assert save(amara, need, "price", estimated_hours="75", weekly_hours="37.5").status_code == 302
    assert (
        "75 hours at 37.5 hours a week"
        in errors(save(amara, need, "price", estimated_hours="75.1", weekly_hours="37.5"))["estimated_hours"]
    )
    dates = {
        "closing_at_0": "2027-01-25",
        "closing_at_1": "14:00",
        "selection_date": "2027-01-27",
        "delivery_date": "2027-02-03",
    }
    assert "the estimate is 75 hours" in errors(save(amara, need, "dates", **dates))["delivery_date"]


def test_the_manager_is_not_the_client_nor_a_supplier(amara, need, cast):
    assert "cannot be the client" in errors(save(amara, need, "people", manager=cast.amara.email))["manager"]
    assert cast.li.email in errors(save(amara, need, "people", manager=cast.li.email))["manager"]
    assert (
        "client evaluates" in errors(save(amara, need, "people", evaluators=cast.amara.email))["evaluators"]
    )
    need.refresh_from_db()
    assert need.manager is None


@pytest.mark.django_db
def test_a_skill_is_made_once_whatever_its_case():
    first = skill({"en": "Python", "fr": "Python"})
    assert skill({"en": "python", "fr": "PYTHON "}) == first
    assert skill({"en": "Python", "fr": "Serpent"}) != first
    assert Skill.objects.count() == 2


test_a_skill_is_made_once_whatever_its_case = pytest.mark.django_db(
    test_a_skill_is_made_once_whatever_its_case
)


def test_the_standard_criterion_speaks_of_the_list_when_there_are_no_skills(need):
    texts = standard_criterion(need)
    assert "listed in this opportunity" in texts["en"]
    assert "énumérées" in texts["fr"]


def test_criteria_are_added_changed_moved_and_removed(amara, need):
    for number in ("one", "two", "three"):
        need.refresh_from_db()
        amara.post(
            reverse("add_evaluation_criterion", args=[need.reference]),
            {"version": need.version, "text_en": number, "text_fr": number, "similar_skills_count": "on"},
        )

    def order():
        return [row.text_en for row in need.evaluation_criteria.all()]

    def key(text):
        return need.evaluation_criteria.get(text_en=text).pk

    assert order() == ["one", "two", "three"]
    save(amara, need, "evaluation", do=f"up:{key('three')}")
    assert order() == ["one", "three", "two"]
    save(amara, need, "evaluation", do=f"down:{key('one')}")
    assert order() == ["three", "one", "two"]
    save(amara, need, "evaluation", do=f"up:{key('three')}")
    save(amara, need, "evaluation", do=f"down:{key('two')}")
    assert order() == ["three", "one", "two"]
    save(amara, need, "evaluation", do=f"remove:{key('one')}")
    assert order() == ["three", "two"]
    need.refresh_from_db()
    amara.post(
        reverse("edit_evaluation_criterion", args=[need.reference, key("two")]),
        {"version": need.version, "text_en": "2", "text_fr": "deux"},
    )
    changed = need.evaluation_criteria.last()
    assert (changed.text_en, changed.text_fr, changed.similar_skills_count) == ("2", "deux", False)


def test_a_criterion_of_another_opportunity_stays_out_of_reach(amara, need, cast):
    other = in_preparation(cast, **statement_data(cast.mona))
    theirs = other.evaluation_criteria.get()
    save(amara, need, "evaluation", do=f"remove:{theirs.pk}")
    assert other.evaluation_criteria.count() == 1
    address = reverse("edit_evaluation_criterion", args=[need.reference, theirs.pk])
    assert amara.get(address).status_code == 404
    assert amara.post(address, {"version": need.version, "text_en": "x", "text_fr": "x"}).status_code == 404


@pytest.mark.parametrize("do", ["", "up", "explode", "remove:99999999999999999999", "licence"])
def test_an_unknown_button_changes_no_criterion(amara, need, do):
    save(amara, need, "evaluation", do=do)
    assert not need.evaluation_criteria.exists()


def test_every_change_makes_an_approval_of_the_old_text_stale(amara, need, cast):
    before = need.version
    save(amara, need, "evaluation", do="standard")
    need.refresh_from_db()
    assert need.version == before + 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("statement_title", {"title_en": "By Amara"}),
        ("statement_people", {"manager": ""}),
        ("statement_evaluation", {"do": "standard"}),
        ("add_acceptance_criterion", {"kind": "other", "text_en": "By Amara", "text_fr": "x"}),
    ],
)
def test_a_stale_page_is_refused_and_keeps_what_was_typed(amara, need, name, data):
    answer = amara.post(reverse(name, args=[need.reference]), {**data, "version": need.version - 1})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Somebody changed this opportunity" in page
    if "By Amara" in data.values():
        assert "By Amara" in page
    need.refresh_from_db()
    assert need.title_en == "Sort the queue"
    assert not need.evaluation_criteria.exists()
    assert not need.acceptance_criteria.exists()


def test_only_the_client_and_the_team_write_it_and_only_in_preparation(client, cast):
    need = in_preparation(cast, evaluators=[cast.eve], manager=cast.mona)
    address = reverse("statement_title", args=[need.reference])
    for name, status in {
        "amara": 200,
        "tess": 200,
        "eve": 409,
        "mona": 409,
        "bo": 404,
        "fin": 404,
        "li": 404,
    }.items():
        client.force_login(getattr(cast, name))
        assert client.get(address).status_code == status, name
        assert client.get(reverse("statement", args=[need.reference])).status_code == status, name
    client.force_login(cast.mona)
    assert client.post(address, {"version": need.version, "title_en": "Mona"}).status_code == 409
    sent = in_commitment(cast)
    client.force_login(cast.amara)
    assert (
        client.post(
            reverse("statement_title", args=[sent.reference]), {"version": sent.version, "title_en": "Late"}
        ).status_code
        == 409
    )
    assert (
        client.post(
            reverse("statement_evaluation", args=[sent.reference]),
            {"version": sent.version, "do": "standard"},
        ).status_code
        == 409
    )
    sent.refresh_from_db()
    assert sent.title_en == "Sort the queue"
    assert sent.evaluation_criteria.count() == 1
