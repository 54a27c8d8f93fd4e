"""Start-up of the ground floor: system checks, and the cache table beside every migrated database."""

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def make_cache_table(using, verbosity=1, **kwargs):
    call_command("createcachetable", database=using, verbosity=max(verbosity - 1, 0))


class MicroacqConfig(AppConfig):
    name = "microacq"
    verbose_name = _("Accounts")

    def ready(self):
        from microacq import accounts, checks, sessions, sign_log  # noqa: F401 - they register themselves

        post_migrate.connect(make_cache_table, sender=self)
