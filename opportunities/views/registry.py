"""Step 9: the registry entry's form, its block of YAML, and ESDC's file with the block in it."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from microacq import clock

from ..forms.registry import EntryForm, FileForm, drafted
from ..models.opportunity import LANGUAGES
from ..publishing import ore, publiccode, pull_request
from ..states import Role
from .editing import EditView
from .transition import visible_or_404

READERS = {Role.CLIENT, Role.TEAM}


def public_urls(reference: str) -> dict[str, str]:
    """The opportunity's public page in each language."""
    found = {}
    for language in LANGUAGES:
        with override(language):
            found[language] = settings.SITE_URL + reverse("opportunity", args=[reference])
    return found


def entry_or_404(request, reference: str):
    """The opportunity and its saved entry, for who prepares it; 404 otherwise."""
    opportunity = visible_or_404(request, reference)
    entry = getattr(opportunity, "registry_entry", None)
    if entry is None or not opportunity.roles_of(request.user) & READERS:
        raise Http404
    return opportunity, entry


def download(text: str, name: str) -> HttpResponse:
    """The text as a file to keep, byte for byte."""
    return HttpResponse(
        text.encode(),
        content_type="text/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


class RegistryEntryView(EditView):
    """The entry, pre-filled from the opportunity; saved only when the registry would take it."""

    page_name = "registry_entry"
    template_name = "opportunities/registry_entry.html"

    def make_form(self, opportunity, now, data=None):
        return EntryForm(data, opportunity=opportunity, now=now)

    def context(self, opportunity):
        return {"entry": getattr(opportunity, "registry_entry", None)}

    def saved(self, opportunity, form):
        messages.success(
            self.request, _("The entry is saved, and the registry’s rules are met. Next: the pull request.")
        )
        return redirect("registry_file", opportunity.reference)


@require_safe
@login_required
def registry_block(request, reference):
    """The entry alone, as the block of YAML that goes under `releases:`."""
    opportunity, entry = entry_or_404(request, reference)
    return download(ore.entry_block(entry.as_entry()), f"{opportunity.reference}.yml")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def registry_file(request, reference):
    """What the pull request needs: the block, the words to copy, and ESDC's whole file with the block appended."""
    opportunity, entry = entry_or_404(request, reference)
    content = entry.as_entry()
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_bound:
        changed = form.with_entry(content, update=entry.updates_existing) if form.is_valid() else None
        if changed is not None:
            return download(changed, f"{ore.ADMIN_CODE}.yml")
    context = {
        "opportunity": opportunity,
        "entry": entry,
        "form": form,
        "entry_yaml": ore.entry_block(content),
        "pull_request": pull_request.pull_request_for(
            content, public_urls(reference), update=entry.updates_existing
        ),
        "file": pull_request.FILE,
        "file_url": pull_request.FILE_URL,
    }
    return TemplateResponse(
        request, "opportunities/registry_file.html", context, status=422 if form.is_bound else 200
    )


@require_safe
@login_required
def publiccode_file(request, reference):
    """`publiccode.yml`, for the supplier to commit once the repository is known."""
    opportunity = visible_or_404(request, reference)
    contract = opportunity.contract
    if not contract or not opportunity.roles_of(request.user) & {*READERS, Role.SUPPLIER}:
        raise Http404
    entry = getattr(opportunity, "registry_entry", None) or drafted(opportunity, clock.now())
    if not entry.repository_url:
        raise Http404
    content = publiccode.as_dict(opportunity, entry, contract, opportunity.delivery)
    return download(publiccode.as_yaml(content), "publiccode.yml")


ENTRY = pgettext_lazy("slug", "registry-entry")
urls = [
    path(
        format_lazy("{}<str:reference>/{}/", gettext_lazy("workspace/"), ENTRY),
        RegistryEntryView.as_view(),
        name="registry_entry",
    ),
    path(
        format_lazy("{}<str:reference>/{}.yml", gettext_lazy("workspace/"), ENTRY),
        registry_block,
        name="registry_block",
    ),
    path(
        format_lazy(
            "{}<str:reference>/{}/", gettext_lazy("workspace/"), pgettext_lazy("slug", "registry-file")
        ),
        registry_file,
        name="registry_file",
    ),
    path(
        format_lazy("{}<str:reference>/publiccode.yml", gettext_lazy("workspace/")),
        publiccode_file,
        name="publiccode",
    ),
]
