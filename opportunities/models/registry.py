"""Step 9: the entry in the Open Resource Exchange (ORE)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..publishing import ore
from .records import never_deleted


def in_three(line: str) -> list[str]:
    """The three parts of a line such as `one | two | three`; those that are missing are empty."""
    parts = [part.strip() for part in line.split("|")]
    return (parts + ["", ""])[:3] if len(parts) <= 3 else ["", "", ""]


class RegistryEntry(models.Model):
    """The entry as it goes into ESDC's file of the registry, and the pull request that carries it."""

    class Status(models.TextChoices):
        ALPHA = "Alpha", _("Alpha")
        BETA = "Beta", _("Beta")
        MAINTAINED = "Maintained", _("Maintained")
        DEPRECATED = "Deprecated", _("Deprecated")
        RETIRED = "Retired", _("Retired")

    opportunity = models.OneToOneField("Opportunity", models.PROTECT, related_name="registry_entry")
    name = models.CharField(_("name"), max_length=100)
    what_it_does = models.CharField(_("what it does"), max_length=200)
    category = models.CharField(_("category"), max_length=8, default="43232400")
    licence = models.CharField(_("licence (SPDX identifier)"), max_length=60)
    licence_url = models.URLField(_("address of the licence file"), max_length=300)
    repository_url = models.URLField(_("repository"), max_length=300)
    repository_url_fr = models.URLField(
        _("repository in French, when it is another"), max_length=300, blank=True
    )
    related_code = models.TextField(_("related code"), blank=True)
    """One a line: its English name | its French name | its address."""
    partners = models.TextField(_("partners"), blank=True)
    """One a line: the code of the administration | its name | its email."""
    updates_existing = models.BooleanField(_("updates the entry of that name"), default=False)
    tags = models.TextField(_("tags, one a line"))
    languages = models.TextField(_("programming languages, one a line"), blank=True)
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.MAINTAINED, blank=True
    )
    contact_email = models.EmailField(_("contact email"))
    contact_name = models.CharField(_("contact name"), max_length=100, blank=True)
    created_on = models.DateField(_("created"))
    updated_on = models.DateField(_("updated"))
    pull_request_url = models.URLField(_("pull request"), max_length=300, blank=True)
    merged_on = models.DateField(_("merged"), null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("registry entry"), _("registry entries")
        triggers = [never_deleted()]

    def as_entry(self) -> dict:
        """The entry in the shape of the registry's schema, keys in the order of its form."""

        def both(name: str) -> dict[str, str]:
            return {
                language: (getattr(self, f"{name}_{language}") or "").strip() for language in ("en", "fr")
            }

        def lines(text: str | None) -> list[str]:
            return [line.strip() for line in (text or "").splitlines() if line.strip()]

        contact = {"email": self.contact_email} | ({"name": self.contact_name} if self.contact_name else {})
        entry = {
            "contact": contact,
            "date": {
                "created": self.created_on.isoformat(),
                "metadataLastUpdated": self.updated_on.isoformat(),
            },
            "description": {"whatItDoes": both("what_it_does")},
            "category": self.category,
            "name": both("name"),
            "licences": [{"URL": {"en": self.licence_url, "fr": self.licence_url}, "spdxID": self.licence}],
            "repositoryURL": {
                "en": self.repository_url,
                "fr": self.repository_url_fr or self.repository_url,
            },
            "tags": {"en": lines(self.tags_en), "fr": lines(self.tags_fr)},
        }
        if lines(self.languages):
            entry["languages"] = lines(self.languages)
        if lines(self.partners):
            entry["partners"] = [
                {"adminCode": code, "email": email, "name": name}
                for code, name, email in map(in_three, lines(self.partners))
            ]
        if lines(self.related_code):
            entry["relatedCode"] = [
                {"URL": {"en": address, "fr": address}, "name": {"en": english, "fr": french}}
                for english, french, address in map(in_three, lines(self.related_code))
            ]
        if self.status:
            entry["status"] = self.status
        return entry

    def problems(self) -> list[str]:
        """What the registry would refuse, as sentences."""
        return ore.problems(self.as_entry())
