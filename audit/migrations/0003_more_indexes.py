"""For questions that must cost the same however old the installation is."""

from django.db import migrations, models

from web.schema import AddIndexBesides


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("audit", "0002_insert_only"),
    ]

    operations = [
        AddIndexBesides(
            model_name="auditevent",
            index=models.Index(fields=["environment", "-id"], name="event_environment"),
        ),
        AddIndexBesides(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("result", "ok"), _negated=True),
                fields=["result", "-id"],
                name="event_not_ok",
            ),
        ),
        AddIndexBesides(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("result", "ok"), _negated=True),
                fields=["tenant_id", "result", "-id"],
                name="event_tenant_not_ok",
            ),
        ),
    ]
