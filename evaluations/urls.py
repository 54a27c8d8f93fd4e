"""Addresses of the choosing side."""

from opportunities.urls import transition_paths

urlpatterns = [
    *transition_paths("evaluations"),
]
