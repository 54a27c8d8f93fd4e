"""What an operator's Prometheus reads: counts of this machine, and the state of the queue and of what is due.

Off (404) without METRICS_TOKEN. Figures only: no opportunity, no person.
"""

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.urls import path
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from post_office.models import STATUS, Email

from microacq import clock

from .. import due
from ..models import Heartbeat

TEXT = "text/plain; version=0.0.4; charset=utf-8"


@never_cache
@require_safe
def metrics(request):
    """The figures, for who shows `Authorization: Bearer METRICS_TOKEN`; 401 otherwise."""
    if not settings.METRICS_TOKEN:
        raise Http404
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not constant_time_compare(token.strip(), settings.METRICS_TOKEN):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    from microacq import metrics as counts

    text = counts.counted()
    try:
        text += "".join(counts.gauge(*figure) for figure in figures(clock.now()))
        up = 1
    except DatabaseError:
        up = 0
    text += counts.gauge("microacq_database_up", "1 when the database answers.", {"": up})
    return HttpResponse(text, content_type=TEXT)


def figures(now):
    """Name, words and values of each figure that the database knows."""
    waiting = Q(status__in=(STATUS.queued, STATUS.requeued)) | Q(status=None)
    mail = Email.objects.aggregate(queued=Count("pk", waiting), failed=Count("pk", Q(status=STATUS.failed)))
    yield "microacq_mail_queued", "Emails that wait to be sent.", {"": mail["queued"]}
    yield "microacq_mail_failed", "Emails that were given up.", {"": mail["failed"]}
    since = due.oldest_due(now)
    age = max(0.0, (now - since).total_seconds()) if since else 0
    yield "microacq_oldest_due_seconds", "Age of the oldest thing that is due and not done.", {"": age}
    last = due.last_round()
    yield (
        "microacq_last_tick_timestamp_seconds",
        "When tick last went through all its jobs.",
        {"": last and last.timestamp()},
    )
    failed = Heartbeat.objects.exclude(failed_at=None).values_list("name", "failed_at")
    yield (
        "microacq_job_failed_timestamp_seconds",
        "When a job of tick last failed.",
        {f'{{job="{name}"}}': at.timestamp() for name, at in failed},
    )


urls = [path("metrics", metrics, name="metrics")]
