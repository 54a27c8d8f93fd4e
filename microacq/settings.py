"""Every setting of the site that is read from the environment (documented in docs/operations.md), and those of
`settings_fixed.py`, which is taken whole.

Knows two ways to run. Production, the default, needs SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL and a way to send
mail; what is missing or unsafe is listed in SETTINGS_PROBLEMS, with which no command that checks the site and no web
server starts (a command that needs no database, such as verify_draw, runs with SECRET_KEY alone). DEMO=1, the
demonstration, needs nothing and refuses to start beside production settings. Does not know any opportunity.
"""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from microacq import machines, quiet_hours
from microacq.settings_fixed import *  # noqa: F403
from microacq.settings_fixed import BASE_DIR


def flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def number(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    try:
        return int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}.") from None


# --- Which way to run ------------------------------------------------------------------------------------------------

DEMO = flag("DEMO")
DEBUG = flag("DEBUG")
PORT = number("PORT", 8000)
SETTINGS_PROBLEMS: list[str] = []

PRODUCTION_ONLY = (
    "SECRET_KEY ALLOWED_HOSTS DATABASE_URL SITE_URL EMAIL_URL NOTIFY_API_KEY OIDC_SERVER_URL".split()
)
if DEMO and (present := [name for name in PRODUCTION_ONLY if os.environ.get(name)]):
    raise ImproperlyConfigured(
        "DEMO=1 is a demonstration with public passwords: it refuses to start with production settings "
        f"({', '.join(present)}). Unset them, or unset DEMO."
    )


def required(name: str, why: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value and not DEMO:
        SETTINGS_PROBLEMS.append(f"{name} is not set: {why}")
    return value


SECRET_KEY = os.environ.get("SECRET_KEY", "")
if DEMO:
    SECRET_KEY = "demonstration-only-7f3c1e9a5b2d4860c8e7f1a3b5d90246-everyone-knows-this-key"  # noqa: S105
elif not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set: give it at least 50 random characters (or set DEMO=1)."
    )
elif (
    len(SECRET_KEY) < 50
    or len(set(SECRET_KEY)) < 5
    or SECRET_KEY.startswith(("django-insecure-", "demonstration-"))
):
    SETTINGS_PROBLEMS.append(
        "SECRET_KEY is unsafe: give it at least 50 random characters, used nowhere else."
    )
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")

# --- Where things are ------------------------------------------------------------------------------------------------

VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var").resolve()
UPLOAD_DIR = Path(os.environ.get("UPLOAD_DIR") or VAR_DIR / "uploads").resolve()
MEDIA_ROOT = UPLOAD_DIR
CLAMD_URL = os.environ.get("CLAMD_URL", "").strip()
if CLAMD_URL and not re.fullmatch(r"unix:/.+|tcp://[^/:@]+(:\d+)?/?", CLAMD_URL):
    SETTINGS_PROBLEMS.append("CLAMD_URL cannot be read: write unix:/run/clamav/clamd.ctl or tcp://host:3310.")
GC_BRAND_DIR = Path(brand) if (brand := os.environ.get("GC_BRAND_DIR", "")) else None

if DEMO:
    SITE_URL = f"http://127.0.0.1:{PORT}"
    ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
else:
    ALLOWED_HOSTS = words("ALLOWED_HOSTS")
    required("ALLOWED_HOSTS", "name the hosts that this site answers for, separated by commas.")
    host = ALLOWED_HOSTS[0].lstrip(".") if ALLOWED_HOSTS else ""
    SITE_URL = os.environ.get("SITE_URL", "").rstrip("/") or (f"https://{host}" if host else "")
LOCAL_HOSTS = {"127.0.0.1", "localhost", "[::1]", "testserver"}
if "*" in ALLOWED_HOSTS:
    SETTINGS_PROBLEMS.append("ALLOWED_HOSTS is unsafe: name each host instead of *.")
if DEBUG and not set(ALLOWED_HOSTS) <= LOCAL_HOSTS:
    SETTINGS_PROBLEMS.append(
        "DEBUG is unsafe on a public host: unset it, or allow only 127.0.0.1 and localhost."
    )
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL else []

# --- The job ---------------------------------------------------------------------------------------------------------

CONTACT_EMAIL = os.environ.get("CONTACT_EMAIL") or "micro-acquisition@esdc.example"
# Whoever writes to a mailing list must say where they can be reached by post.
POSTAL_ADDRESS = os.environ.get("POSTAL_ADDRESS") or "140 Promenade du Portage, Gatineau QC  K1A 0J9"
ESDC_EMAIL_DOMAINS = [
    domain.lower()
    for domain in words(
        "ESDC_EMAIL_DOMAINS", "esdc.example" if DEMO else "hrsdc-rhdcc.gc.ca,servicecanada.gc.ca"
    )
]
CAPACITY = number("CAPACITY", 30 if DEMO else 10)
OFFER_RESPONSE_DAYS = number("OFFER_RESPONSE_DAYS", 2)
ESCALATION_DAYS = number("ESCALATION_DAYS", 2)
QUIET_HOURS = quiet_hours.parse("20:00-07:00")
try:
    QUIET_HOURS = quiet_hours.parse(os.environ.get("QUIET_HOURS") or "20:00-07:00")
