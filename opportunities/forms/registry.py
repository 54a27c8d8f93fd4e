"""Step 9: the registry entry, ESDC's file with the entry in it, the pull request, and that it was merged.

Knows the registry's rules through `publishing.ore`.
"""

from datetime import date

import yaml
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from microacq.forms import DateField, GCForm, GCModelForm

from .. import code_hosts
from ..actions import Invalid
from ..models import RegistryEntry
from ..models.opportunity import LANGUAGES
from ..models.registry import in_three
from ..publishing import ore
from .base import ActionForm
from .parts import CodeAddressField, today

MOST_OF_FILE = 300_000
TAG_LENGTH = 60
# A good value of every field: what a field breaks is found by putting it alone in a good entry.
GOOD = {
    "name_en": "A",
    "name_fr": "A",
    "what_it_does_en": "A",
    "what_it_does_fr": "A",
    "category": "43232400",
    "licence": "MIT",
    "licence_url": "https://a.ca/a",
    "repository_url": "https://a.ca/a",
    "repository_url_fr": "",
    "related_code": "",
    "partners": "",
    "tags_en": "A",
    "tags_fr": "A",
    "languages": "A",
    "status": "Maintained",
    "contact_email": "a@a.ca",
    "contact_name": "A",
    "created_on": date(2020, 1, 1),
    "updated_on": date(2020, 1, 1),
}


def built_in_file() -> str:
    """ESDC's file of the registry as it was when this site was made."""
    return (ore.DATA / f"{ore.ADMIN_CODE}.yml").read_bytes().decode()


def drafted(opportunity, now) -> RegistryEntry:
    """The entry as the opportunity tells it, not saved: to be edited, above all its tags and its description."""
    contract, delivery = opportunity.contract, opportunity.delivery
    repository = contract.repository or (code_hosts.repository_of(delivery.url) if delivery else "")
    entry = RegistryEntry(
        opportunity=opportunity,
        category="43232400",
        licence=delivery.licence if delivery else opportunity.licence,
        licence_url=code_hosts.licence_file(repository) if repository else "",
        repository_url=repository,
        contact_email=settings.CONTACT_EMAIL,
        created_on=today(contract.started_at or contract.signed_at),
        updated_on=today(now),
    )
    skills = list(opportunity.skills.all())
    for language in LANGUAGES:
        said = " ".join((getattr(opportunity, f"short_description_{language}") or "").split())
        setattr(entry, f"name_{language}", ore.suggest_name(getattr(opportunity, f"title_{language}") or ""))
        setattr(entry, f"what_it_does_{language}", shortened(said))
        setattr(
            entry, f"tags_{language}", "\n".join(getattr(skill, f"name_{language}") or "" for skill in skills)
        )
    return entry


def shortened(text: str, limit: int = 200) -> str:
    """The whole sentences that fit, else the whole words."""
    if len(text) <= limit:
        return text
    kept = text[: limit + 1]
    end = kept.rfind(". ")
    return kept[: end + 1] if end > 0 else kept[:limit].rpartition(" ")[0] + "…"


def line(label, length: int, **kwargs) -> forms.CharField:
    """One line of text. The server says when it is too long; a browser would cut it without a word."""
    return forms.CharField(
        label=label, max_length=length, widget=forms.TextInput(attrs={"maxlength": None}), **kwargs
    )


