from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    verbose_name = _("Opportunities")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import (  # noqa: F401 - a part registers itself when imported
            daily_head,
            due_work,
            following,
            mailing_list,
            notifications,
            panels_clocks,
            panels_history,
            panels_messages,
            panels_need,
            panels_payment,
            panels_posting,
            panels_registry,
            panels_work,
        )

        notifications.listen()
