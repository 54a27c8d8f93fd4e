"""The stories of the survey that may be quoted, for the team to read. No page of the public shows one by itself."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from opportunities.views.measures import for_team

from ..models import SurveyAnswer

PAGE_SIZE = 20


@require_safe
@login_required
def stories(request):
    """The words and whether a client or a supplier wrote them, in no order of time and with none of their other answers."""
    for_team(request)
    told = SurveyAnswer.objects.filter(may_quote=True).exclude(story="").order_by("pk").only("kind", "story")
    page = Paginator(told, PAGE_SIZE).get_page(request.GET.get("page"))
    return TemplateResponse(request, "evaluations/stories.html", {"page_obj": page})


urls = [
    path(
        format_lazy(
            "{}{}/{}/",
            gettext_lazy("workspace/"),
            pgettext_lazy("slug", "measures"),
            pgettext_lazy("slug", "stories"),
        ),
        stories,
        name="stories",
    )
]
