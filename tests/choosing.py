"""An opportunity on its way through evaluation and selection, for the tests of steps 5 and 6.

Two criteria; each applicant writes about themselves. Built through the program's own functions.
"""

from datetime import UTC, datetime, timedelta

from evaluations import applications, draw, marking, preparing
from evaluations.demo.journey import FAIL_REASON, PASS_REASON, Journey, Words
from opportunities.lifecycle import CLOCK

from . import worlds
from .factories import NEED, STATEMENT, people

CRITERIA = [
    {
        "en": "Show that you know Python, or a similar language.",
        "fr": "Montrez que vous connaissez Python ou un langage semblable.",
    },
    {"en": "Show that you can test code.", "fr": "Montrez que vous savez tester du code."},
]
CLOSING = datetime(2023, 9, 12, 18, tzinfo=UTC)
"""A Tuesday, 14:00 in Ottawa."""
ROUND = 657413
"""The recorded round of drand quicknet, at 11:00:03 UTC on September 15, 2023, and its signature."""
SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
FREEZE = datetime(2023, 9, 15, 9, 30, tzinfo=UTC)
ROUND_AT = datetime(2023, 9, 15, 11, 0, 3, tzinfo=UTC)
DATA = {
    "legal_name": "", "business_name": "", "province": "ON", "code_account": "", "of_age": True,
    "standing": "canada", "uses_git": True, "needs_sign_off": False, "means": "visa",
}  # fmt: skip


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def start(cast, suppliers, *, passing=None, evaluators=(), closing=CLOSING) -> Journey:
    """A journey that is not begun."""
    words = Words(NEED, STATEMENT | {"evaluation_criteria": CRITERIA})
    return Journey(people(cast, list(suppliers), list(evaluators)), words, closing, passing)


def opened(cast, *suppliers, about=None, evaluators=(), closing=CLOSING, **data) -> Journey:
    """Closed, nothing opened yet. `about`: what each supplier's answers say."""
    journey = start(cast, suppliers, evaluators=evaluators, closing=closing)
    said = sorted((supplier.pk, text) for supplier, text in (about or {}).items())
    worlds.reach(journey, "opened", repr(said), repr(data), go=lambda: open_with(journey, about, data))
    return journey


def open_with(journey, about, data):
    Journey.to(journey, "posted")
    suppliers, closing = journey.people.suppliers, journey.closing
    for number, supplier in enumerate(suppliers):
        text = (about or {}).get(supplier, "I wrote three open source programs and their tests.")
        answers = {criterion.pk: text for criterion in journey.opportunity.evaluation_criteria.all()}
        own = {
            "legal_name": supplier.name,
            "code_account": f"https://gitlab.com/{supplier.email.partition('@')[0]}-codes",
        }
        applications.apply(
            journey.opportunity,
            supplier,
            DATA | own | data | {"answers": answers},
            closing - hours(10 - number),
        )
    journey.act("close", CLOCK, closing + hours(0.1))


def released(cast, *suppliers, **options) -> Journey:
    """Tess has prepared and released; nobody has marked."""
    journey = opened(cast, *suppliers, **options)
    worlds.reach(journey, "released", go=lambda: release(journey, cast))
    return journey


def release(journey, cast):
    now = journey.closing + hours(1)
    preparing.claim(journey.opportunity, cast.tess, now)
    for application in journey.opportunity.applications.in_play():
        preparing.check(journey.opportunity, application, cast.tess, {}, now)
    journey.act("release", cast.tess, now + hours(0.5))


def label_of(opportunity, supplier) -> str:
    return opportunity.applications.get(supplier=supplier).label


def mark_all(opportunity, evaluator, failing=(), now=None, hand_in=True):
    """One evaluator marks everything; the applications of `failing` fail every criterion."""
    now = now or opportunity.state_since + hours(1)
    marking.declare(opportunity, evaluator, now)
    for application in opportunity.applications.in_play():
        passed = application.supplier not in failing
        reason = PASS_REASON if passed else FAIL_REASON
        marks = {criterion.pk: (passed, reason) for criterion in opportunity.evaluation_criteria.all()}
        marking.mark(opportunity, evaluator, application.label, marks, now)
    if hand_in:
        marking.hand_in(opportunity, evaluator, now)


def confirmed(cast, *suppliers, failing=(), **options) -> Journey:
    """Marked by the client alone, complete, and confirmed by Tom."""
    journey = released(cast, *suppliers, **options)

    def go():
        mark_all(journey.opportunity, cast.amara, failing)
        journey.act("evaluated", cast.amara, journey.closing + hours(20))
        journey.act("confirm", cast.tom, journey.closing + hours(21))

    worlds.reach(journey, "confirmed", *sorted(supplier.pk for supplier in failing), go=go)
    return journey


def frozen(cast, *suppliers, now=FREEZE, announced=True, **options) -> Journey:
    """Proposed by Tess, frozen by Tom, at a moment whose round is the recorded one."""
    journey = confirmed(cast, *suppliers, **options)

    def go():
        journey.act("propose_freeze", cast.tess, now - hours(0.1))
        journey.act("freeze", cast.tom, now)
        if announced:
            pool = journey.opportunity.pools.frozen().get()
            pool.announced_at = now + timedelta(minutes=2)
            pool.save(update_fields=["announced_at"])

    worlds.reach(journey, "frozen", now, announced, go=go)
    return journey


def drawn(cast, *suppliers, **options) -> Journey:
    """Drawn with the recorded signature; the first in the order holds an offer."""
    journey = frozen(cast, *suppliers, **options)
    drawn_at = ROUND_AT + timedelta(seconds=5)
    worlds.reach(journey, "drawn", go=lambda: journey.act("draw", CLOCK, drawn_at, signature_hex=SIGNATURE))
    return journey


def order_of(opportunity) -> list:
    """The suppliers in the order drawn."""
    pool = opportunity.pools.frozen().get()
    by_receipt = {a.receipt: a.supplier for a in opportunity.applications.select_related("supplier")}
    return [by_receipt[receipt] for receipt in draw.draw(pool.text.encode(), SIGNATURE).order]
