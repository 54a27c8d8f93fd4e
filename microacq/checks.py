"""What must be true before the site starts: settings, languages, the database driver, the branding folder.

`manage.py check` and every command that checks say all of it at once; the web server refuses with the same words.
"""

import importlib.util

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

BRAND_FILES = ("signature-en.svg", "signature-fr.svg", "wordmark.svg")


def refuse_unsafe_start():
    """Raise ImproperlyConfigured with a sentence for each production setting that is missing or unsafe."""
    if settings.SETTINGS_PROBLEMS:
        raise ImproperlyConfigured(" ".join(settings.SETTINGS_PROBLEMS))


@checks.register()
def settings_given(app_configs, **kwargs):
    return [checks.Error(sentence, id="microacq.E001") for sentence in settings.SETTINGS_PROBLEMS]


@checks.register()
def two_languages(app_configs, **kwargs):
    codes = [code for code, _name in settings.LANGUAGES]
    if codes == ["en", "fr"] and tuple(settings.MODELTRANSLATION_LANGUAGES) == ("en", "fr"):
        return []
    return [checks.Error("LANGUAGES must be English and French: nothing ships in one.", id="microacq.E002")]


@checks.register()
def one_database_driver(app_configs, **kwargs):
    if importlib.util.find_spec("psycopg") is None:
        return []
    return [
        checks.Error(
            "psycopg 3 is installed and Django would silently use it instead of psycopg2.",
            hint="Uninstall psycopg.",
            id="microacq.E003",
        )
    ]


@checks.register()
def demonstration_apart(app_configs, **kwargs):
    """Settings refuse most of it as they load; this catches a settings module that overrides them."""
    if settings.DEMO and settings.DATABASES["default"]["ENGINE"] != "microacq.demodb":
        return [checks.Error("DEMO=1 must use the demonstration's own database.", id="microacq.E004")]
    return []


@checks.register()
def branding_readable(app_configs, **kwargs):
    folder = settings.GC_BRAND_DIR
    if folder is None:
        return []
    problems = []
    for name in BRAND_FILES:
        try:
            drawing = (folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            problems.append(f"GC_BRAND_DIR: {name} cannot be read.")
            continue
        if "<svg" not in drawing or "<script" in drawing.lower():
            problems.append(f"GC_BRAND_DIR: {name} is not a plain SVG drawing.")
    return [checks.Error(problem, id="microacq.E005") for problem in problems]


@checks.register(checks.Tags.security, deploy=True)
def mail_leaves(app_configs, **kwargs):
    if settings.MAIL_TRANSPORT.endswith("filebased.EmailBackend") and not settings.DEMO:
        return [
            checks.Warning("MAIL_TO_FILES is set: mail is kept in files, nobody gets it.", id="microacq.W001")
        ]
    return []


@checks.register(checks.Tags.security, deploy=True)
def own_ocid_prefix(app_configs, **kwargs):
    if settings.OCID_PREFIX == "ocds-000000" and not settings.DEMO:
        return [
            checks.Info(
                "OCID_PREFIX is the demonstration's: open contracting data needs the publisher's own.",
                hint="Register one with the Open Contracting Partnership, then set it and never change it.",
                id="microacq.I001",
            )
        ]
    return []
