from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvaluationsConfig(AppConfig):
    name = "evaluations"
    verbose_name = _("Evaluation and selection")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import (  # noqa: F401 - they register themselves when imported
            case_file_parts,
            confirming,
            digest_lines,
            measures,
            notifications,
            panels,
            panels_application,
            panels_clock,
            scanning,
            supplying,
            survey,
            tick,
        )

        notifications.listen()
