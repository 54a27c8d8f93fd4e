"""The reference: one small Django file, served by the same gunicorn over the same PostgreSQL as the site.

Not more than a page needs, so that what the site adds shows: no middleware but for the detail page, which has those that
Django gives to a new project. Run with DATABASE_URL; `python -m tests.bench.reference` makes its table.
"""

import os
import sys
from datetime import timedelta

import dj_database_url
import django
from django.conf import settings

ROWS = 10_000
DEFAULT_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
PARAGRAPH = "A small piece of open source work, described in words as long as those of a real one. " * 5
LIST = """{% load l10n %}<!doctype html><html lang="en"><head><title>Reference</title></head><body><h1>Items</h1><ul>
{% for item in items %}<li>
  <p><span class="tag">{{ item.get_kind_display }}</span> {{ item.created_at|date:"F j, Y, g:i a" }}</p>
  <h2><a href="{% url 'detail' item.pk %}">{{ item.title }}</a></h2>
  <p>{{ item.text|truncatechars:1180 }}</p>
  <p>{{ item.price|floatformat:2 }} until {{ item.due|date:"F j, Y" }} <a href="{% url 'detail' item.pk %}#apply">Apply</a></p>
  <p>{{ item.author|default:"nobody" }}, {{ item.place|upper }}</p>
</li>{% endfor %}</ul></body></html>"""
DETAIL = """{% load l10n %}<!doctype html><html lang="en"><head><title>{{ item.title }}</title></head><body>
<nav><a href="{% url 'list' %}">Items</a> <a href="{% url 'detail' item.pk %}">This one</a>
{% if user.is_authenticated %}<a href="{% url 'constant' %}">{{ user }}</a>{% else %}<a href="{% url 'constant' %}">Sign in</a>{% endif %}</nav>
{% for message in messages %}<p>{{ message }}</p>{% endfor %}
<h1>{{ item.title }}</h1><p><span class="tag">{{ item.get_kind_display }}</span></p>
<dl><dt>Posted</dt><dd>{{ item.created_at|date:"F j, Y, g:i a" }}</dd><dt>Due</dt><dd>{{ item.due|date:"F j, Y" }}</dd>
<dt>Price</dt><dd>{{ item.price|floatformat:2 }}</dd><dt>By</dt><dd>{{ item.author|default:"nobody" }}, {{ item.place|upper }}</dd></dl>
<div>{{ item.text|linebreaks }}</div></body></html>"""

settings.configure(
    DEBUG=False,
    SECRET_KEY="reference-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    TIME_ZONE="America/Toronto",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[],
    DATABASES={
        "default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=60, conn_health_checks=True)
    },
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [
                            (
                                "django.template.loaders.locmem.Loader",
                                {"list.html": LIST, "detail.html": DETAIL},
                            )
                        ],
                    )
                ],
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        }
    ],
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.shortcuts import get_object_or_404, render  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.decorators import decorator_from_middleware  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402
from django.views.decorators.cache import cache_page  # noqa: E402
from django.views.decorators.http import etag  # noqa: E402


class Item(models.Model):
    """One row of the reference's table."""

    title = models.CharField(max_length=100)
    text = models.TextField()
    kind = models.CharField(max_length=10, choices=[("a", "Open"), ("b", "Closed")])
    price = models.DecimalField(max_digits=9, decimal_places=2)
    author = models.CharField(max_length=100)
    place = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_index=True)
    due = models.DateField()

    class Meta:
        app_label = "reference"


CONSTANT = "<!doctype html><title>Constant</title>" + "<p>constant</p>\n" * 1875  # 30 KB


def constant(request):
    return HttpResponse(CONSTANT)


def items(request):
    return HttpResponse(render_to_string("list.html", {"items": Item.objects.order_by("-created_at")[:25]}))


def latest(request) -> str:
    """One query, from an index."""
    return f'"{Item.objects.order_by("-created_at").values_list("created_at", flat=True)[0]}"'


def detail(request, pk):
    return render(request, "detail.html", {"item": get_object_or_404(Item, pk=pk)})


def insert(request):
    # Long ago, so that the list stays what it is.
    posted = timezone.now() - timedelta(days=10_000)
    Item.objects.create(
        title="One more", text=PARAGRAPH, kind="a", price=100, created_at=posted, due=posted.date()
    )
    return HttpResponse("created", status=201)


for _name in reversed(DEFAULT_MIDDLEWARE):
    _class = import_string(_name)
    detail = decorator_from_middleware(_class)(detail)

urlpatterns = [
    path("constant/", constant, name="constant"),
    path("list/", items, name="list"),
    path("cached/", cache_page(600)(items)),
    path("unchanged/", etag(latest)(items)),
    path("detail/<int:pk>/", detail, name="detail"),
    path("insert/", insert),
]
application = get_wsgi_application()


def make() -> None:
    """The tables, with their rows, anew."""
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS reference_item")
    with connection.schema_editor() as editor:
        editor.create_model(Item)
    now = timezone.now()
    Item.objects.bulk_create(
        Item(
            title=f"Item {n} of the reference, with a title as long as real ones",
            text=PARAGRAPH * 3 + f" {n}",
            kind="ab"[n % 2],
            price=n % 8000,
            author=f"Person {n}",
            place="Gatineau",
            created_at=now - timedelta(hours=n),
            due=now.date(),
        )
        for n in range(ROWS)
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE reference_item")


if __name__ == "__main__":
    sys.exit(make())
