"""A write keeps what it changes, and its whole set only once in a while."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("certs", "0011_more_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="publication",
            name="keeps_set",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="publication",
            name="steps",
            field=models.JSONField(null=True),
        ),
        migrations.AlterField(
            model_name="publication",
            name="entries",
            field=models.JSONField(null=True),
        ),
    ]
