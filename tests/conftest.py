"""What every test may count on: a real PostgreSQL, started when a test first needs it, and a clean cache."""

import gc
import os
import shutil

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import translation

from microacq import devdb

from . import roles
from .cast import cast  # noqa: F401 - a fixture for every test
from .posted import now, posted  # noqa: F401 - fixtures for tests of what is posted

# Playwright runs an event loop in the thread of the tests, which Django would take for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Long tests first, so that no worker is left with one at the end while the others have nothing more to do."""
    items.sort(key=lambda item: not (item.get_closest_marker("browser") or item.get_closest_marker("slow")))


def pytest_collection_finish():
    """What is loaded stays: to look through it again and again for what may go takes a seventh of the whole run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    """Start the tests' database, unless DATABASE_URL names another."""
    if not settings.GIVEN_DATABASE:
        devdb.start("test", settings.DEVDB_VAR_DIR)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The tables, and the two roles of production."""
    with django_db_blocker.unblock():
        roles.make_roles()


@pytest.fixture
def _django_db_helper(_django_db_helper):
    """Whatever touches the database does so as the role that runs the application (tests/roles.py)."""
    with roles.as_runtime():
        yield


@pytest.fixture(autouse=True)
def _clean_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def _site_language():
    """A page asked for in French leaves its language behind in the thread, where the next test would find it."""
    translation.activate("en")


@pytest.fixture(autouse=True, scope="session")
def _own_folder():
    """What tests write outside their own temporary folders; nothing of it is kept."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    yield
    shutil.rmtree(settings.VAR_DIR, ignore_errors=True)
