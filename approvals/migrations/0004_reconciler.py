from importlib import import_module

from django.db import migrations, models

# SQLite makes the table anew for a new column and loses its triggers: they are lifted before and set again after.
triggers = import_module("approvals.migrations.0003_only_moves_of_the_table")


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_only_moves_of_the_table")]
    operations = [
        migrations.RunPython(triggers.lift, triggers.guard),
        migrations.AddField("changerequest", "delta", models.JSONField(default=dict)),
        migrations.RunPython(triggers.guard, triggers.lift),
    ]
