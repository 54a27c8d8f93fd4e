"""What anybody reads: the home page, the list, and the page of each opportunity that was ever posted.

Knows nothing that is sealed: before closing not even how many applied.
"""

from datetime import date, datetime

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from microacq import clock, text

from .. import listing
from ..models import Opportunity, Skill
from ..states import Role

PAGE_SIZE = 20
ON_HOME = 5
SHORT = 200
"""Characters up to which an old and a new text stand side by side without being folded."""


@require_safe
def home(request):
    """What this is, for whom, and what is open now."""
    now = clock.now()
    open_now = list(listing.listed(now).filter(listing.is_open(now))[: ON_HOME + 1])
    context = {
        "cards": cards(open_now[:ON_HOME], now),
        "more": len(open_now) > ON_HOME,
    }
    return TemplateResponse(request, "opportunities/home.html", context)


@require_safe
def opportunity_list(request):
    """Open ones first, then those whose result is to come, then the closed ones; what is asked for is in the address."""
    now = clock.now()
    query = "".join(c for c in request.GET.get("q", "") if c.isprintable())[: listing.MAX_QUERY].strip()
    status, skill = request.GET.get("status", ""), request.GET.get("skill", "")
    found = listing.narrowed(listing.listed(now), now, query=query, status=status, skill=skill)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "cards": cards(page, now),
        "page_obj": page,
        "count": page.paginator.count,
        "q": query,
        "status": status if status in dict(listing.FILTERS) else "",
        "skill": skill,
        "statuses": listing.FILTERS,
        "skills": [
            (str(found.pk), found.name)
            for found in Skill.objects.filter(opportunity__posted_at__isnull=False).distinct()
        ],
    }
    return TemplateResponse(request, "opportunities/list.html", context)


def cards(opportunities, now: datetime) -> list[dict]:
    """What a card of the public list says of each."""
    return [
        {
            "opportunity": opportunity,
            "status": listing.public_status(opportunity, now),
            "skills": [skill.name for skill in opportunity.skills.all()],
            "days_left": days_left(opportunity, now),
        }
        for opportunity in opportunities
    ]


def days_left(opportunity, now: datetime) -> int | None:
    """Calendar days in Eastern time until the closing day, 0 on that day; None once closed."""
    if not opportunity.is_open(now):
        return None
    return (
        opportunity.closing_at.astimezone(clock.EASTERN).date() - now.astimezone(clock.EASTERN).date()
    ).days


@require_safe
def opportunity(request, reference):
    """The public page of one opportunity."""
    posted = Opportunity.objects.public().select_related("rerun_of").prefetch_related("skills")
    found, now = get_object_or_404(posted, reference=reference), clock.now()
    signed_in = request.user.is_authenticated
    roles = found.roles_of(request.user)
    context = {
        "opportunity": found,
        "now": now,
        "status": listing.public_status(found, now),
        "open": found.is_open(now),
        "days_left": days_left(found, now),
        "questions_open": found.is_open(now) and now < found.questions_until,
        "amendments": [(amendment, shown_changes(amendment)) for amendment in found.amendments.all()],
        "answered": found.questions.filter(published_at__isnull=False).order_by("published_at", "pk"),
        "own_questions": found.questions.filter(asker=request.user, published_at=None) if signed_in else (),
        "has_part": signed_in and bool(roles - {Role.PUBLIC}),
        "may_apply": not roles - {Role.PUBLIC, Role.APPLICANT},
        "applied": Role.APPLICANT in roles,
        **(result(found) if found.has_closed(now) else {}),
    }
    return TemplateResponse(request, "opportunities/public.html", context)


def result(opportunity) -> dict:
    """What is public once closed: how many applied, the draw, who was selected, and the code."""
    contract = opportunity.contract
    pools = list(opportunity.pools.filter(frozen_at__isnull=False))
    latest = opportunity.deliveries.select_related("assessment").order_by("number").last()
    accepted = latest and getattr(latest, "assessment", None) and latest.assessment.accepted
    entry = getattr(opportunity, "registry_entry", None)
    return {
        "closed": True,
        "applications_count": opportunity.applications.filter(status="submitted").count(),
        "contract": contract,
        "drawn": any(not pool.voided_at for pool in pools),
        "pools": pools,
        "single": contract is not None and not pools,
        "delivered": latest if accepted else None,
        "registry_entry": entry if entry and entry.pull_request_url else None,
        "rerun": opportunity.reruns.filter(posted_at__isnull=False).first(),
    }


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
