"""Row 31: what the site is made with is locked by hash, can be audited and upgraded, and may be used."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from microacq import licences

BASE = Path(settings.BASE_DIR)


def blocks(file: str) -> list[str]:
    """Each requirement of a compiled file with its hashes, as one line."""
    lines = [line for line in (BASE / file).read_text().splitlines() if not line.lstrip().startswith("#")]
    return [
        block.strip()
        for block in re.split(r"\n(?=\S)", "\n".join(lines).replace("\\\n", " "))
        if block.strip()
    ]


@pytest.mark.parametrize("file", licences.FILES)
def test_31_every_dependency_is_locked_to_one_version_and_its_hashes(file):
    locked = blocks(file)
    assert locked
    for block in locked:
        name, *hashes = block.split("--hash=")
        requirement = Requirement(name.strip())
        assert [mark.operator for mark in requirement.specifier] == ["=="], block[:80]
        assert requirement.url is None, "no address in place of a version"
        assert hashes, f"{requirement.name} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes), requirement.name
    text = (BASE / file).read_text()
    assert not re.search(
        r"^\s*(-e|--(extra-)?index-url|--find-links|--trusted-host)|://", text.replace("# via", ""), re.M
    )


@pytest.mark.parametrize("file", licences.FILES)
def test_31_what_is_asked_for_is_what_is_locked(file):
    asked = [
        Requirement(line.split("#")[0].strip())
        for line in (BASE / file.replace(".txt", ".in")).read_text().splitlines()
        if line.strip() and not line.startswith(("#", "-r"))
    ]
    locked = licences.locked(file)
    for requirement in asked:
        found = locked[canonicalize_name(requirement.name)]
        version = next(iter(found.specifier)).version
        assert requirement.specifier.contains(version), f"{requirement}: run make lock"


def test_31_what_runs_here_is_what_is_locked():
    for name, requirement in licences.locked("requirements.txt").items():
        assert requirement.specifier.contains(metadata.version(name)), name


def test_31_installation_checks_the_hashes():
    assert "--require-hashes" in (BASE / "microacq" / "bootstrap.py").read_text()
    operations = (BASE / "docs" / "operations.md").read_text()
    assert "pip install --require-hashes -r requirements.txt" in operations


def test_31_operations_says_how_to_audit_and_upgrade():
    upgrade = (
        (BASE / "docs" / "operations.md").read_text().partition("\n## Upgrade\n")[2].partition("\n## ")[0]
    )
    for word in (
        "pip-audit",
        "--require-hashes",
        "make lock",
        "--upgrade",
        "make test",
        "docs/licences.md",
        "roll back",
    ):
        assert word in upgrade, word


def test_31_licences_are_listed_and_allowed():
    listed = dict(re.findall(r"^\| ([a-z0-9.-]+) \| (.+) \|$", licences.PAGE.read_text(), re.M))
    listed.pop("package", None)
    for heading, packages in licences.rows().items():
        tool = heading == licences.FILES["requirements-dev.txt"]
        for name, expression in packages:
            assert listed.get(name) == expression, f"{name}: run python -m microacq.licences"
            assert licences.allowed(expression, tool), f"{name} is under {expression}"
    locked = {
        canonicalize_name(Requirement(block.split("--hash")[0]).name)
        for file in licences.FILES
        for block in blocks(file)
    }
    assert set(listed) <= locked, "nothing is listed that is not used"


@pytest.mark.parametrize(
    ("expression", "site", "tool"),
    [
        ("MIT", True, True),
        ("Apache-2.0 AND BSD-2-Clause", True, True),
        ("GPL-3.0-or-later", False, True),
        ("Artistic-1.0-Perl OR GPL-2.0-or-later", True, True),
        ("AGPL-3.0-or-later", False, False),
        ("MIT AND AGPL-3.0-only", False, False),
        ("", False, False),
    ],
)
def test_31_no_affero_licence_and_no_gpl_in_what_runs(expression, site, tool):
    assert (licences.allowed(expression), licences.allowed(expression, tool=True)) == (site, tool)
