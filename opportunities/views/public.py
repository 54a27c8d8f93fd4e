"""What anybody reads: the home page, the list, and the page of each opportunity that was ever posted.

Knows nothing that is sealed: before closing not even how many applied.
"""

from datetime import date, datetime
from urllib.parse import quote, urlencode

from django.core.paginator import Paginator
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from microacq import text

from .. import following, listing, posted_page
from ..cards import cards, days_between
from ..models import Opportunity
from ..public_status import public_status
from ..publishing import linked_data
from ..publishing.addresses import address
from ..publishing.public_record import result
from ..states import Role
from .caching import kept_page, say_modified

ON_HOME = 5
FILTER_LABELS = (
    ("status", _("Status")),
    ("skill", _("Skill")),
    ("price", _("Price, before taxes")),
    ("closing", _("Closing")),
)
SHORT = 200
"""Characters up to which an old and a new text stand side by side without being folded."""


@kept_page
def home(request):
    """What this is, for whom, and what is open now."""
    now = request.posted.now
    open_now = cards([listing.open_now(now)[: ON_HOME + 1]], now, level="h3")
    context = {
        "cards": open_now[:ON_HOME],
        "more": len(open_now) > ON_HOME,
    }
    response = TemplateResponse(request, "opportunities/home.html", context)
    return say_modified(response, request.posted, request.posted.changed_at)


@kept_page
def opportunity_list(request):
    """Open ones first, then those whose result is to come, then the closed ones; what is asked for is in the address."""
    now = request.posted.now
    asked = listing.Asked.in_address(request.GET)
    found = listing.look(asked, now, request.posted)
    page = Paginator(range(found.total), asked.size).get_page(request.GET.get("page"))
    context = {
        "asked": asked,
        "found": found,
        "cards": cards(found.slice(page.start_index() - 1, page.end_index()), now) if found.total else [],
        "page_obj": page,
        "filters": [
            (name, label, found.skills if name == "skill" else found.facets[name], getattr(asked, name))
            for name, label in FILTER_LABELS
        ],
        "sizes": [(size, size) for size in listing.SIZES],
        "without_filters": asked.words_alone().address,
    }
    response = TemplateResponse(request, "opportunities/list.html", context)
    return say_modified(response, request.posted, request.posted.changed_at)


def days_left(opportunity, now: datetime) -> int | None:
    """Calendar days in Eastern time until the closing day, 0 on that day; None once closed."""
    if not opportunity.is_open(now):
        return None
    return days_between(now, opportunity.closing_at)


@kept_page
def opportunity(request, reference):
    """The public page of one opportunity."""
    posted, now = posted_page.read(reference), request.posted.now
    if posted is None:
        raise Http404
    found = posted.opportunity
    signed_in = request.user.is_authenticated
    roles = found.roles_of(request.user)
    context = {
        "opportunity": found,
        "skills": posted.skills,
        "evaluation_criteria": posted.evaluation_criteria,
        "acceptance_criteria": posted.acceptance_criteria,
        "now": now,
        "status": public_status(found, now),
        "open": found.is_open(now),
        "days_left": days_left(found, now),
        "questions_open": found.is_open(now) and now < found.questions_until,
        "questions_days_left": days_between(now, found.questions_until),
        "amendments": [(amendment, shown_changes(amendment)) for amendment in posted.amendments],
        "answered": posted.answered,
        "own_questions": found.questions.filter(asker=request.user, published_at=None) if signed_in else (),
        "has_part": signed_in and bool(roles - {Role.PUBLIC}),
        "may_apply": not roles - {Role.PUBLIC, Role.APPLICANT},
        "applied": Role.APPLICANT in roles,
        "following": following.following_of(request.user, found),
        "share": urlencode(
            {"subject": found.title, "body": address("opportunity", found.reference)}, quote_via=quote
        ),
        "may_follow": following.may_follow(found),
        "linked_data": linked_data.script(
            linked_data.demand(found, (get_language() or "en")[:2], posted.skills)
        ),
        **(result(found) if found.has_closed(now) else {}),
    }
    response = TemplateResponse(request, "opportunities/public.html", context)
    return say_modified(response, request.posted, found.modified_at, found.questions_until, found.closing_at)


def shown_changes(amendment) -> list[dict]:
    """What an amendment changed, in the reader's language: label, old, new, and whether they are long texts."""
    language = "fr" if (get_language() or "en").startswith("fr") else "en"
    rows = []
    for change in amendment.changes:
        if change["language"] in ("", language):
            old, new = (_shown(change["field"], change[name], language) for name in ("old", "new"))
            rows.append(
                {
                    "label": _label(change["field"]),
                    "old": old,
                    "new": new,
                    "long": len(old) > SHORT or len(new) > SHORT,
                }
            )
    return rows


def _label(field: str) -> str:
    if field.startswith("evaluation_"):
        return gettext("Evaluation criterion")
    if field.startswith("acceptance_"):
        return gettext("Work acceptance criterion")
    name = str(Opportunity._meta.get_field(field).verbose_name)
    return name[:1].upper() + name[1:]


def _shown(field: str, value: str, language: str) -> str:
    if field == "closing_at":
        return text.eastern_words(datetime.fromisoformat(value), language)
    if field in ("selection_date", "delivery_date"):
        return text.date_words(date.fromisoformat(value), language)
    return value or ""


urls = [
    path("", home, name="home"),
    path(_("opportunities/"), opportunity_list, name="opportunity_list"),
    path(_("opportunities/<str:reference>/"), opportunity, name="opportunity"),
]
