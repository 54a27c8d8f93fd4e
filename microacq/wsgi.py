"""Where a web server starts the site. Refuses at once when a production setting is missing or unsafe."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microacq.settings")
application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402

from microacq.checks import refuse_unsafe_start  # noqa: E402 - settings must be loaded first

refuse_unsafe_start()

# Every address and view is loaded now, not by the first request of each worker: workers share what was loaded before them.
get_resolver().url_patterns  # noqa: B018
