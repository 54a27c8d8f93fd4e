"""The pilot's real opportunity, from the first question to the registry entry, at the browsers of everyone concerned.

Half of them work in French. At each step the others look too: what each may see, and what nobody may.
The clock stands in September 2023, so that the round of the draw is the recorded one (tests/data/draw/).
"""

import re
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command
from post_office.models import STATUS, Email

from evaluations import draw
from microacq import clock
from opportunities.models import Opportunity
from opportunities.models.screening import Criterion
from opportunities.publishing import ocds, ore
from tests.test_ocds import check
from tests.test_registry import accepted_by_the_registry

from .people import Person
from .walk import Walk, utc

DATA = Path(__file__).resolve().parent.parent / "data"
SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
ROUND = 657413
SECRET = {name: f"sealed words of {name} 7d1c" for name in ("li", "sam", "noor", "kim")}
TITLE = {
    "en": "Building custom Azure marketplace policies",
    "fr": "Élaboration de politiques personnalisées pour Azure marketplace",
}
PASS = "The statement names Azure Policies and Runbooks, with dates and what was done."
FAIL = (
    "The statement says that the work will be learned on the job. It names no project, no date and no tool, and nothing "
    "that resembles the skills asked for, so the criterion is not met."
)


@pytest.fixture
def walk(browser, live_server, cast, settings):
    settings.SITE_URL = live_server.url
    with clock.frozen(utc(2023, 8, 28, 13, 0)) as stopped:
        names = ("amara", "eve", "mona", "tess", "tom", "fin", "root", "li", "sam", "noor", "kim", "pat")
        people = {name: Person(browser, live_server, getattr(cast, name)).sign_in() for name in names}
        yield Walk(people, stopped)
        for person in people.values():
            assert person.complaints == [], person.user
            person.context.close()


def test_the_pilots_opportunity_goes_through_all_nine_steps(walk, browser, live_server):
    inquiry(walk)
    eligibility(walk)
    funds(walk)
    posted(walk)
    evaluation(walk)
    selection(walk)
    acceptance(walk)
    payment(walk)
    registry(walk)
    proofs(walk)


def inquiry(walk):
    amara = walk.people["amara"]
    amara.open("new_inquiry").fill(
        title=TITLE["en"], need="Policies that say who may install what.", reason="Nothing stops a purchase without approval.",
        team_name="Cloud Operations", branch="IITB", budget="$6,500.00", heard_from="A colleague",
    ).press()  # fmt: skip
    walk.reference = Opportunity.objects.get().reference
    walk.everyone_looks("draft", "amara", "eve mona fin li pat")
    amara.do("submit", walk.reference)
    walk.everyone_looks("screening", "amara tess tom root", "eve mona fin li sam pat")


def eligibility(walk):
    tom = walk.people["tom"]
    walk.clock.move_to(utc(2023, 8, 29, 14, 0))
    tom.open("workspace").sees(TITLE["en"])
    tom.open("screen", walk.reference)
    assert "/fr/admin/" in tom.page.url
    tom.page.locator('a[href*="/accept/"]').first.click()
    for criterion in Criterion:
        tom.page.locator(f'[name="met_{criterion.value}"][value="yes"]').check()
    tom.page.locator('[name="reason"]').fill("Le besoin satisfait à tous les critères.")
    tom.page.locator(
        '#content-main form [type="submit"], #content form [type="submit"], main form button'
    ).first.click()
    walk.everyone_looks("preparing", "amara tess tom root", "eve fin li sam pat")
    walk.people["amara"].open("workspace_opportunity", walk.reference).sees(
        "Le besoin satisfait à tous les critères."
    )


def funds(walk):
    amara, mona, fin, tess = (walk.people[name] for name in ("amara", "mona", "fin", "tess"))
    walk.clock.move_to(utc(2023, 8, 30, 14, 0))
    said = StringIO()
    files = [str(DATA / "pilot" / f"opportunity-azure-policies.{language}.md") for language in ("en", "fr")]
    call_command("import_statement", *files, client=amara.user.email, opportunity=walk.reference, stdout=said)
    assert "MA-2023" in said.getvalue()
    amara.open("statement_people", walk.reference).fill(
        manager=mona.user.email, evaluators=walk.people["eve"].user.email
    ).press()
    amara.open("statement_declarations", walk.reference).fill(
        unclassified="on", stand_alone="on", no_internal_capacity="on", remote_and_open="on"
    ).press()
    amara.open("statement_price", walk.reference).fill(
        hourly_rate="100", estimated_hours="40", fixed_price="6,500.00"
    ).press()
    amara.open("preview", walk.reference).sees(TITLE["en"])
    amara.do("statement_ready", walk.reference)
    walk.everyone_looks("committing", "amara eve mona tess tom", "fin li pat")
    assert amara.fetch("commit_funds", walk.reference).status == 409
    mona.open("workspace").sees(TITLE["fr"])
    mona.do("commit_funds", walk.reference, source="iitb", pif_number="PIF-2023-17")
    walk.everyone_looks("reserving", "amara eve mona tess fin", "li pat")
    fin.do("reserve_funds", walk.reference, number="FR-778812", amount="$10,000.00")
    walk.everyone_looks("reserved", "amara eve mona tess fin", "li sam pat")
    assert TITLE["en"] not in tess.open("opportunity_list").text()
    tess.do("post", walk.reference)


