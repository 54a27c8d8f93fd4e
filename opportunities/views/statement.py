"""Step 3: the statement, a list of short sections, each on its own page, and its preview as the public will see it."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext_lazy, override, pgettext_lazy
from django.utils.translation import gettext as _
from django.views import View

from microacq import clock

from .. import lifecycle, missing
from ..forms.statement import FORMS
from ..lifecycle import Refused
from ..models.opportunity import LANGUAGES
from ..statement import SECTION, SECTIONS, earliest_closing, missing_by_section
from ..states import Role
from .editing import EditView, require_work
from .transition import refused, visible_or_404

PREVIEWERS = {Role.CLIENT, Role.TEAM, Role.EVALUATOR, Role.MANAGER, Role.FINANCE}


def tasks(opportunity, now) -> list[dict]:
    """The sections as a task list: each with its page and what it still lacks."""
    lacking = missing_by_section(opportunity, now)
    return [
        {
            "label": section.label,
            "url": reverse(f"statement_{section.key}", args=[opportunity.reference]),
            "done": not lacking[section.key],
            "status": _("Done") if not lacking[section.key] else _("To complete"),
            "hint": _hint(lacking[section.key]),
        }
        for section in SECTIONS
    ]


def _hint(gaps: list) -> str:
    """Sentences as they are; single words after "Missing"."""
    sentences = [str(gap) for gap in gaps if str(gap).endswith(".")]
    words = [str(gap) for gap in gaps if not str(gap).endswith(".")]
    listed = [_("Missing: %(what)s.") % {"what": ", ".join(words)}] if words else []
    return " ".join([*listed, *sentences])


def after(key: str) -> str:
    """The URL name of the section that follows; the list's after the last."""
    keys = [section.key for section in SECTIONS]
    place = keys.index(key) + 1
    return f"statement_{keys[place]}" if place < len(keys) else "statement"


class StatementView(LoginRequiredMixin, View):
    """The list of sections."""

    http_method_names = ["get", "head", "options"]

    def get(self, request, reference):
        opportunity, now = visible_or_404(request, reference), clock.now()
        try:
            require_work(opportunity, request.user, "statement")
        except Refused as refusal:
            return refused(request, opportunity, None, refusal)
        listed = tasks(opportunity, now)
        _code, reasons = lifecycle.why_not(
            lifecycle.BY_NAME["statement_ready"], opportunity, request.user, now
        )
        context = {
            "opportunity": opportunity,
            "tasks": listed,
            "done": sum(task["done"] for task in listed),
            "reasons": reasons,
            "returned": opportunity.remarks.filter(
                transition__in=("return_statement", "return_reservation", "reopen_statement")
            ).last(),
            "now": now,
        }
        return TemplateResponse(request, "opportunities/statement.html", context)


class SectionView(EditView):
    """One section's form."""

    page_name = "statement"
    key = ""

    @property
    def template_name(self):
        return [f"opportunities/statement_{self.key}.html", "opportunities/statement_section.html"]

    def make_form(self, opportunity, now, data=None):
        return FORMS[self.key](data, instance=opportunity, now=now)

    def context(self, opportunity):
        place = [section.key for section in SECTIONS].index(self.key) + 1
        return {
            "section": SECTION[self.key],
            "place": place,
            "places": len(SECTIONS),
            "earliest_closing": earliest_closing(clock.now()),
        }

    def saved(self, opportunity, form):
        messages.success(self.request, _("Saved: %(section)s.") % {"section": SECTION[self.key].label})
        choice = self.request.POST.get("do", "")
        name = {"stay": f"statement_{self.key}", "list": "statement"}.get(choice, after(self.key))
        return redirect(name, opportunity.reference)


class PreviewView(LoginRequiredMixin, View):
    """The statement as the public will see it, in the page's language, for whoever has a part in the need."""

    http_method_names = ["get", "head", "options"]

    def get(self, request, reference):
        opportunity = visible_or_404(request, reference)
        if opportunity.posted_at:
            return redirect("opportunity", opportunity.reference)
        if not opportunity.roles_of(request.user) & PREVIEWERS:
            return refused(
                request,
                opportunity,
                None,
                Refused("role", [_("The preview is for those who prepare the opportunity.")]),
            )
        here = "fr" if (get_language() or "en").startswith("fr") else "en"
        in_language = {}
        for language in LANGUAGES:
            with override(language):
                in_language[language] = reverse("preview", args=[opportunity.reference])
        context = {
            "opportunity": opportunity,
            "gaps": [
                opportunity._meta.get_field(name).verbose_name for name in missing.words(opportunity, here)
            ],
            "skills": [skill.name for skill in opportunity.skills.all()],
            "evaluation_criteria": opportunity.evaluation_criteria.all(),
            "acceptance_criteria": opportunity.acceptance_criteria.all(),
            "preview": True,
            "now": clock.now(),
            "in_language": in_language,
        }
        return TemplateResponse(request, "opportunities/preview.html", context)


def _under(*parts):
    """workspace/REFERENCE/..., each word in the language of the address."""
    return format_lazy("{}<str:reference>/" + "{}/" * len(parts), gettext_lazy("workspace/"), *parts)


STATEMENT_SLUG = pgettext_lazy("slug", "statement")

urls = [
    path(_under(STATEMENT_SLUG), StatementView.as_view(), name="statement"),
    path(_under(pgettext_lazy("slug", "preview")), PreviewView.as_view(), name="preview"),
    *(
        path(_under(STATEMENT_SLUG, SECTION[key].slug), SectionView.as_view(key=key), name=f"statement_{key}")
        for key in FORMS
    ),
]
