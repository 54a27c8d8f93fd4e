"""The settings that no environment changes: what the site is built of, its languages and time, its accounts.

`settings.py` takes them all and adds what is read from the environment.
"""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What it is built of ---------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "modeltranslation",  # before the admin, which it extends
    "microacq",
    "opportunities",
    "evaluations",
    "microacq.admin_site.Config",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "pgtrigger",
    "post_office",
]

MIDDLEWARE = [
    "microacq.logs.RequestLogMiddleware",  # first of all: every answer is written down, whoever gave it
    "opportunities.views.caching.KeptPagesMiddleware",  # the sooner, the less a page costs that is kept
    "microacq.headers.HeadersMiddleware",  # then this: an answer that another one refuses to give has headers too
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "microacq.accounts.SignedOutMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "microacq.sessions.SessionLimitsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "microacq.accounts.SecondFactorMiddleware",
    "microacq.odd_addresses.OddAddressMiddleware",
    "microacq.accounts.SignOnMiddleware",
]

ROOT_URLCONF = "microacq.urls"
WSGI_APPLICATION = "microacq.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "microacq.forms.GCFormRenderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "microacq.context.site",
            ],
        },
    }
]

# --- Languages and time ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["microacq.formats"]
USE_I18N = True
TIME_ZONE = "America/Toronto"
USE_TZ = True
MODELTRANSLATION_LANGUAGES = ("en", "fr")
MODELTRANSLATION_DEFAULT_LANGUAGE = "en"
MODELTRANSLATION_FALLBACK_LANGUAGES = {"default": ("en", "fr")}
JQUERY_UI_URL = (
    "vendor/jquery-ui/jquery-ui-tabs.js"  # the admin's translation tabs; without it they ask a third party
)

# --- Accounts --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "microacq.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "workspace"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "microacq.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "microacq.signup.SignupForm"
ACCOUNT_FORMS = {
    "add_email": "microacq.account_forms.AddEmailForm",
    "reset_password": "microacq.account_forms.ResetPasswordForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# How often one address may be written to is the adapter's: it says nothing, so that nobody can keep an owner from a link.
ACCOUNT_RATE_LIMITS = {"reset_password": "20/m/ip"}
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60

SOCIALACCOUNT_ADAPTER = "microacq.accounts.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True  # within limits: see the adapter
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False

MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {
    "add_webauthn": "microacq.account_forms.AddKeyForm",
    "edit_webauthn": "microacq.account_forms.EditKeyForm",
}
MFA_TOTP_ISSUER = "Micro-acquisition"