def summary() -> forms.CharField:
    """A sentence or two that may be typed on several lines."""
    return forms.CharField(
        label=_("What it does"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": None}),
        help_text=_("At most 200 characters."),
    )


def lines(label, **kwargs) -> forms.CharField:
    """Some words, one a line."""
    return forms.CharField(label=label, max_length=1500, widget=forms.Textarea(attrs={"rows": 4}), **kwargs)


class EntryForm(GCModelForm):
    """Every field of the entry, each with the registry's own rules."""

    name_en = line(_("Name"), 100)
    name_fr = line(_("Name"), 100)
    what_it_does_en = summary()
    what_it_does_fr = summary()
    tags_en = lines(_("Tags"), help_text=_("One a line, such as: Azure"))
    tags_fr = lines(_("Tags"), help_text=_("One a line, such as: Azure"))
    category = forms.ChoiceField(label=_("Category"))
    licence = line(_("Licence (SPDX identifier)"), 60)
    licence_url = CodeAddressField(label=_("Address of the licence file"))
    repository_url = CodeAddressField(label=_("Repository"))
    repository_url_fr = CodeAddressField(
        label=_("Repository in French, when it is another"), required=False, help_text=_("Optional.")
    )
    related_code = lines(
        _("Related code"),
        required=False,
        help_text=_(
            "Optional. One a line: its English name | its French name | its address, such as: Forms | Formulaires | https://github.com/example/forms"
        ),
    )
    partners = lines(
        _("Partners"),
        required=False,
        help_text=_(
            "Optional. One a line: the code of the administration in the registry | its name | its email, such as: tbs-sct | Treasury Board | code@tbs.example"
        ),
    )
    updates_existing = forms.BooleanField(
        label=_("ESDC’s file has an entry of this English name: update it"),
        required=False,
        help_text=_("Otherwise a new entry is added at the end of the file."),
    )
    languages = lines(
        _("Programming languages"), required=False, help_text=_("Optional. One a line, such as: PowerShell")
    )
    contact_email = forms.EmailField(
        label=_("Contact email"),
        help_text=_("Public. A shared address of the team serves longer than a person's."),
    )
    contact_name = line(_("Contact name"), 100, required=False, help_text=_("Optional. Public."))
    created_on = DateField(label=_("Created"), help_text=_("The day on which the project began."))
    updated_on = DateField(label=_("Updated"), help_text=_("The day of this entry."))

    class Meta:
        model = RegistryEntry
        fields = (*GOOD, "updates_existing")

    field_order = (
        "name_en",
        "name_fr",
        "what_it_does_en",
        "what_it_does_fr",
        "tags_en",
        "tags_fr",
        *tuple(GOOD),
    )

    def __init__(self, *args, opportunity, now, **kwargs):
        self.now = now
        self.opportunity = opportunity
        entry = getattr(opportunity, "registry_entry", None) or drafted(opportunity, now)
        super().__init__(*args, instance=entry, **kwargs)
        self.fields["category"].choices = ore.categories((get_language() or "en")[:2])
        self.fields["status"].help_text = _("Maintained when somebody looks after the code from now on.")

    def clean_what_it_does_en(self):
        return " ".join(self.cleaned_data["what_it_does_en"].split())

    def clean_what_it_does_fr(self):
        return " ".join(self.cleaned_data["what_it_does_fr"].split())

    def clean(self):
        data = super().clean()
        for name, value in list(data.items()):
            if name in GOOD and value not in (None, "") and name not in self.errors:
                if name in ("related_code", "partners") and not all(
                    all(in_three(row)) for row in value.splitlines() if row.strip()
                ):
                    continue
                for problem in RegistryEntry(**GOOD | {name: value}).problems():
                    self.add_error(name, problem)
        for name in ("related_code", "partners"):
            for row in (data.get(name) or "").splitlines():
                if row.strip() and not all(in_three(row)) and name not in self.errors:
                    self.add_error(name, _("Write three parts on each line, with | between them."))
        for name in ("tags_en", "tags_fr", "languages"):
            if (
                any(len(tag.strip()) > TAG_LENGTH for tag in (data.get(name) or "").splitlines())
                and name not in self.errors
            ):
                self.add_error(name, _("Use at most %(limit)d characters a line.") % {"limit": TAG_LENGTH})
        created, updated = data.get("created_on"), data.get("updated_on")
        if updated and updated > today(self.now):
            self.add_error("updated_on", _("Choose a date that is not in the future."))
        if created and updated and created > updated:
            self.add_error("created_on", _("The code was created before this entry: choose an earlier date."))
        if not self.errors:
            self._refuse_what_the_file_refuses(data)
        return data

    def save(self, commit=True):
        """The entry, and the opportunity's version, which its pages bear."""
        self.opportunity.save(update_fields=["version", "modified_at"])
        return super().save(commit)

    def _refuse_what_the_file_refuses(self, data) -> None:
        entry = RegistryEntry(**{name: data[name] for name in GOOD}).as_entry()
        try:
            ore.append_entry(built_in_file(), entry)
        except ore.Duplicate as refusal:
            if data["updates_existing"]:
                self._refuse_what_cannot_be_updated(entry)
            else:
                self.add_error("name_en", str(refusal))
                self.add_error(
                    "updates_existing", _("Give the code another name, or tick this to update that entry.")
                )
        except ore.RegistryError as refusal:
            self.add_error("name_en", str(refusal))

    def _refuse_what_cannot_be_updated(self, entry: ore.Entry) -> None:
        try:
            ore.update_entry(built_in_file(), entry)
        except ore.RegistryError as refusal:
            self.add_error("updates_existing", str(refusal))


def write_entry(opportunity, now, **changes) -> RegistryEntry:
    """Save the entry as it is drafted from the opportunity, with `changes` to its fields. Raises `Invalid`."""
    drawn = EntryForm(opportunity=opportunity, now=now)
    start = {name: drawn[name].value() for name in drawn.fields}
    form = EntryForm(
        {name: value for name, value in (start | changes).items() if value is not None},
        opportunity=opportunity,
        now=now,
    )
    if not form.is_valid():
        raise Invalid(form)
    return form.save()


class FileForm(GCForm):
    """ESDC's present file of the registry, uploaded or pasted; left empty, the copy that this site holds serves."""

    upload = forms.FileField(
        label=_("Upload the file"),
        required=False,
        help_text=_("Exactly as it is now in the registry’s repository."),
    )
    pasted = forms.CharField(
        label=_("Or paste its whole text"),
        required=False,
        strip=False,
        max_length=MOST_OF_FILE,
        widget=forms.Textarea(
            attrs={"rows": 10, "class": "gc-code", "spellcheck": "false", "maxlength": None}
        ),
    )

    def clean_upload(self):
        upload = self.cleaned_data["upload"]
        if not upload:
            return ""
        if upload.size > MOST_OF_FILE:
            raise ValidationError(_("This file is too large to be a file of the registry."))
        try:
            return upload.read().decode()
        except UnicodeDecodeError:
            raise ValidationError(_("This is not a text file in UTF-8.")) from None

    def clean_pasted(self):
        # Browsers send CRLF, whatever was pasted.
        return self.cleaned_data["pasted"].replace("\r\n", "\n")

    def clean(self):
        data = super().clean()
        if data.get("upload") and data.get("pasted", "").strip():
            self.add_error("pasted", _("Upload the file or paste it, not both."))
        return data

    def with_entry(self, entry: ore.Entry, *, update: bool = False) -> str | None:
        """The whole file with the entry added, or updated, the rest byte for byte as it was. None, and an error, when it
        cannot be."""
        field = "upload" if self.cleaned_data.get("upload") else "pasted"
        text = self.cleaned_data.get(field) or built_in_file()
        try:
            # References could make a small file enormous; the registry's files have none.
            if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
                raise ore.RegistryError(
                    _("The file holds YAML references (*name); the registry’s files have none.")
                )
            return ore.update_entry(text, entry) if update else ore.append_entry(text, entry)
        except ore.Duplicate as refusal:
            self.add_error(
                field, f"{refusal} {_('To update that entry, say so in the form of the registry entry.')}"
            )
        except ore.RegistryError as refusal:
            self.add_error(field, str(refusal))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            self.add_error(
                field,
                _("The file is not valid YAML: line %(line)d.") % {"line": mark.line + 1 if mark else 1},
            )
        return None


class PullRequestForm(ActionForm):
    """The address of the pull request that carries the entry."""

    pull_request_url = CodeAddressField(
        label=_("Address of the pull request"),
        help_text=_("Such as https://github.com/canada-ca/ore-ero/pull/1234. It is public."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("pull_request_url", self.opportunity.registry_entry.pull_request_url)

    def clean_pull_request_url(self):
        address = self.cleaned_data["pull_request_url"]
        if not code_hosts.is_pull_request(address):
            raise ValidationError(
                _("This is not the address of one pull or merge request. Open it and copy its address.")
            )
        return address

    def record(self, opportunity, by, now):
        entry = opportunity.registry_entry
        entry.pull_request_url = self.cleaned_data["pull_request_url"]
        entry.save(update_fields=["pull_request_url"])
        return {"pull_request": entry.pull_request_url}


class CompleteForm(ActionForm):
    """The pull request was merged: the code is in the registry."""

    merged_on = DateField(label=_("Merged on"))
    merged = forms.BooleanField(
        label=_("I have seen that the pull request is merged and that the entry is right.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.entry = self.opportunity.registry_entry
        self.initial = {"merged_on": today(self.now), **self.initial}

    def clean_merged_on(self):
        merged_on = self.cleaned_data["merged_on"]
        if merged_on > today(self.now):
            raise ValidationError(_("Choose a date that is not in the future."))
        if merged_on < today(self.opportunity.contract.signed_at):
            raise ValidationError(_("Choose a date after the contract was signed."))
        return merged_on

    def record(self, opportunity, by, now):
        entry = opportunity.registry_entry
        entry.merged_on = self.cleaned_data["merged_on"]
        entry.save(update_fields=["merged_on"])
        return {"merged_on": entry.merged_on, "pull_request": entry.pull_request_url}
