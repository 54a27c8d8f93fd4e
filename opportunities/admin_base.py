"""What every list of the team's admin shares: who enters, what is never done there, and which rows are shown.

Django's permission tables are not used: the role says it. A superuser grants roles (microacq/admin.py) and has no
other privilege: without the team's role they see nothing here, and with it they are bound as the team is.
"""

from django.contrib import admin
from django.utils.functional import Promise
from django.utils.text import capfirst

from microacq.listed_filters import ListedFiltersOnly

from .facts import label_of
from .models import Opportunity


def acts_for_team(user) -> bool:
    """Whether this person works at the team's desk."""
    return user.is_authenticated and user.is_active and user.role == user.Role.TEAM


class DeskAdmin(ListedFiltersOnly):
    """Read-only, for the team. Records are evidence: nothing is added, changed or deleted from a list."""

    actions = None
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    empty_value_display = "–"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Headed by what it is: Django's heading joins a verb to it, which French does not bear."""
        heading = {"title": capfirst(self.opts.verbose_name)}
        return super().change_view(request, object_id, form_url, heading | (extra_context or {}))

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Labelled in words where the model gives no more than the column's name."""
        form = super().get_form(request, obj, change=change, **kwargs)
        bare = [one for one in self.opts.concrete_fields if not isinstance(one.verbose_name, Promise)]
        form._meta.labels = {one.name: label_of(one) for one in bare} | (form._meta.labels or {})
        return form

    def has_module_permission(self, request):
        return acts_for_team(request.user)

    def has_view_permission(self, request, obj=None):
        return acts_for_team(request.user)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class RecordAdmin(DeskAdmin):
    """Records that hang on an opportunity: shown where the opportunity is."""

    to_opportunity = "opportunity"
    """How a row leads to its opportunity."""

    def get_queryset(self, request):
        seen = Opportunity.objects.visible_to(request.user)
        return super().get_queryset(request).filter(**{f"{self.to_opportunity}__in": seen})

    def lookup_allowed(self, lookup, value, request=None):
        """An opportunity's page leads to its own records of each kind."""
        return lookup == f"{self.to_opportunity}__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_fields(self, request, obj=None):
        return self.fields or self.list_display
