"""Addresses of the choosing side."""

from opportunities.urls import transition_paths

from .views import contract, draw, evaluation, release

urlpatterns = [
    *release.urls,
    *evaluation.urls,
    *draw.urls,
    *contract.urls,
    *transition_paths("evaluations"),
]
