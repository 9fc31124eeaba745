"""For questions that must cost the same however old the installation is."""

from django.db import migrations, models

from web.schema import AddIndexBesides


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("certs", "0010_probes"),
    ]

    operations = [
        AddIndexBesides(
            model_name="publication",
            index=models.Index(
                condition=models.Q(("state__in", ["intended", "sent", "written"])),
                fields=["trust_config", "revision"],
                name="publication_unresolved",
            ),
        ),
    ]
