from typing import Any

from django.db import migrations, models
from django.db.models import F


def keep_reasons(apps: Any, _editor: object) -> None:
    """Why a trust config could not be read becomes a refusal like any other; which read saw a drift first is the one known."""
    unreadable = apps.get_model("certs", "TrustConfig").objects.filter(state="unreadable")
    unreadable.update(waiting_code="cloud-rejected", waiting_detail=F("state_reason"), blocked_at=F("created_at"))
    apps.get_model("certs", "DriftCase").objects.update(found_by=F("seen_by"))


class Migration(migrations.Migration):
    dependencies = [("certs", "0005_publishing")]

    operations = [
        migrations.AddField("DriftCase", "found_by", models.CharField(default="", max_length=120), preserve_default=False),
        migrations.AddField("TrustConfig", "is_made_here", models.BooleanField(default=False)),
        migrations.AddField("GoogleLocation", "refused_at", models.DateTimeField(null=True)),
        migrations.AddField("GoogleLocation", "refused_code", models.CharField(blank=True, max_length=40)),
        migrations.AddField("GoogleLocation", "refused_detail", models.TextField(blank=True)),
        migrations.AlterField("GoogleLocation", "listed_at", models.DateTimeField(null=True)),
        migrations.RunPython(keep_reasons, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("TrustConfig", "state_reason"),
    ]
