"""The words of the lifecycle: the roles, the nine steps and the states.

Knows what each state means and who it waits for; `lifecycle.py` says how one leads to another.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(StrEnum):
    """Who somebody is on one opportunity."""

    CLIENT = "client"
    EVALUATOR = "evaluator"
    MANAGER = "manager"
    TEAM = "team"
    FINANCE = "finance"
    APPLICANT = "applicant"
    SUPPLIER = "supplier"
    PUBLIC = "public"
    CLOCK = "clock"

    @property
    def label(self) -> Any:
        """The role in the reader's language, as in "waiting for the manager"."""
        return ROLE_LABELS[self]

    @property
    def one(self) -> Any:
        """The role as said of one person, who may share it with others: "Here you are: an evaluator"."""
        return ONE_OF_SEVERAL.get(self, self.label)


ROLE_LABELS = {
    Role.CLIENT: _("the client"),
    Role.EVALUATOR: _("the evaluators"),
    Role.MANAGER: _("the manager with delegated financial authority"),
    Role.TEAM: _("the micro-acquisition team"),
    Role.FINANCE: _("a finance officer"),
    Role.APPLICANT: _("the applicants"),
    Role.SUPPLIER: _("the supplier"),
    Role.PUBLIC: _("the public"),
    Role.CLOCK: _("the date set"),
}

ONE_OF_SEVERAL = {
    Role.EVALUATOR: _("an evaluator"),
    Role.TEAM: _("a member of the micro-acquisition team"),
    Role.APPLICANT: _("an applicant"),
}

STEPS = {
    1: _("Inquiry"),
    2: _("Eligibility"),
    3: _("Funds reserved"),
    4: pgettext_lazy("step", "Posted"),
    5: _("Application evaluation"),
    6: _("Selection"),
    7: _("Acceptance"),
    8: _("Payment"),
    9: _("Registry entry"),
}


@dataclass(frozen=True)
class State:
    """Where an opportunity stands: its step (1 to 9), what that means, and who it waits for.

    `days` is the pilot's target for this state in business days, None where there is none or where a date decides.
    """

    name: str
    step: int
    label: Any
    meaning: Any
    waits_for: Role | None = None
    days: int | None = None

    @property
    def is_ending(self) -> bool:
        """True when nothing more happens to the opportunity itself."""
        return self.waits_for is None


_STATES = (
    State("draft", 1, _("Draft inquiry"), _("The client is describing the need. Nobody else works on it yet."), Role.CLIENT, 1),
    State("screening", 2, _("Eligibility check"), _("The team is checking the need against the criteria and its capacity."), Role.TEAM, 1),
    State("waitlisted", 2, _("Waitlisted"), _("The need is eligible, and the team is at capacity. It is taken up when a place is free."), Role.TEAM),
    State("preparing", 3, _("Statement in preparation"), _("The client and the team are writing the statement in English and French."), Role.CLIENT, 2),
    State("committing", 3, _("Funds to commit"), _("The manager is asked to commit the funds (section 32 of the Financial Administration Act)."), Role.MANAGER, 1),
    State("reserving", 3, _("Funds to reserve"), _("Finance is asked to reserve the funds and to give a fund reservation number."), Role.FINANCE, 2),
    State("reserved", 4, _("Ready to post"), _("The funds are reserved. The team can post the opportunity."), Role.TEAM, 1),
    State("posted", 4, pgettext_lazy("state", "Open"), _("Suppliers can ask questions and apply until the closing time. Nobody reads applications before then."), Role.CLOCK),
    State("opened", 5, _("Closed, applications received"), _("The opportunity is closed. The team is preparing the applications, without names, for evaluation."), Role.TEAM, 1),
    State("evaluation", 5, _("Application evaluation"), _("The client and the evaluators mark each criterion of each application, without knowing whose it is."), Role.CLIENT, 1),
    State("review", 5, _("Evaluation to check"), _("The team is checking that each mark has its reason."), Role.TEAM, 1),
    State("confirmed", 6, _("Evaluation confirmed"), _("The evaluation is confirmed. The team now selects: directly when one application passed, by a public draw when several did."), Role.TEAM, 1),
    State("drawing", 6, _("Draw pending"), _("The pool is frozen and published. The draw waits for a public random value that nobody knows yet."), Role.CLOCK),
    State("selection", 6, _("Offer made"), _("The selected supplier is asked to confirm the price and the date, and to sign the terms."), Role.SUPPLIER, 1),
    State("work", 7, _("Work under way"), _("The supplier is doing the work in the open repository."), Role.SUPPLIER),
    State("acceptance", 7, _("Work to assess"), _("The client is assessing the delivered code against the work acceptance criteria."), Role.CLIENT, 2),
    State("invoicing", 8, _("Invoice expected"), _("The supplier is asked to send the invoice."), Role.SUPPLIER, 1),
    State("certification", 8, _("Invoice to certify"), _("The manager is asked to certify that the work was received (section 34)."), Role.MANAGER, 2),
    State("paying", 8, _("Payment due"), _("Finance is asked to pay by acquisition card or PayPal (section 33)."), Role.FINANCE, 4),
    State("registry", 9, _("Registry entry due"), _("The code is to be entered in the Open Resource Exchange."), Role.TEAM, 1),
    State("complete", 9, _("Complete"), _("The code is in the public registry and the supplier is paid.")),
    State("declined", 2, _("Declined"), _("The need could not be taken as a micro-acquisition.")),
    State("withdrawn", 1, _("Withdrawn by the client"), _("The client withdrew the need before it was posted.")),
    State("cancelled", 4, _("Cancelled"), _("The opportunity was cancelled. No supplier was selected.")),
    State("no_award", 6, _("Closed without a supplier"), _("No supplier was selected for this opportunity.")),
    State("terminated", 7, _("Contract ended early"), _("The contract was ended before the work was accepted.")),
)  # fmt: skip
STATES = {state.name: state for state in _STATES}
ENDINGS = tuple(state.name for state in _STATES if state.is_ending)
