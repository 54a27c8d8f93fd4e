"""A list of the administration is headed by what it lists, and narrows by the filters that it shows, and by nothing else.

Django lets a list be narrowed by any column of its own, shown or not: guess by guess, an address would tell what a column
holds, a password's hash among them.
"""

from django.contrib import admin
from django.utils.text import capfirst

ASKED_BY_FILTERS = ("", "__exact", "__isnull", "__id__exact", "__gte", "__lt")


class ListedFiltersOnly(admin.ModelAdmin):
    """Base of every list. A look-up that is not one of `list_filter` is refused."""

    def lookup_allowed(self, lookup, value, request=None):
        named = [one[0] if isinstance(one, tuple | list) else one for one in self.get_list_filter(request)]
        asked = {getattr(one, "parameter_name", None) for one in named}
        asked |= {f"{name}{end}" for name in named if isinstance(name, str) for end in ASKED_BY_FILTERS}
        return lookup in asked

    def changelist_view(self, request, extra_context=None):
        """Headed by what it lists: Django's heading tells the reader to select something "to view"."""
        heading = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, heading | (extra_context or {}))
