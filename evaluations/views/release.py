"""Preparing the release: the pages of the one team member who opens the applications with names.

Knows pages and forms; `preparing.py` knows the rules.
"""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views import View

from microacq import clock
from opportunities.lifecycle import Refused
from opportunities.views.transition import refused, visible_or_404

from .. import preparing
from ..forms.preparing import MaskForm, SetAsideForm, TakeOverForm


class Page(LoginRequiredMixin, View):
    """A page of the preparation: 404 for what cannot be seen, 409 with the sentence for who may not prepare now."""

    http_method_names = ["get", "post", "head", "options"]

    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.opportunity = visible_or_404(request, kwargs["reference"])
        try:
            code, reasons = self.reasons_against(request)
            if code:
                raise Refused(code, reasons)
            self.preparation = self.opportunity.preparations.current()
            return super().dispatch(request, *args, **kwargs)
        except Refused as refusal:
            return refused(request, self.opportunity, None, refusal, instead=self.instead(request))

    def instead(self, request) -> dict | None:
        """What may be done instead: another member of the team may take the preparation over."""
        if preparing.why_not_take_over(self.opportunity, request.user)[0]:
            return None
        address = reverse("take_over_preparation", args=[self.opportunity.reference])
        return {"url": address, "label": _("Take the preparation over")}

    def reasons_against(self, request):
        return preparing.reasons_against(self.opportunity, request.user)

    def received(self):
        """The applications received, in the order of their receipts: an order that says nothing."""
        return self.opportunity.applications.received().order_by("receipt")

    def page(self, template, context, status=200):
        context = {"opportunity": self.opportunity, "now": clock.now(), **context}
        return TemplateResponse(self.request, f"evaluations/{template}", context, status=status)


class PrepareRelease(Page):
    """First the warning and the claim; then the list of the applications."""

    def get(self, request, reference):
        if not self.preparation:
            number = self.received().count()
            return self.page("prepare_claim.html", {"number": number})
        applications = list(self.received().select_related("supplier"))
        left = sum(not a.checked_at and not a.set_aside_at for a in applications)
        return self.page(
            "prepare_release.html",
            {"applications": applications, "left": left, "opened_at": self.preparation.opened_at},
        )

    def post(self, request, reference):
        preparing.claim(self.opportunity, request.user, clock.now())
        messages.success(request, _("You are preparing the release. From here on you see names."))
        return redirect("prepare_release", reference)


class TakeOver(Page):
    """The one who began has left: another member of the team goes on, on record, with a reason."""

    def reasons_against(self, request):
        return preparing.why_not_take_over(self.opportunity, request.user)

    def show(self, form, status=200):
        left = preparing.colleagues_left(self.opportunity, self.request.user)
        return self.page(
            "prepare_take_over.html", {"form": form, "preparation": self.preparation, "left": left}, status
        )

    def get(self, request, reference):
        return self.show(TakeOverForm(initial={"seen": self.preparation.pk}))

    def post(self, request, reference):
        form = TakeOverForm(request.POST)
        if not form.is_valid():
            return self.show(form, status=422)
        given = form.cleaned_data
        preparing.take_over(self.opportunity, request.user, given["reason"], clock.now(), given["seen"])
        messages.success(request, _("You are preparing the release. From here on you see names."))
        return redirect("prepare_release", reference)


class PrepareOne(Page):
    """One application with its names: mask, check, set aside, put back."""

    def application(self, pk):
        if not self.preparation:
            raise Refused("guard", [_("Take on the preparation first.")])
        return get_object_or_404(self.received().select_related("supplier"), pk=pk)

    def show(self, application, form=None, aside=None, status=200):
        form = form or MaskForm(application=application)
        aside = aside or SetAsideForm(prefix="aside")
        return self.page(
            "prepare_application.html",
            {"application": application, "form": form, "aside": aside, "forms": [form, aside]},
            status,
        )

    def get(self, request, reference, pk):
        return self.show(self.application(pk))

    def post(self, request, reference, pk):
        application, user, now = self.application(pk), request.user, clock.now()
        action = request.POST.get("action", "check")
        if action == "set_aside":
            aside = SetAsideForm(request.POST, prefix="aside")
            if not aside.is_valid():
                return self.show(application, aside=aside, status=422)
            preparing.set_aside(self.opportunity, application, user, aside.cleaned_data["reason"], now)
            messages.success(
                request,
                _(
                    "The application is set aside. Its supplier reads your reason once the others are released."
                ),
            )
        elif action == "put_back":
            preparing.put_back(self.opportunity, application, user, now)
            messages.success(request, _("The application is back among the others."))
            return redirect("prepare_application", reference, pk)
        else:
            form = MaskForm(request.POST, application=application)
            if not form.is_valid():
                return self.show(application, form=form, status=422)
            preparing.check(self.opportunity, application, user, form.masked(), now)
            messages.success(
                request,
                _(
                    "The application is checked. The supplier’s own words stay on record beside the masked ones."
                ),
            )
        return redirect("prepare_release", reference)


def _address(rest: str = "") -> object:
    return format_lazy(
        "{}<str:reference>/{}/{}", gettext_lazy("workspace/"), pgettext_lazy("slug", "prepare-release"), rest
    )


urls = [
    path(_address(), PrepareRelease.as_view(), name="prepare_release"),
    path(
        format_lazy("{}{}/", _address(), pgettext_lazy("slug", "take-over")),
        TakeOver.as_view(),
        name="take_over_preparation",
    ),
    path(_address("<int:pk>/"), PrepareOne.as_view(), name="prepare_application"),
]
