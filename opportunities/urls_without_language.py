"""Addresses that have no language in front, because machines look for them under one name."""

from django.urls import path

from .views import machine, metrics

urlpatterns = [
    path("sitemap.xml", machine.sitemap_index, name="sitemap"),
    path("sitemap-<str:section>.xml", machine.sitemap_part, name="sitemap_part"),
    path("robots.txt", machine.robots, name="robots"),
    *metrics.urls,
]
