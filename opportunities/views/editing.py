"""Pages that change words, dates or people without changing the state: the inquiry and the statement.

Knows who may work on such a page and when (`work_pages`), that a change needs the row locked and the version the
page was opened with, and how a stale page is answered: with a sentence, and what was typed still there.
"""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import transaction
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views import View

from microacq import clock

from ..lifecycle import Refused
from ..states import STATES
from ..work_pages import WORK_PAGES
from .transition import refused, visible_or_404


def require_work(opportunity, user, name: str) -> None:
    """Raises Refused unless the user may use the work page `name` on the opportunity as it now stands."""
    page = next(page for page in WORK_PAGES if page.name == name)
    if not opportunity.roles_of(user) & set(page.roles):
        who = ", ".join(str(role.label) for role in page.roles)
        raise Refused("role", [_("This can only be done by: %(who)s.") % {"who": who}])
    if opportunity.state not in page.states:
        raise Refused(
            "state",
            [
                _("This cannot be done now: the opportunity is at “%(state)s”.")
                % {"state": STATES[opportunity.state].label}
            ],
        )


def posted_version(request) -> int:
    """The version that the page was opened with; 0 when it is missing or is no number."""
    version = request.POST.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def stale_sentence() -> str:
    """What somebody reads who saves over another's change."""
    return _(
        "Somebody changed this opportunity after you opened the page. What you typed is below and is not saved. "
        "Compare it with the present text, then save again if it still holds."
    )


def touch(opportunity, now) -> None:
    """A new version, so that an approval of what was there before is refused. The caller saves."""
    opportunity.version += 1
    opportunity.modified_at = now


class EditView(LoginRequiredMixin, View):
    """One form on one opportunity. Subclasses give `page_name`, `template_name`, `make_form` and `saved`."""

    http_method_names = ["get", "post", "head", "options"]
    page_name = ""
    template_name = ""

    def make_form(self, opportunity, now, data=None):
        """The form, bound to the opportunity."""
        raise NotImplementedError

    def saved(self, opportunity, form):
        """The answer once the form is saved."""
        raise NotImplementedError

    def context(self, opportunity) -> dict:
        """More for the template."""
        return {}

    def page(self, opportunity, form, version: int, status=200):
        context = {
            "opportunity": opportunity,
            "form": form,
            "version": version,
            "now": form.now,
            **self.context(opportunity),
        }
        return TemplateResponse(self.request, self.template_name, context, status=status)

    def get(self, request, reference, **kwargs):
        opportunity = visible_or_404(request, reference)
        try:
            require_work(opportunity, request.user, self.page_name)
        except Refused as refusal:
            return refused(request, opportunity, None, refusal)
        return self.page(opportunity, self.make_form(opportunity, clock.now()), opportunity.version)

    def post(self, request, reference, **kwargs):
        shown = visible_or_404(request, reference)
        with transaction.atomic():
            opportunity = shown.locked()
            now = clock.now()
            try:
                require_work(opportunity, request.user, self.page_name)
            except Refused as refusal:
                return refused(request, shown, None, refusal)
            form = self.make_form(opportunity, now, request.POST)
            version = opportunity.version
            stale = posted_version(request) != version
            valid = form.is_valid()
            if stale:
                form.add_error(None, stale_sentence())
            if stale or not valid:
                return self.page(shown, form, version, status=409 if stale else 422)
            touch(opportunity, now)
            form.save()
        return self.saved(opportunity, form)
