"""An index of the mails that wait: whoever claims the next one goes past none that was sent.

On a table of django-post-office, whose models cannot say it. 2 and 3 are its statuses `queued` and `requeued`.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("microacq", "0002_closed_accounts"),
        ("post_office", "0014_alter_email_recipient_delivery_status_and_more"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX microacq_mail_due ON post_office_email (id) WHERE status IN (2, 3)",
            "DROP INDEX microacq_mail_due",
        )
    ]
