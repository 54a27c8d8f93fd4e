"""Every page from the signed contract to the registry, in both languages and at two widths: accessible, never wider than a phone."""

import datetime as dt

from microacq import clock
from opportunities.actions import act as act_on
from opportunities.forms.registry import write_entry

from ..factories import at
from ..need import NOW
from .test_choosing_pages import look  # noqa: F401 - a fixture

DAY = dt.timedelta(days=1)
TODAY = NOW.date()


def test_the_pages_from_the_contract_to_the_registry(cast, look):  # noqa: F811
    with clock.frozen(NOW):
        opportunity = at("work", cast)
        reference, criteria = opportunity.reference, list(opportunity.acceptance_criteria.all())

        def act(name, user, **data):
            opportunity.refresh_from_db()
            act_on(name, opportunity, user, data=data)
            opportunity.refresh_from_db()

        # a new date, and a dispute
        look(cast.li, "ask_extension", reference)
        new = max(opportunity.delivery_date, TODAY) + 9 * DAY
        act(
            "ask_extension",
            cast.li,
            new_date=new.isoformat(),
            reason="The public data came later than planned.",
        )
        amara = look(cast.amara, "workspace_opportunity", reference)
        look(cast.amara, "answer_extension", reference)
        amara.fill(answer="agree").press()
        look(cast.tom, "extend_delivery", reference).press()
        act("extend_delivery", cast.tom, decision="approve", reason="")
        look(cast.li, "raise_dispute", reference)
        act("raise_dispute", cast.li, position="The description says one table; two are now asked for.")
        look(cast.amara, "answer_dispute", reference)
        act("answer_dispute", cast.amara, answer="One table is enough. Thank you for pointing it out.")

        # deliveries
        look(cast.li, "deliver", reference).fill(url="https://localhost/x", revision="a b").press()
        delivered = {
            "url": "https://gitlab.com/example/visits/-/merge_requests/4",
            "revision": "1f3c9ab",
            "licence": "Apache-2.0",
            "notes": "Run make, then look.",
        }
        act(
            "deliver",
            cast.li,
            **delivered,
            **{f"how_met_{c.pk}": "See the tests, named after each requirement." for c in criteria},
        )
        look(cast.amara, "accept_work", reference)
        look(cast.amara, "request_revision", reference).press()
        marks = {f"met_{c.pk}": "no" if n == 0 else "yes" for n, c in enumerate(criteria)} | {
            f"note_{criteria[0].pk}": "The file is missing."
        }
        act(
            "request_revision",
            cast.amara,
            **marks,
            missing="Add the licence file that the opportunity names.",
            revise_by=(TODAY + 5 * DAY).isoformat(),
        )
        look(cast.li, "deliver", reference)
        look(cast.li, "workspace_opportunity", reference)
        look(cast.tom, "terminate_default", reference)
        convenience = look(cast.tom, "terminate_convenience", reference)
        convenience.fill(share_done="33,5", reason="Le besoin a changé.").press()
        convenience.sees("2\u00a0177,50\u00a0$")
        act(
            "deliver",
            cast.li,
            **delivered | {"licence": "MIT"},
            **{f"how_met_{c.pk}": "Added." for c in criteria},
        )
        act("accept_work", cast.amara, **{f"met_{c.pk}": "yes" for c in criteria})

        # the money
        bill = {
            "number": "2027-001",
            "supplier_name": "Li Supplier",
            "supplier_address": "12 Main Street\nVancouver BC  V5K 0A1",
            "province": "BC",
        }
        bill |= {"charges_tax": "yes", "gst_number": "123456789 RT0001", "pst_number": "PST-1234-5678"}
        invoice = look(cast.li, "invoice", reference)
        invoice.fill(**bill).press()
        invoice.sees("$7,280.00", "PST 7%")
        act("invoice", cast.li, **bill)
        look(cast.mona, "return_invoice", reference)
        act("return_invoice", cast.mona, reason="The number of the street is missing.")
        look(cast.li, "workspace_opportunity", reference)
        act("invoice", cast.li, **bill | {"number": "2027-001-B"})
        look(cast.li, "invoice_page", reference, 1)
        look(cast.mona, "certify", reference)
        act("certify", cast.mona, received="on", price_right="on", note="Vu dans le dépôt.")
        look(cast.fin, "pay", reference).press()
        look(cast.fin, "workspace_opportunity", reference)
        act(
            "pay",
            cast.fin,
            means="card",
            document_number="5100001234",
            countersign="on",
            transaction_reference="AC-1",
            paid_on=TODAY.isoformat(),
        )
        look(cast.mona, "invoice_page", reference, 2)
        look(cast.li, "workspace_opportunity", reference)

        # the registry
        entry = look(cast.tom, "registry_entry", reference)
        entry.fill(name_en="Visits 🎉", tags_fr=" ").press()
        write_entry(opportunity, NOW)
        look(cast.amara, "registry_entry", reference)
        look(cast.tom, "registry_file", reference)
        look(cast.amara, "registry_file", reference)
        look(cast.tom, "record_pull_request", reference)
        act(
            "record_pull_request", cast.tom, pull_request_url="https://github.com/canada-ca/ore-ero/pull/1234"
        )
        look(cast.tom, "complete", reference)
        act("complete", cast.tom, merged_on=TODAY.isoformat(), merged="on")
        look(cast.amara, "workspace_opportunity", reference)

        ended = at("work", cast)
        act_on(
            "terminate_convenience",
            ended,
            cast.tess,
            data={"share_done": "40", "reason": "The program that needed this code has ended."},
        )
        look(cast.li, "workspace_opportunity", ended.reference)
        look(cast.li, "invoice", ended.reference)
