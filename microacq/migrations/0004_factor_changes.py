from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("microacq", "0003_mail_due")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="factor_changes",
            field=models.PositiveIntegerField(
                default=0, editable=False, verbose_name="changes of second factor"
            ),
        ),
    ]
