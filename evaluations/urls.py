"""Addresses of the choosing side."""

from opportunities.urls import transition_paths

from .views import application, contract, debrief, draw, evaluation, people, release, survey

urlpatterns = [
    *application.urls,
    *release.urls,
    *evaluation.urls,
    *draw.urls,
    *contract.urls,
    *people.urls,
    *debrief.urls,
    *survey.urls,
    *transition_paths("evaluations"),
]
