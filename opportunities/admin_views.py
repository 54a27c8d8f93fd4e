"""The admin's own pages: a transition in the admin's frame.

Knows nothing that the site's page of the transition does not: same forms, same door, same refusals.
"""

from django.http import Http404
from django.shortcuts import get_object_or_404

from . import lifecycle
from .models import Opportunity
from .views.transition import TransitionView


class AdminTransitionView(TransitionView):
    """The page of a transition as `TransitionView`, in the admin, for an opportunity given by its key."""

    model_admin = None

    def dispatch(self, request, pk, name):
        row = lifecycle.BY_NAME.get(name)
        if row is None or row.by_clock_only or not self.model_admin.has_view_permission(request):
            raise Http404
        opportunity = get_object_or_404(Opportunity.objects.visible_to(request.user), pk=pk)
        return super().dispatch(request, reference=opportunity.reference, name=name)

    def back(self, opportunity):
        return self.model_admin.around(self.request, opportunity)["back"]

    def around(self, opportunity):
        return self.model_admin.around(self.request, opportunity)
