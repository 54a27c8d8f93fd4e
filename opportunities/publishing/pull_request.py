"""The pull request that carries an entry to the registry: its branch, commit message, title and text, in both languages.

Knows where ESDC's file is in the registry's repository. Writes words only: nothing is posted anywhere.
"""

from dataclasses import dataclass

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override

from .ore import ADMIN_CODE, Entry

REPOSITORY = "https://github.com/canada-ca/ore-ero"
FILE = f"_data/code/federal/{ADMIN_CODE}.yml"
FILE_URL = f"{REPOSITORY}/blob/HEAD/{FILE}"
"""The page of the file on the registry's code host, where its pencil proposes a change."""


@dataclass(frozen=True)
class PullRequest:
    """Words to copy. The title and the commit message are on one line; the text is Markdown."""

    branch: str
    commit: str
    title: str
    text: str


def pull_request_for(entry: Entry, public_url: dict[str, str], *, update: bool = False) -> PullRequest:
    """What to write for an entry, new or updated; `public_url` is the opportunity's public page in each language."""
    names = entry["name"]
    titles, texts = [], []
    for language in ("en", "fr"):
        with override(language):
            title = _("Update “%(name)s” (ESDC)") if update else _("Add “%(name)s” (ESDC)")
            titles.append(title % {"name": names[language]})
            texts.append(
                _(
                    "This updates one entry of `%(file)s`: **%(name)s**, %(licence)s licence, %(repository)s.\n\n"
                    "The code was bought in the open, as a micro-acquisition: %(page)s\n\n"
                    "The rest of the file is unchanged."
                )
                % {
                    "file": FILE,
                    "name": names[language],
                    "licence": entry["licences"][0]["spdxID"],
                    "repository": entry["repositoryURL"][language],
                    "page": public_url[language],
                }
                if update
                else _(
                    "This adds one entry to `%(file)s`: **%(name)s**, %(licence)s licence, %(repository)s.\n\n"
                    "The code was bought in the open, as a micro-acquisition: %(page)s\n\n"
                    "The rest of the file is unchanged."
                )
                % {
                    "file": FILE,
                    "name": names[language],
                    "licence": entry["licences"][0]["spdxID"],
                    "repository": entry["repositoryURL"][language],
                    "page": public_url[language],
                }
            )
    return PullRequest(
        branch=f"{ADMIN_CODE}-{slugify(names['en'])}"[:80].rstrip("-"),
        commit=" / ".join(titles),
        title=" / ".join(titles),
        text="\n\n---\n\n".join(texts) + "\n",
    )
