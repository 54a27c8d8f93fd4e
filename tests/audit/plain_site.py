"""What gunicorn serves in a test: the site on production's settings, its static files under their plain names, which
nobody collected."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microacq.settings")

from django.conf import settings  # noqa: E402

settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

from microacq.wsgi import application  # noqa: E402, F401
