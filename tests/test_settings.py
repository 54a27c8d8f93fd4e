"""How the site starts, or refuses to: production settings, the demonstration, and the checks of both."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from microacq import checks

GOOD = {
    "SECRET_KEY": "aQ7" + "".join(chr(97 + n % 26) for n in range(60)),
    "ALLOWED_HOSTS": "micro.example.ca",
    "DATABASE_URL": "postgresql://site@localhost/site",
    "EMAIL_URL": "smtp://site:secret@mail.example.ca:587",
}


def run(environment, *arguments):
    """One command of a new process that knows only these variables."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def manage(environment, *arguments):
    return run(environment, "manage.py", *arguments)


def serve(environment):
    return run(environment, "-c", "import microacq.wsgi")


def test_production_settings_are_clean():
    done = manage(GOOD, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert serve(GOOD).returncode == 0


def test_debug_is_off_unless_asked_for():
    show = "from django.conf import settings; print(settings.DEBUG, settings.DEMO)"
    done = run({**GOOD, "DJANGO_SETTINGS_MODULE": "microacq.settings"}, "-c", show)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "EMAIL_URL"])
def test_each_missing_setting_is_named_and_nothing_starts(name):
    environment = {key: value for key, value in GOOD.items() if key != name}
    for done in (manage(environment, "check"), serve(environment)):
        assert done.returncode != 0
        assert name in done.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is unsafe"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is unsafe"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS is unsafe"),
        ({"DEBUG": "1"}, "DEBUG is unsafe"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "must name a PostgreSQL database"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be read"),
        ({"EMAIL_URL": "mail.example.ca"}, "EMAIL_URL cannot be read"),
        ({"CAPACITY": "ten"}, "CAPACITY must be a whole number"),
        ({"NOTIFY_API_KEY": "key"}, "NOTIFY_TEMPLATE_ID is not set"),
        ({"CLAMD_URL": "localhost"}, "CLAMD_URL cannot be read"),
        ({"GC_BRAND_DIR": "/nowhere"}, "signature-fr.svg cannot be read"),
    ],
)
def test_an_unsafe_setting_stops_the_start_with_a_sentence(change, sentence):
    done = manage({**GOOD, **change}, "check")
    assert done.returncode != 0
    assert sentence in done.stderr


@pytest.mark.parametrize("name", sorted(GOOD))
def test_the_demonstration_refuses_production_settings(name):
    done = manage({"DEMO": "1", name: GOOD[name]}, "check")
    assert done.returncode != 0
    assert f"refuses to start with production settings ({name})" in done.stderr


def test_the_demonstration_needs_no_setting_and_starts_no_database_for_nothing(tmp_path):
    done = manage({"DEMO": "1", "VAR_DIR": str(tmp_path / "var")}, "check")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "var").exists()


def test_a_command_that_needs_no_database_needs_only_a_key():
    done = manage({"SECRET_KEY": "any"}, "verify_draw", "--help")
    assert done.returncode == 0, done.stderr


def test_branding_is_read_and_refused_when_it_is_not_a_drawing(settings, tmp_path):
    settings.GC_BRAND_DIR = tmp_path
    for name in checks.BRAND_FILES:
        (tmp_path / name).write_text("<svg xmlns='http://www.w3.org/2000/svg'></svg>")
    assert checks.branding_readable(None) == []
    (tmp_path / "wordmark.svg").write_text("<svg><script>x</script></svg>")
    assert [problem.msg for problem in checks.branding_readable(None)] == [
        "GC_BRAND_DIR: wordmark.svg is not a plain SVG drawing."
    ]


def test_two_languages_and_one_driver(settings):
    assert checks.two_languages(None) == []
    assert checks.one_database_driver(None) == []
    settings.LANGUAGES = [("en", "English")]
    assert checks.two_languages(None)


def test_every_variable_is_documented():
    source = (settings.BASE_DIR / "microacq" / "settings.py").read_text()
    names = set(re.findall(r'(?:environ\.get|words|flag|number|required)\(\s*"([A-Z_]+)"', source))
    documented = (settings.BASE_DIR / "docs" / "operations.md").read_text()
    assert len(names) > 25
    assert sorted(name for name in names if f"`{name}`" not in documented) == []
