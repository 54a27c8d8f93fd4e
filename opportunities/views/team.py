"""What the team does among itself on an opportunity: internal notes, and who owns it. Nobody else has these pages."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views import View

from microacq import clock

from ..forms.team import NoteForm, OwnerForm
from ..lifecycle import Refused
from ..models import InternalNote
from ..ownership import hand_over
from ..states import Role
from .transition import refused, visible_or_404


class TeamView(LoginRequiredMixin, View):
    """A page of the team on one opportunity; for everybody else there is none."""

    http_method_names = ["get", "post", "head", "options"]

    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.opportunity = visible_or_404(request, kwargs["reference"])
        if Role.TEAM not in self.opportunity.roles_of(request.user):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def origin(self) -> str:
        """ "admin" when the reader came from the administration."""
        asked = self.request.POST.get("from", self.request.GET.get("from"))
        return "admin" if asked == "admin" else ""

    def back(self) -> str:
        """Where it came from: the administration, or the workspace."""
        if self.origin():
            return reverse("admin:opportunities_opportunity_change", args=[self.opportunity.pk]) + "#team"
        return reverse("workspace_opportunity", args=[self.opportunity.reference]) + "#team"

    def page(self, template, form, status=200):
        context = {"opportunity": self.opportunity, "form": form, "from": self.origin()}
        return TemplateResponse(self.request, template, context, status=status)


class NotesView(TeamView):
    """The notes by themselves, and the door for a new one."""

    template = "opportunities/internal_notes.html"

    def page(self, template, form, status=200):
        answer = super().page(template, form, status)
        answer.context_data["internal_notes"] = self.opportunity.internal_notes.select_related("author")
        return answer

    def get(self, request, reference):
        return self.page(self.template, NoteForm(prefix="note"))

    def post(self, request, reference):
        form = NoteForm(request.POST, prefix="note")
        if not form.is_valid():
            return self.page(self.template, form, status=422)
        InternalNote.objects.create(
            opportunity=self.opportunity,
            author=request.user,
            text=form.cleaned_data["text"],
            written_at=clock.now(),
        )
        messages.success(request, _("Note kept. Only the team reads it."))
        return redirect(self.back())


class OwnerView(TeamView):
    """Naming the owner, or handing over."""

    template = "opportunities/owner.html"

    def get(self, request, reference):
        owner = self.opportunity.owner_id
        return self.page(
            self.template, OwnerForm(initial={"owner": owner or request.user.pk, "former": owner or ""})
        )

    def post(self, request, reference):
        form = OwnerForm(request.POST)
        if not form.is_valid():
            return self.page(self.template, form, status=422)
        data, former = form.cleaned_data, form.cleaned_data["former"]
        try:
            done = hand_over(
                self.opportunity,
                data["owner"],
                by=request.user,
                note=data["note"],
                former=int(former) if former.isascii() and former.isdigit() and len(former) < 10 else None,
                now=clock.now(),
            )
        except Refused as refusal:
            return refused(request, self.opportunity, None, refusal, back=self.back())
        if done is None:
            messages.info(request, _("Nothing was changed."))
        elif done.owner is None:
            messages.success(request, _("It has no owner now."))
        else:
            messages.success(request, _("%(name)s is now its owner.") % {"name": done.owner.name})
        return redirect(self.back())


def _path(slug, view, name):
    return path(
        format_lazy("{}<str:reference>/{}/", gettext_lazy("workspace/"), slug), view.as_view(), name=name
    )


urls = [
    _path(pgettext_lazy("slug", "internal-notes"), NotesView, "internal_notes"),
    _path(pgettext_lazy("slug", "owner"), OwnerView, "owner"),
]
