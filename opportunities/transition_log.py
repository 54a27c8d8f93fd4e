"""A log line for each transition that was done: which, on what, by whom, as what. Written once it is kept."""

import logging
from functools import partial

from django.db import transaction
from django.dispatch import receiver

from microacq import logs

from .lifecycle import performed

log = logging.getLogger("opportunities.transitions")


@receiver(performed)
def done(sender, opportunity, event, **kwargs):
    said = partial(
        logs.note,
        event.transition,
        logger=log,
        object=opportunity.reference,
        outcome="done",
        role=event.role,
        event=event.number,
        account=event.actor_id,
    )
    transaction.on_commit(said)