except ValueError:
    SETTINGS_PROBLEMS.append("QUIET_HOURS cannot be read: write 20:00-07:00, in Eastern time.")
# Days after which `manage.py retain` disposes of personal data. Two years is the least for what decided about somebody
# (Privacy Regulations, s. 4); three years is how long a consent to mail may have to be proven.
RETAIN_DAYS = {
    "applications": number("RETAIN_APPLICATION_DAYS", 730),
    "drafts": number("RETAIN_DRAFT_DAYS", 30),
    "questions": number("RETAIN_QUESTION_DAYS", 730),
    "accounts": number("RETAIN_ACCOUNT_DAYS", 30),
    "unconfirmed accounts": number("RETAIN_UNCONFIRMED_DAYS", 30),
    "emails": number("RETAIN_EMAIL_DAYS", 90),
    "subscriptions": number("RETAIN_SUBSCRIPTION_DAYS", 1095),
}
if min(RETAIN_DAYS.values()) < 1:
    SETTINGS_PROBLEMS.append("Each RETAIN_..._DAYS must be at least 1.")
OCID_PREFIX = os.environ.get("OCID_PREFIX") or "ocds-000000"  # nobody's: a publisher registers its own
if not re.fullmatch(r"ocds-[a-z0-9]{6}", OCID_PREFIX):
    SETTINGS_PROBLEMS.append(
        "OCID_PREFIX is not a prefix of open contracting data: ocds- and six letters or digits."
    )
BEACON_RELAYS = words("BEACON_RELAYS", "" if DEMO else "https://api.drand.sh,https://drand.cloudflare.com")

# --- Database and cache ----------------------------------------------------------------------------------------------

DATABASES: dict[str, dict] = {"default": {"ENGINE": "django.db.backends.dummy"}}
if DEMO:
    # The address is known at once; the database is found, or started, by the first connection to it.
    from microacq import devdb

    DATABASES["default"] = dict(dj_database_url.parse(devdb.url("demo", VAR_DIR)), ENGINE="microacq.demodb")
elif database_url := required("DATABASE_URL", "give the address of a PostgreSQL database, postgresql://..."):
    try:
        DATABASES["default"] = dict(
            dj_database_url.parse(database_url, conn_max_age=60, conn_health_checks=True)
        )
    except ValueError:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read: write postgresql://user@host/name."
        ) from None
    if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database: postgresql://user@host/name."
        )
    if flag("DATABASE_POOLED"):
        DATABASES["default"] = machines.pooled(DATABASES["default"], SETTINGS_PROBLEMS)
    if replica_url := os.environ.get("DATABASE_REPLICA_URL", ""):
        try:
            replica = dict(dj_database_url.parse(replica_url, conn_max_age=60, conn_health_checks=True))
        except ValueError:
            replica = {}
        if replica.get("ENGINE") == "django.db.backends.postgresql":
            DATABASES["replica"] = machines.replica(replica, DATABASES["default"], SETTINGS_PROBLEMS)
        else:
            SETTINGS_PROBLEMS.append(
                "DATABASE_REPLICA_URL cannot be read: write postgresql://user@host/name."
            )
DATABASE_ROUTERS = ["microacq.replica.Router"]

# Shared between processes because the rate limits of sign-in are counted in it. Django would keep 300 entries and throw
# others out at random: a flood from many addresses would then wipe the counts of all.
if cache_url := os.environ.get("CACHE_URL", ""):
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": cache_url}}
else:
    CACHES = {"default": {"BACKEND": "microacq.shared_cache.SharedDatabaseCache", "LOCATION": "cache"}}
    CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 100_000}

# Public pages that each process keeps for the signed-out until something changes; 0 keeps none. The demonstration's
# pages say what time it is there, so none of them is kept.
KEPT_PAGES = number("KEPT_PAGES", 0 if DEMO else 200)

# --- Accounts --------------------------------------------------------------------------------------------------------

ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if DEMO else "https"
ALLAUTH_TRUSTED_PROXY_COUNT = number("TRUSTED_PROXY_COUNT", 0)

SOCIALACCOUNT_PROVIDERS: dict[str, dict] = {"openid_connect": {"APPS": []}}
OIDC_SERVER_URL = os.environ.get("OIDC_SERVER_URL", "")
if OIDC_SERVER_URL:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"].append(
        {
            "provider_id": "department",
            "name": os.environ.get("OIDC_NAME") or _("Departmental sign-on"),
            "client_id": required("OIDC_CLIENT_ID", "the departmental sign-on needs it."),
            "secret": required("OIDC_CLIENT_SECRET", "the departmental sign-on needs it."),
            "settings": {"server_url": OIDC_SERVER_URL, "oauth_pkce_enabled": True},
        }
    )

MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
SECOND_FACTOR_REQUIRED = not DEMO

# --- Mail: queued with post_office in the caller's transaction, sent by `manage.py tick` alone -----------------------

DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL") or CONTACT_EMAIL
EMAIL_BACKEND = "microacq.outbox.QueueBackend"
EMAIL_TIMEOUT = 20
EMAIL_FILE_PATH = str(VAR_DIR / "mail")
NOTIFY_API_KEY = os.environ.get("NOTIFY_API_KEY", "")
NOTIFY_TEMPLATE_ID = os.environ.get("NOTIFY_TEMPLATE_ID", "")
NOTIFY_BASE_URL = os.environ.get("NOTIFY_BASE_URL") or "https://api.notification.canada.ca"
MAIL_TRANSPORT = "django.core.mail.backends.filebased.EmailBackend"
if NOTIFY_API_KEY:
    MAIL_TRANSPORT = "microacq.mail.NotifyBackend"
    required("NOTIFY_TEMPLATE_ID", "GC Notify sends through a template with a subject and a body.")
elif email_url := os.environ.get("EMAIL_URL", ""):
    from microacq.mail import smtp_settings

    MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    smtp = smtp_settings(email_url)
    EMAIL_HOST, EMAIL_PORT = smtp.host, smtp.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = smtp.user, smtp.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = smtp.starttls, smtp.tls
elif not DEMO and not flag("MAIL_TO_FILES"):
    SETTINGS_PROBLEMS.append(
        "No way to send mail is set: give EMAIL_URL (smtp://...), or NOTIFY_API_KEY for GC Notify, "
        "or MAIL_TO_FILES=1 to keep mail in files."
    )
POST_OFFICE = {
    "BACKENDS": {"default": MAIL_TRANSPORT},
    "DEFAULT_PRIORITY": "medium",  # "now" would send from inside a request
    "CELERY_ENABLED": False,
    "MAX_RETRIES": 5,
    "LOG_LEVEL": 1,
    "MESSAGE_ID_ENABLED": True,  # a mail that had to be sent twice is known by it
    "MESSAGE_ID_FQDN": urlsplit(SITE_URL).hostname or "localhost",
}

# --- Static files ----------------------------------------------------------------------------------------------------

STATIC_URL, STATIC_ORIGIN = machines.static_url(os.environ.get("STATIC_URL", ""), SETTINGS_PROBLEMS)
STATIC_ROOT = VAR_DIR / "static"
if STATIC_ORIGIN:
    WHITENOISE_ADD_HEADERS_FUNCTION = machines.for_other_origins
PRIVATE = machines.s3(os.environ, SETTINGS_PROBLEMS) or {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": UPLOAD_DIR},
}
STORAGES = {
    "default": PRIVATE,
    "private": PRIVATE,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Security --------------------------------------------------------------------------------------------------------

TLS = not DEMO
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = number("SECURE_HSTS_SECONDS", 31_536_000) if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
if flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = TLS
if TLS:  # a browser keeps cookies of these names only from this very host, over TLS
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = number("SESSION_HOURS", 12) * 60 * 60
SESSION_IDLE_SECONDS = number("SESSION_IDLE_MINUTES", 120) * 60

# A browser applies form-action to redirects too, so signing in through the department must be named here.
OIDC_ORIGIN = ["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_SERVER_URL))] if OIDC_SERVER_URL else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF, *STATIC_ORIGIN],
        "img-src": [SELF, "data:", *STATIC_ORIGIN],  # the second factor's QR code is drawn by the server
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, *OIDC_ORIGIN],
    }
}

# --- Logs: what happened, never whom it happened to ------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "microacq.logs.Formatter"}},
    "handlers": {"console": {"class": "microacq.logs.Handler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},  # the rest is in our own line on each request
        "django.security.DisallowedHost": {"handlers": [], "propagate": False},
        "microacq": {"level": "INFO"},
        "microacq.requests": {"level": "WARNING" if DEMO else "INFO"},
        "opportunities": {"level": "INFO"},
        "opportunities.transitions": {"level": "WARNING" if DEMO else "INFO"},
        "evaluations": {"level": "INFO"},
    },
}

# --- Metrics: off unless there is a token ----------------------------------------------------------------------------

METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "").strip()
if METRICS_TOKEN:
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(VAR_DIR / "metrics"))
    if len(METRICS_TOKEN) < 32:
        SETTINGS_PROBLEMS.append("METRICS_TOKEN is unsafe: give it at least 32 random characters.")
