"""The workspace: what waits for whoever is signed in, what they follow, and one page per opportunity for all roles."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from microacq import clock

from .. import lifecycle
from ..models import Opportunity
from ..panels import Reader, panels_for, sections_for
from ..standing import CARD_FIELDS, cards, followed_by, keys_waiting_for, next_action, standing
from ..states import Role
from ..work_pages import work_pages
from .transition import visible_or_404

PAGE_SIZE = 12


@require_safe
@login_required
def workspace(request):
    """ "Waiting for you" first, oldest first; then what the reader follows, newest change first."""
    user, now = request.user, clock.now()
    # The keys first, in their order: the rows, which are long, are read for the cards that are shown, all at once.
    waiting = keys_waiting_for(user)
    apart = set(waiting)
    followed = Opportunity.objects.visible_to(user).filter(followed_by(user)).order_by("-modified_at", "-pk")
    followed = [key for key in followed.values_list("pk", flat=True) if key not in apart]
    waiting_page = Paginator(waiting, PAGE_SIZE).get_page(request.GET.get("waiting"))
    page = Paginator(followed, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = Opportunity.objects.only(*CARD_FIELDS).with_parts_of(user).in_bulk([*waiting_page, *page])
    context = {
        "waiting": cards([rows[key] for key in waiting_page if key in rows], user, now),
        "waiting_page": waiting_page,
        "followed": cards([rows[key] for key in page if key in rows], user, now),
        "sections": sections_for(user, now),
        "now": now,
        "page_obj": page,
    }
    return TemplateResponse(request, "opportunities/workspace.html", context)


@require_safe
@login_required
def workspace_opportunity(request, reference):
    """One page for all roles: where it stands, what may be done, and each part that this reader may see."""
    opportunity, user, now = visible_or_404(request, reference), request.user, clock.now()
    roles = opportunity.roles_of(user)
    reader = Reader(opportunity, user, roles, now)
    offered = [
        (row, reasons)
        for row, reasons in lifecycle.available(opportunity, user, now)
        if not row.by_clock_only
    ]
    context = {
        "opportunity": opportunity,
        "standing": standing(opportunity, user, now, roles, next_action(opportunity, roles, offered)),
        "reader": reader,
        "roles": [role.one for role in Role if role in roles and role is not Role.PUBLIC],
        "possible": [row for row, reasons in offered if not reasons],
        "blocked": [(row, reasons) for row, reasons in offered if reasons],
        "work_pages": work_pages(opportunity, roles),
        "panels": panels_for(reader),
        "now": now,
    }
    return TemplateResponse(request, "opportunities/workspace_opportunity.html", context)


@require_safe
@login_required
def screen(request, reference):
    """The eligibility check is done in the administration: lead the team there."""
    opportunity = visible_or_404(request, reference)
    if Role.TEAM not in opportunity.roles_of(request.user):
        raise Http404
    return redirect(reverse("admin:opportunities_opportunity_change", args=[opportunity.pk]))


urls = [
    path(_("workspace/"), workspace, name="workspace"),
    path(_("workspace/<str:reference>/"), workspace_opportunity, name="workspace_opportunity"),
    path(_("workspace/<str:reference>/eligibility/"), screen, name="screen"),
]
