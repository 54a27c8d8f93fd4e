"""Following an opportunity: two buttons on its public page, and a page of its own to come back to after signing in."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from microacq import clock

from .. import following
from ..models import Opportunity


class FollowView(LoginRequiredMixin, View):
    """Follow at once or once a day, or stop: the button pressed is `how`."""

    http_method_names = ["get", "head", "post", "options"]

    def page(self, opportunity, reason="", status=200):
        context = {
            "opportunity": opportunity,
            "following": following.following_of(self.request.user, opportunity),
            "may_follow": following.may_follow(opportunity),
            "reason": reason,
        }
        return TemplateResponse(self.request, "opportunities/follow.html", context, status=status)

    def get(self, request, reference):
        return self.page(get_object_or_404(Opportunity.objects.public(), reference=reference))

    def post(self, request, reference):
        opportunity = get_object_or_404(Opportunity.objects.public(), reference=reference)
        how = request.POST.get("how")
        if how == "stop":
            following.stop(opportunity, request.user)
            messages.success(request, _("You no longer follow this opportunity."))
        elif how not in ("at_once", "daily"):
            return self.page(opportunity, _("Choose how you want to be told."), 422)
        elif not following.may_follow(opportunity):
            return self.page(opportunity, _("This opportunity has ended: nothing more will be told."), 409)
        else:
            following.follow(opportunity, request.user, digest=how == "daily", now=clock.now())
            if how == "daily":
                said = _("You follow this opportunity. What happens is told in one email a day.")
            else:
                said = _("You follow this opportunity. What happens is told at once.")
            messages.success(request, said)
        return redirect("opportunity", reference)


urls = [path(gettext_lazy("opportunities/<str:reference>/follow/"), FollowView.as_view(), name="follow")]
