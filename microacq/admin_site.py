"""The administration as a site of its own: Django's, but for what each page costs."""

from functools import partial
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.utils.functional import SimpleLazyObject


class Site(AdminSite):
    def get_app_list(self, request, app_label=None) -> Any:
        """The lists that this person may open, worked out when a page shows them: Django does it once or twice a page,
        whether or not it shows them."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))


class Config(AdminConfig):
    default_site = "microacq.admin_site.Site"
