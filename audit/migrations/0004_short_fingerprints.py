"""Certificates are found by the short form of their fingerprint, which pages show."""

from django.db import migrations, models
from django.db.models.functions import Right

from web.schema import AddIndexBesides


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0003_more_indexes")]
    operations = [
        AddIndexBesides(
            "auditfingerprint",
            models.Index(Right("sha256_fingerprint", 8), name="event_short_fingerprint"),
        )
    ]
