"""Every address of the site: /en/ and /fr/ with translated words, and /healthz and / without a language."""

from allauth.account.decorators import secure_admin_login
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import include, path
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_safe

from microacq.health import healthz

admin.site.site_header = admin.site.site_title = _("Micro-acquisition administration")
admin.site.index_title = _("Administration")
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@require_safe
def choose_language(request):
    """Send / to /fr/ when the browser prefers French to English, else to /en/. Sets and reads no cookie."""
    wanted = [
        tag.split("-")[0] for tag, _q in parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    ]
    language = next((tag for tag in wanted if tag in ("en", "fr")), "en")
    response = HttpResponseRedirect(f"/{language}/")
    patch_vary_headers(response, ["Accept-Language"])
    return response


handler500 = "microacq.errors.went_wrong"

urlpatterns = [
    path("", choose_language),
    path("healthz", healthz, name="healthz"),
    path("", include("opportunities.urls_without_language")),
    *i18n_patterns(
        path(_("accounts/"), include("allauth.urls")),
        path("admin/", admin.site.urls),
        path("", include("opportunities.urls")),
        path("", include("evaluations.urls")),
    ),
]
