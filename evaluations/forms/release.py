"""Step 5, the release: from here on the applications are letters."""

import secrets
from string import ascii_uppercase

from opportunities.forms.base import ActionForm

from ..models import Sheet


def letters(number: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = ascii_uppercase[rest] + text
    return text


class ReleaseForm(ActionForm):
    """Gives each application a letter in an order drawn for this opportunity, and each evaluator a sheet."""

    @property
    def number(self) -> int:
        """How many applications are released."""
        return self.opportunity.applications.in_play().count()

    def record(self, opportunity, by, now):
        applications = list(opportunity.applications.in_play())
        secrets.SystemRandom().shuffle(applications)
        for number, application in enumerate(applications):
            application.label = letters(number)
            application.save(update_fields=["label"])
        for person in {opportunity.client, *opportunity.evaluators.all()}:
            Sheet.objects.get_or_create(opportunity=opportunity, evaluator=person)
        received = opportunity.applications.received().count()
        return {
            "applications": received,
            "released": len(applications),
            "set_aside": received - len(applications),
        }
