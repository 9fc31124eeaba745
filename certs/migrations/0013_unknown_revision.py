"""A database that is older than Google's last write says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("certs", "0012_steps_of_a_write"),
    ]

    operations = [
        migrations.AddField(
            model_name="driftcase",
            name="unknown_revision",
            field=models.PositiveBigIntegerField(null=True),
        ),
    ]
