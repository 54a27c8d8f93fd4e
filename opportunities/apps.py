from django.apps import AppConfig


class OpportunitiesConfig(AppConfig):
    name = "opportunities"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import notifications, panels_history, panels_messages, panels_need  # noqa: F401 - a part registers itself when imported

        notifications.listen()
