"""Who evaluates, changed after closing, and the need handed over to another client by the team.

Knows who may take part and who may not. What changed is written in the thread of the client and the team.
"""

from django.db import transaction
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from opportunities.lifecycle import ENDINGS, Refused, Role
from opportunities.notifications import mail_context, queue
from opportunities.views.messages import send_message

from .models import Application

CHANGE_IN = ("opened", "evaluation")
"""States in which evaluators may be named or replaced; before them the statement names them."""


def reasons_against(opportunity, user) -> tuple[str, list]:
    """Why this user may change nothing here now: ("", []) when they may."""
    roles = opportunity.roles_of(user)
    if not roles & {Role.CLIENT, Role.TEAM}:
        return "role", [_("Only the client or the team changes who evaluates.")]
    if opportunity.state in ENDINGS or (Role.TEAM not in roles and opportunity.state not in CHANGE_IN):
        return "state", [
            _("Evaluators can be named or replaced from the closing to the end of the evaluation.")
        ]
    return "", []


def _may_take_part(opportunity, person) -> bool:
    """Not the manager, not who saw names, nobody who applied. The answer does not tell which."""
    applied = (
        opportunity.applications.exclude(status=Application.Status.DRAFT).filter(supplier=person).exists()
    )
    return (
        person.is_active
        and person.is_esdc
        and person.pk != opportunity.manager_id
        and not applied
        and not opportunity.preparations.by(person)
    )


def change(opportunity, by, now, *, evaluators=None, client=None) -> None:
    """Name the evaluators beside the client, hand the need over to another client, or both; None leaves as it is.

    Marks of who is no longer named stay on record and no longer count. Raises Refused.
    """
    with transaction.atomic():
        row = opportunity.locked()
        code, reasons = reasons_against(row, by)
        if code:
            raise Refused(code, reasons)
        roles = row.roles_of(by)
        before = set(row.evaluators.all())
        said = []
        if client and client != row.client:
            if Role.TEAM not in roles:
                raise Refused("role", [_("Only the team hands a need over.")])
            _refuse_unfit(row, [client])
            row.client = client
            said.append(lambda: gettext("The need is handed over to %(name)s.") % {"name": client})
        if evaluators is not None and row.state in CHANGE_IN:
            chosen = {person for person in evaluators if person != row.client}
            _refuse_unfit(row, chosen - before)
        else:
            chosen = before - {row.client}
        if chosen != before:
            row.evaluators.set(chosen)
            names = ", ".join(sorted(map(str, chosen)))
            said.append(
                lambda: (
                    gettext("Beside the client, these evaluate: %(names)s.") % {"names": names}
                    if names
                    else gettext("The client evaluates alone.")
                )
            )
        if not said:
            return
        row.version += 1
        row.modified_at = now
        row.save(update_fields=["client", "version", "modified_at"])
        send_message(
            row,
            by,
            "\n\n".join(_in_language(said, language) for language in ("en", "fr")),
            from_team=Role.TEAM in roles,
            now=now,
        )
        if row.state == "evaluation":
            for person in (chosen - before) | ({client} - {None} - {opportunity.client}):
                queue(
                    "evaluation_to_do", person, mail_context(row), opportunity=row, audience_name="evaluators"
                )


def _refuse_unfit(opportunity, people) -> None:
    unfit = [person for person in people if not _may_take_part(opportunity, person)]
    if unfit:
        raise Refused(
            "guard",
            [
                _("%(address)s cannot take part in this evaluation.") % {"address": person.email}
                for person in unfit
            ],
        )


def _in_language(said, language: str) -> str:
    with override(language):
        return " ".join(sentence() for sentence in said)
