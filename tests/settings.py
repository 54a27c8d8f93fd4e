"""Settings of the test-suite: production's, with its own PostgreSQL, plain files, and nothing that costs time.

Needs no variable set; whatever the shell says of the site is put aside. DATABASE_URL, if given, is used as it is;
TEST_DB_SUFFIX keeps two runs at once apart.
"""

import os
import tempfile
from pathlib import Path

from microacq import catalogue, devdb

GIVEN_DATABASE = os.environ.get("DATABASE_URL", "")
SITE_VARIABLES = (
    "DEMO DEBUG SECRET_KEY_FALLBACKS EMAIL_URL NOTIFY_API_KEY OIDC_SERVER_URL CACHE_URL GC_BRAND_DIR CONTACT_EMAIL "
    "ESDC_EMAIL_DOMAINS CAPACITY OFFER_RESPONSE_DAYS ESCALATION_DAYS QUIET_HOURS OCID_PREFIX BEACON_RELAYS CLAMD_URL UPLOAD_DIR BEHIND_TLS_PROXY "
    "SESSION_HOURS SESSION_IDLE_MINUTES"
)
for name in SITE_VARIABLES.split():
    os.environ.pop(name, None)
DEVDB_VAR_DIR = devdb.default_var_dir()
OWN_DIR = Path(tempfile.gettempdir()) / f"microacq-tests-{os.getuid()}-{os.getpid()}"
os.environ.update(
    SECRET_KEY="for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
    SITE_URL="http://testserver",
    DATABASE_URL=GIVEN_DATABASE or devdb.url("test", DEVDB_VAR_DIR),
    MAIL_TO_FILES="1",
    VAR_DIR=str(OWN_DIR),
)

catalogue.compile_french()

from microacq.settings import *  # noqa: E402, F403

os.environ["VAR_DIR"] = str(DEVDB_VAR_DIR)
del os.environ["SECRET_KEY"], os.environ["DATABASE_URL"], os.environ["ALLOWED_HOSTS"], os.environ["SITE_URL"]
del os.environ["MAIL_TO_FILES"]
if GIVEN_DATABASE:
    os.environ["DATABASE_URL"] = GIVEN_DATABASE

DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
DATABASES["default"]["TEST"] = {"NAME": "test_microacq" + os.environ.get("TEST_DB_SUFFIX", "")}  # noqa: F405
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http"
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "sessionid", "csrftoken"
SECURE_HSTS_SECONDS = 0
SECOND_FACTOR_REQUIRED = False
KEPT_PAGES = (
    0  # what one test posts, in a transaction of its own, never commits; tests/test_caching.py keeps some
)
