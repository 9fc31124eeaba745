from importlib import import_module

from django.db import migrations, models

triggers = import_module("approvals.migrations.0003_only_moves_of_the_table")


class Migration(migrations.Migration):
    dependencies = [("approvals", "0006_votes_on_what_a_case_showed")]
    operations = [
        migrations.RunPython(triggers.lift, triggers.guard),
        migrations.AddField("changerequest", "returns_to", models.DateTimeField(null=True)),
        migrations.RunPython(triggers.guard, triggers.lift),
    ]
