"""Addresses of the buying side. Each transition's page bears the transition's own name."""

from django.urls import path
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from . import lifecycle
from .views import (
    contracting,
    criteria,
    delivered,
    demo_tools,
    follow,
    heads,
    how,
    inquiry,
    machine,
    measures,
    messages,
    pages,
    public,
    questions,
    registry,
    statement,
    statistics,
    subscriptions,
    team,
    work,
    workspace,
)
from .views.transition import TransitionView


def transition_paths(owner: str) -> list:
    """One address per transition that a person does and whose form belongs to `owner` ("opportunities" or "evaluations")."""
    return [
        path(
            format_lazy("{}<str:reference>/{}/", _("workspace/"), row.slug),
            TransitionView.as_view(),
            {"name": row.name},
            name=row.name,
        )
        for row in lifecycle.LIFECYCLE
        if row.form.startswith(owner) and not row.by_clock_only
    ]


urlpatterns = [
    *questions.urls,
    *contracting.urls,
    *delivered.urls,
    *machine.urls,
    *public.urls,
    *how.urls,
    *heads.urls,
    *follow.urls,
    *subscriptions.urls,
    *pages.urls,
    *statistics.urls,
    *measures.urls,  # before the workspace's own, whose addresses take any reference
    *demo_tools.urls,
    *inquiry.urls,  # before the workspace's own, whose addresses take any reference
    *statement.urls,
    *criteria.urls,
    *messages.urls,
    *team.urls,
    *work.urls,
    *registry.urls,
    *workspace.urls,
    *transition_paths("opportunities"),
]
