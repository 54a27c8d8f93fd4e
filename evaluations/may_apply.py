"""Who may write or send an application, and until when; or why not, in a sentence.

Knows the opportunity, its other parts and whom a new run leaves out. Holds no time: it is given.
"""

from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq import clock, text
from opportunities.lifecycle import Refused, Role


def why_not(opportunity, user, now: datetime) -> Refused | None:
    """Why this person cannot write or send an application now, or None when they can."""
    others = opportunity.roles_of(user) - {Role.APPLICANT, Role.PUBLIC}
    if others:
        who = ", ".join(str(role.label) for role in sorted(others))
        return Refused(
            "role",
            [
                _("Whoever has another part in an opportunity cannot apply to it. Yours here: %(who)s.")
                % {"who": who}
            ],
        )
    # Only a new run leaves somebody out.
    asked = opportunity.excluded_suppliers.filter(supplier=user.pk) if opportunity.rerun_of_id else ()
    for excluded in asked:
        return Refused("excluded", excluded_sentences(excluded.reason))
    if opportunity.state == "posted" and now >= opportunity.closing_at:
        return Refused("closed", [late_sentence(opportunity, now)])
    if opportunity.state != "posted":
        stands = _("This opportunity does not take applications: it stands at “%(state)s”.") % {
            "state": opportunity.status.label
        }
        late = opportunity.posted_at and opportunity.state != "cancelled" and now >= opportunity.closing_at
        return Refused("closed", [late_sentence(opportunity, now), stands] if late else [stands])
    return None


def excluded_sentences(reason: str) -> list:
    """That this supplier may not apply here, kindly, with the reason that the team gave."""
    return [
        _(
            "Thank you for your interest. This opportunity runs an earlier one again, and your contract for that one "
            "ended without the work being delivered, so we cannot take an application from you here."
        ),
        _("The team’s reason: %(reason)s") % {"reason": reason},
        _("You can apply to every other opportunity. If you disagree, write to the team."),
    ]


def late_sentence(opportunity, now: datetime):
    """That it is too late, with both times to the second."""
    language = (get_language() or "en")[:2]

    changed = (
        opportunity.closing_at.astimezone(clock.EASTERN).utcoffset()
        != now.astimezone(clock.EASTERN).utcoffset()
    )

    def exact(moment):
        local = moment.astimezone(clock.EASTERN)
        # On the night when clocks go back the same time comes twice.
        which = f" ({_('daylight time') if local.dst() else _('standard time')})" if changed else ""
        return f"{text.date_words(local, language)}, {local:%H:%M:%S}{which}"

    return _(
        "Closing was on %(closing)s, Eastern time. What you sent reached us on %(received)s, Eastern time, so it was not taken."
    ) % {
        "closing": exact(opportunity.closing_at),
        "received": exact(now),
    }
