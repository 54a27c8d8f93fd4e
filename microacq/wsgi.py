"""Where a web server starts the site. Refuses at once when a production setting is missing or unsafe."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microacq.settings")
application = get_wsgi_application()

from microacq.checks import refuse_unsafe_start  # noqa: E402 - settings must be loaded first

refuse_unsafe_start()
