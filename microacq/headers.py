"""Response headers that no other middleware sets, or sets on every answer: refusals of the other middleware included."""

from csp.utils import build_policy
from django.conf import settings
from django.utils.cache import add_never_cache_headers

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


EVERYWHERE = {
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
}


class HeadersMiddleware:
    """Adds these headers everywhere and keeps what a signed-in person saw out of shared caches."""

    def __init__(self, get_response):
        self.get_response = get_response
        # The same for every page, so it is worked out once, which the middleware of django-csp does for each.
        self.policy = build_policy()

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in EVERYWHERE.items():
            response.headers.setdefault(name, value)
        if not (settings.DEBUG and response.status_code in (404, 500)):  # Django's own pages for developers
            response.headers.setdefault("Content-Security-Policy", self.policy)
        if "Cache-Control" not in response.headers and (response.status_code >= 500 or signed_in(request)):
            add_never_cache_headers(response)
        return response


def signed_in(request) -> bool:
    """Whether somebody is. May ask the database, so it is not for an answer that says that the database is away."""
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated
