"""Addresses of the choosing side."""

from opportunities.urls import transition_paths

from .views import account, application, contract, debrief, draw, evaluation, people, release, stories, survey

urlpatterns = [
    *account.urls,
    *application.urls,
    *release.urls,
    *evaluation.urls,
    *draw.urls,
    *contract.urls,
    *people.urls,
    *debrief.urls,
    *survey.urls,
    *stories.urls,
    *transition_paths("evaluations"),
]
