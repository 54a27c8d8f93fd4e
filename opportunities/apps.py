from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    verbose_name = _("Opportunities")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import (  # noqa: F401 - a part registers itself when imported
            capacity,
            daily_head,
            digest,
            digest_lines,
            due_work,
            following,
            mailing_list,
            notifications,
            panels_by_hand,
            panels_clocks,
            panels_history,
            panels_messages,
            panels_need,
            panels_payment,
            panels_posting,
            panels_registry,
            panels_team,
            panels_work,
            splitting,
            transition_log,
        )
        from .publishing import case_file_parts  # noqa: F401 - so do the parts of the case file

        notifications.listen()
