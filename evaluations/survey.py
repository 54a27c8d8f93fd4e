"""The voluntary survey of suppliers and clients, behind a random link that works once and is tied to nobody.

Knows in which emails a link goes out and how an answer is taken. The secret is in the email alone: the database has
its SHA-256 until the link is used, and the outbox takes it out of its copy once the email is sent.
"""

import hashlib
import re
import secrets
from typing import Any

from django.db import transaction
from django.utils.translation import override

from microacq import clock, outbox
from opportunities.notifications import besides, link

from .models import SurveyAnswer, SurveyInvitation
from .survey_models import Kind

MARK = "once-"
ASKED = {
    ("sign", "others"): Kind.SUPPLIER,
    ("no_award", "applicants"): Kind.SUPPLIER,
    ("no_award", "client"): Kind.CLIENT,
    ("close_empty", "client"): Kind.CLIENT,
    ("pay", "supplier"): Kind.SUPPLIER,
    ("complete", "client"): Kind.CLIENT,
    ("pay_terminated", "supplier"): Kind.SUPPLIER,
    ("pay_terminated", "client"): Kind.CLIENT,
    ("terminate_default", "supplier"): Kind.SUPPLIER,
    ("terminate_default", "client"): Kind.CLIENT,
}
"""(transition, audience): whoever reaches the end of the road is asked there, once an opportunity.

Who did not pass is asked when the contract is signed or the opportunity closed without a supplier, not at the freeze
too: as nobody knows who answered, nobody could tell two answers of one person from those of two.
"""

outbox.forget_once_sent(re.compile(f"{MARK}[0-9a-f]{{64}}"))


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@besides
def survey_link(recipient, audience: str, event) -> dict[str, Any]:
    """For the mails that ask: a new link, in the recipient's language. Nothing is kept of whose it is."""
    kind = ASKED.get((event.transition, audience)) if event else None
    if not kind:
        return {}
    token = MARK + secrets.token_hex(32)
    month = event.at.astimezone(clock.EASTERN).date().replace(day=1)
    SurveyInvitation.objects.create(token_sha256=digest(token), kind=kind, month=month)
    with override(recipient.language):
        return {"survey_link": link("survey", token)}


def invitation(token: str) -> SurveyInvitation | None:
    """The link that has not been used yet, or None."""
    return SurveyInvitation.objects.filter(token_sha256=digest(token)).first()


def answer(token: str, given: dict[str, Any]) -> bool:
    """Keep an answer and remove its link, so that nothing joins the two. False when the link was used already."""
    with transaction.atomic():
        found = invitation(token)
        if found is None or not SurveyInvitation.objects.filter(pk=found.pk).delete()[0]:
            return False
        SurveyAnswer.objects.create(kind=found.kind, month=found.month, **given)
    return True