def apply(walk, name, means):
    person = walk.people[name]
    person.open("opportunity_list").sees(TITLE[person.language])
    person.open("apply", walk.reference)
    person.open("apply_about", walk.reference).fill(
        legal_name=f"{name.title()} Example", province="QC", code_account=f"https://gitlab.com/{name}-example"
    ).press()
    person.open("apply_eligibility", walk.reference).fill(
        of_age="True", standing="canada", uses_git="True", needs_sign_off="False"
    ).press()
    criterion = walk.opportunity.evaluation_criteria.get()
    answer = {
        f"answer_{criterion.pk}": f"In 2021 and 2022 I wrote Azure Policies and Runbooks for two public projects: {SECRET[name]}."
    }
    person.open("apply_answers", walk.reference).fill(**answer).press()
    person.open("apply_payment", walk.reference).fill(means=means).press()
    person.open("apply_check", walk.reference).press()
    person.open("receipt", walk.reference)
    assert re.search(r"[0-9a-f]{32}", person.text())


def posted(walk):
    people, tom = walk.people, walk.people["tom"]
    walk.everyone_looks("posted", "amara eve mona tess tom fin li sam noor kim pat")
    closing = walk.opportunity.closing_at.astimezone(clock.EASTERN)
    assert (closing.month, closing.day, closing.hour) == (9, 14, 23)
    people["pat"].open("ask_question", walk.reference).fill(
        text="Does the sandbox hold offers already?"
    ).press()
    people["li"].open("opportunity", walk.reference).does_not_see("sandbox hold offers")
    question = walk.opportunity.questions.get()
    words = {
        "question_en": "Does the sandbox hold offers?",
        "question_fr": "Le bac à sable contient-il des offres?",
        "answer_en": "Yes, four.",
        "answer_fr": "Oui, quatre.",
    }
    tom.do(
        "publish_answers",
        walk.reference,
        **{f"q{question.pk}_do": "publish"},
        **{f"q{question.pk}_{key}": value for key, value in words.items()},
    )
    people["sam"].open("opportunity", walk.reference).sees(
        "Le bac à sable contient-il des offres?", "Oui, quatre."
    ).does_not_see(people["pat"].user.name, people["pat"].user.email)
    walk.clock.move_to(utc(2023, 9, 14, 20, 0))
    for name, means in (("li", "visa"), ("sam", "paypal"), ("noor", "visa"), ("kim", "paypal")):
        apply(walk, name, means)
    walk.sealed()
    walk.clock.move_to(utc(2023, 9, 15, 3, 58, 59))
    walk.tick()
    walk.everyone_looks("posted", "amara tess li")
    walk.clock.move_to(utc(2023, 9, 15, 4, 0))
    assert people["pat"].status("apply_about", walk.reference) == 409
    walk.tick()
    walk.everyone_looks("opened", "amara eve mona tess fin li sam pat")


def evaluation(walk):
    people = walk.people
    tess, tom, amara, eve = (people[name] for name in ("tess", "tom", "amara", "eve"))
    walk.clock.move_to(utc(2023, 9, 15, 4, 30))
    assert amara.fetch("prepare_release", walk.reference).status == 409
    tess.open("prepare_release", walk.reference).press()
    assert tom.fetch("prepare_release", walk.reference).status == 409
    for application in walk.opportunity.applications.in_play():
        tess.open("prepare_application", walk.reference, application.pk).sees("Example").fill(
            sure="on"
        ).press()
    tess.do("release", walk.reference)
    walk.everyone_looks("evaluation", "amara eve mona tess tom fin li sam")
    criterion = walk.opportunity.evaluation_criteria.get()
    weak = walk.opportunity.applications.get(supplier=people["kim"].user).label
    names = [
        word
        for name in SECRET
        for word in (
            f"{name.title()} Example",
            people[name].user.email,
            people[name].user.name,
            f"gitlab.com/{name}-example",
        )
    ]
    for evaluator in (amara, eve):
        evaluator.open("evaluate", walk.reference).fill(no_conflict="on").press()
        for label in "ABCD":
            mark, reason = ("fail", FAIL) if label == weak else ("pass", PASS)
            evaluator.open("evaluate_application", walk.reference, label).sees("sealed words").does_not_see(
                *names
            )
            evaluator.fill(**{f"mark_{criterion.pk}": mark, f"reason_{criterion.pk}": reason}).press()
        evaluator.open("evaluate", walk.reference).does_not_see(*names)
        evaluator.page.locator("main form:has(input[value=hand_in]) button").click()
    amara.do("evaluated", walk.reference)
    walk.everyone_looks("review", "amara eve mona tess tom li")
    assert tess.fetch("confirm", walk.reference).status == 409
    tom.open("check_evaluation", walk.reference).sees(PASS, FAIL).does_not_see(*names)
    walk.clock.move_to(utc(2023, 9, 15, 8, 0))
    tom.do("confirm", walk.reference)
    walk.everyone_looks("confirmed", "amara eve mona tess tom fin li kim")


