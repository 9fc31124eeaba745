from importlib import import_module

from django.db import migrations, models

triggers = import_module("approvals.migrations.0003_only_moves_of_the_table")


class Migration(migrations.Migration):
    dependencies = [("approvals", "0005_publishing")]
    operations = [
        migrations.RunPython(triggers.lift, triggers.guard),
        migrations.AddField(
            "changerequest", "live_digest", models.CharField(blank=True, max_length=64)
        ),
        migrations.RunPython(triggers.guard, triggers.lift),
    ]
