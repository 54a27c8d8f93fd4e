"""Is the site alive, and can it reach its database? For load balancers and monitors; says nothing else."""

from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def healthz(request):
    """200 `{"status": "ok", "database": "ok"}`, or 503 when the database cannot be reached."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        reachable = True
    except DatabaseError:
        reachable = False
    body = {"status": "ok" if reachable else "failing", "database": "ok" if reachable else "unreachable"}
    return JsonResponse(body, status=200 if reachable else 503)