def selection(walk):
    people = walk.people
    tess, tom, pat = people["tess"], people["tom"], people["pat"]
    walk.clock.move_to(utc(2023, 9, 15, 9, 20))
    tess.do("propose_freeze", walk.reference)
    assert tess.fetch("freeze", walk.reference).status == 409
    walk.clock.move_to(utc(2023, 9, 15, 9, 30))
    tom.do("freeze", walk.reference)
    walk.tick()
    pool = walk.opportunity.pools.get()
    assert pool.round == ROUND and pool.announced_at
    walk.everyone_looks("drawing", "amara eve mona tess tom li kim pat")
    walk.clock.move_to(utc(2023, 9, 15, 11, 0, 2))
    pat.open("draw_page", walk.reference).sees(pool.sha256)
    walk.clock.move_to(utc(2023, 9, 15, 11, 0, 4))
    pat.open("draw_page", walk.reference).fill(signature_hex=SIGNATURE).press()
    walk.everyone_looks("selection", "amara eve mona tess tom li kim pat")
    expected = draw.draw(pool.text.encode("ascii"), SIGNATURE).order
    pat.open("draw_page", walk.reference).sees(*expected)
    offered = {
        application.receipt: name
        for name in SECRET
        for application in walk.opportunity.applications.filter(supplier=people[name].user)
    }
    first, second = (people[offered[receipt]] for receipt in expected[:2])
    assert second.fetch("sign", walk.reference).status == 409
    first.do("decline_offer", walk.reference)
    second.do(
        "sign",
        walk.reference,
        agree="on",
        signed_name=walk.opportunity.applications.get(supplier=second.user).legal_name,
    )
    walk.everyone_looks("work", "amara eve mona tess tom fin li sam noor kim pat")
    walk.supplier = second
    winner = walk.opportunity.applications.get(supplier=second.user).legal_name
    pat.open("opportunity", walk.reference).sees(winner)
    walk.people["amara"].open("workspace_opportunity", walk.reference).sees(second.user.email)
    pat.open("workspace_opportunity", walk.reference).does_not_see(second.user.email)


def acceptance(walk):
    amara, supplier = walk.people["amara"], walk.supplier
    walk.clock.move_to(utc(2023, 9, 18, 14, 0))
    repository = "https://gitlab.com/esdc-edsc/azure-policies"
    supplier.do("start_work", walk.reference, repository=repository)
    criteria = list(walk.opportunity.acceptance_criteria.all())
    delivery = {
        "url": repository,
        "revision": "v1.0.0",
        "licence": "MIT",
        **{f"how_met_{c.pk}": "Voir le fichier README." for c in criteria},
    }
    supplier.do("deliver", walk.reference, **delivery)
    assert supplier.fetch("accept_work", walk.reference).status == 409
    met = {f"met_{c.pk}": "yes" for c in criteria}
    short = {**met, f"met_{criteria[0].pk}": "no", f"note_{criteria[0].pk}": "The filter by plan is missing."}
    amara.do("request_revision", walk.reference, **short, missing="Filter by plan.", revise_by="2023-09-20")
    walk.everyone_looks("work", "amara eve mona tess fin li")
    supplier.open("workspace_opportunity", walk.reference).sees("Filter by plan.")
    supplier.do("deliver", walk.reference, **{**delivery, "revision": "v1.0.1"})
    walk.everyone_looks("acceptance", "amara eve mona tess fin li")
    amara.do("accept_work", walk.reference, **met)
    walk.everyone_looks("invoicing", "amara eve mona tess fin li")
    walk.people["li"].open("opportunity", walk.reference).sees("gitlab.com/esdc-edsc/azure-policies")


def payment(walk):
    mona, fin, supplier = walk.people["mona"], walk.people["fin"], walk.supplier
    walk.clock.move_to(utc(2023, 9, 20, 14, 0))
    supplier.open("invoice", walk.reference).fill(
        number="F-2023-09", supplier_name=supplier.user.name, supplier_address="123, rue Exemple\nMontréal QC  H2X 1Y4",
        province="QC", charges_tax="yes", gst_number="123456789 RT 0001", pst_number="1234567890 TQ 0001",
    )  # fmt: skip
    supplier.press().sees("7\u00a0473,38" if supplier.language == "fr" else "7,473.38").press()
    supplier.page.wait_for_url(supplier.address("workspace_opportunity", walk.reference))
    invoice = walk.opportunity.latest_invoice
    assert (str(invoice.amount), str(invoice.total)) == ("6500.00", "7473.38")
    walk.everyone_looks("certification", "amara eve mona tess fin li")
    assert fin.fetch("certify", walk.reference).status == 409
    mona.do("certify", walk.reference, received="on", price_right="on")
    walk.everyone_looks("paying", "amara eve mona tess fin li")
    assert mona.fetch("pay", walk.reference).status == 409
    walk.clock.move_to(utc(2023, 9, 22, 14, 0))
    fin.do(
        "pay",
        walk.reference,
        means="card",
        document_number="5100012345",
        transaction_reference="AC-99",
        paid_on="2023-09-22",
        countersign="on",
    )
    walk.everyone_looks("registry", "amara eve mona tess fin li")
    supplier.open("workspace_opportunity", walk.reference).sees("AC-99")
    mona.open("workspace_opportunity", walk.reference).sees("5100012345")
    walk.people["li" if supplier is not walk.people["li"] else "sam"].open(
        "workspace_opportunity", walk.reference
    ).does_not_see("AC-99", "H2X 1Y4")


def registry(walk):
    tom, amara = walk.people["tom"], walk.people["amara"]
    tom.open("registry_entry", walk.reference).press()
    entry = walk.opportunity.registry_entry
    assert entry.problems() == []
    block = yaml.safe_load(ore.entry_block(entry.as_entry()))[0]
    assert block["repositoryURL"]["fr"] == "https://gitlab.com/esdc-edsc/azure-policies"
    original = (ore.DATA / "esdc-edsc.yml").read_text()
    changed = ore.append_entry(original, entry.as_entry())
    assert changed == original + ore.entry_block(entry.as_entry())
    accepted_by_the_registry(changed)
    assert tom.fetch("complete", walk.reference).status == 409
    amara.do(
        "record_pull_request",
        walk.reference,
        pull_request_url="https://github.com/canada-ca/ore-ero/pull/1234",
    )
    assert amara.fetch("complete", walk.reference).status == 409
    walk.clock.move_to(utc(2023, 9, 25, 14, 0))
    tom.do("complete", walk.reference, merged_on="2023-09-25", merged="on")
    walk.everyone_looks("complete", "amara eve mona tess tom fin li sam noor kim pat")
    releases = check(ocds.package(ocds.published().get(pk=walk.opportunity.pk), clock.now()))
    assert (releases[0]["tag"], releases[-1]["tag"]) == (["tender"], ["contractTermination"])
    assert ["award", "contract"] in [release["tag"] for release in releases]


def proofs(walk):
    """A verified draw, an unbroken chain, and every mail out, each in its reader's language."""
    call_command("verify_events")
    pool = walk.opportunity.pools.get()
    assert list(draw.draw(pool.text.encode("ascii"), SIGNATURE).order) == pool.draw.order
    walk.tick()
    assert not Email.objects.exclude(status=STATUS.sent).exists()
    notifications = list(walk.opportunity.notifications.select_related("recipient", "email"))
    for row in notifications:
        assert ("Prochaines étapes" in row.email.message or "suite" in row.email.message.lower()) == (
            row.recipient.language == "fr"
        ), row.template
        assert "What happens next" in row.email.message or row.recipient.language == "fr"
    told = {row.template for row in notifications}
    assert told >= {
        "inquiry_submitted", "need_accepted", "funds_to_commit", "funds_to_reserve", "opportunity_posted", "answers_published", "applications_to_release",
        "evaluation_to_do", "evaluation_to_check", "in_the_pool", "not_passed", "draw_done", "offer_made", "offer_declined", "contract_signed",
        "supplier_selected", "work_delivered", "revision_requested", "work_accepted", "invoice_to_certify", "payment_due", "paid", "registry_entry_due", "complete",
    }  # fmt: skip
    assert walk.opportunity.events.count() == walk.opportunity.events.last().number
