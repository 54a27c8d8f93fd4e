"""How a micro-acquisition works, for everyone: drawn from the lifecycle's table, so it cannot be out of date."""

from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from .. import lifecycle
from ..states import STATES, STEPS
from .caching import kept_page

WORDS = {
    1: _("An employee describes a small coding need: what, why, for when. Nothing else is needed to begin."),
    2: _(
        "The team checks the need: it is code, unclassified, stand-alone, at most $10,000 taxes included, done remotely in the open, and nobody inside can do it."
    ),
    3: _(
        "The client and the team write the statement in English and French. The manager commits the funds and finance reserves them."
    ),
    4: _(
        "The opportunity is public. Suppliers ask questions until two business days before closing, and apply until the closing time. Nobody reads applications before then."
    ),
    5: _(
        "The applications are read without names. Each criterion is pass or fail, with a written reason, and the team checks that each reason is there."
    ),
    6: _(
        "If one application passes, its supplier is selected. If several pass, a draw that anyone can check decides. The supplier signs one page of terms."
    ),
    7: _(
        "The supplier delivers the code in an open repository. The client assesses it against the work acceptance criteria, and may ask for a revision."
    ),
    8: _(
        "The supplier sends one invoice. The manager certifies it and a finance officer pays by card or PayPal. The target is seven days."
    ),
    9: _("The code is entered in the Open Resource Exchange, where anyone can find and use it."),
}


@kept_page
def how_it_works(request):
    """The nine steps, with what happens in each and who does it."""
    steps = []
    for number, label in STEPS.items():
        rows = [row for row in lifecycle.LIFECYCLE if row.step == number and not row.aside]
        steps.append(
            {
                "number": number,
                "label": label,
                "words": WORDS[number],
                "rows": rows,
                "states": [s for s in STATES.values() if s.step == number],
            }
        )
    return TemplateResponse(request, "opportunities/how_it_works.html", {"steps": steps})


urls = [path(_("how-it-works/"), how_it_works, name="how_it_works")]
