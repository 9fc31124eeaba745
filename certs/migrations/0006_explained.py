from typing import Any

from django.db import migrations, models
from django.db.models import F, Q


def keep_reasons(apps: Any, _editor: object) -> None:
    """Why a trust config could not be read becomes a refusal like any other; which read saw a drift first is the one known."""
    trust_configs = apps.get_model("certs", "TrustConfig").objects.all()
    trust_configs.filter(
        Q(state="creating")
        | ~Q(creation_operation="")
        | Q(state_reason__startswith="CreateTrustConfig")
    ).update(is_made_here=True)
    trust_configs.filter(state="unreadable").update(
        waiting_detail=F("state_reason"), blocked_at=F("created_at")
    )
    apps.get_model("certs", "DriftCase").objects.update(found_by=F("seen_by"))


class Migration(migrations.Migration):
    dependencies = [("certs", "0005_publishing")]

    operations = [
        migrations.AddField(
            "DriftCase",
            "found_by",
            models.CharField(default="", max_length=120),
            preserve_default=False,
        ),
        migrations.AddField("TrustConfig", "is_made_here", models.BooleanField(default=False)),
        migrations.AddField("GoogleLocation", "refused_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "GoogleLocation", "refused_code", models.CharField(blank=True, max_length=40)
        ),
        migrations.AddField("GoogleLocation", "refused_detail", models.TextField(blank=True)),
        migrations.AlterField("GoogleLocation", "listed_at", models.DateTimeField(null=True)),
        migrations.RunPython(keep_reasons, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("TrustConfig", "state_reason"),
    ]
