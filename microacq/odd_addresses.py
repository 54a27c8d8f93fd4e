"""Addresses that name nothing: with a NUL, which no text of this site holds and which the database refuses as an error."""

from django.http import Http404


class OddAddressMiddleware:
    """Answers 404 where the part of an address that names something holds a NUL; in the administration, which asks the
    database whatever the address says, its question too."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        parts = [part for part in (*args, *kwargs.values()) if isinstance(part, str)]
        if request.resolver_match.namespace == "admin":
            parts += [value for name, values in request.GET.lists() for value in (name, *values)]
        if any("\0" in part for part in parts):
            raise Http404
