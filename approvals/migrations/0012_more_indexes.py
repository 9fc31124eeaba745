"""For questions that must cost the same however old the installation is."""

from django.conf import settings
from django.db import migrations, models

from web.schema import AddIndexBesides


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("approvals", "0011_parts_and_rows"),
        ("certs", "0011_more_indexes"),
        ("tenants", "0003_publishing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexBesides(
            model_name="changerequest",
            index=models.Index(fields=["submitted_by", "-id"], name="change_submitted_by"),
        ),
        AddIndexBesides(
            model_name="changerequest",
            index=models.Index(
                condition=models.Q(("state__in", ("submitted", "validated", "approved"))),
                fields=["state", "state_since"],
                name="change_open",
            ),
        ),
    ]
