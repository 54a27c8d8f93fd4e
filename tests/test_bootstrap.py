"""From a bare machine to one that runs the site: what is locked, and what is said when something cannot be had."""

import re

import pytest

from microacq import bootstrap

LOCKED = ("requirements.txt", "requirements-dev.txt", "requirements-demo.txt", "requirements-drill.txt")


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_is_pinned_with_its_hashes_and_says_nothing_of_where_it_came_from(name):
    text = (bootstrap.BASE_DIR / name).read_text()
    pins = re.findall(
        r"^([a-z0-9][\w.-]*)==\S+.*\\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.M
    )
    named = re.findall(r"^[a-z0-9][\w.-]*==", text, re.M)
    assert pins
    assert len(pins) == len(named)
    assert not re.search(r"https?:|file:|--(?:extra-)?index|find-links| @ |^/", text, re.M)


def test_psycopg_3_is_never_installed():
    for name in LOCKED:
        assert not re.search(r"^psycopg(?:-binary|-c)?==", (bootstrap.BASE_DIR / name).read_text(), re.M)


def test_what_only_an_administrator_may_install_is_named(monkeypatch):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="sudo apt-get install chromium"):
        bootstrap.apt_install("chromium", "the browser tests drive it")


def test_an_old_python_is_refused(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10))
    with pytest.raises(SystemExit, match="Python 3.11 or newer"):
        bootstrap.make_venv()
