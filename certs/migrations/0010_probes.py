"""What was called a gate is called by its name: the outcome of a probe without a client certificate."""

from typing import Any

from django.db import migrations, models

OUTCOMES = {"closed": "refused", "open": "accepted"}


def rename_outcomes(apps: Any, _schema_editor: Any) -> None:
    trust_configs = apps.get_model("certs", "TrustConfig").objects
    for before, after in OUTCOMES.items():
        trust_configs.filter(probe=before).update(probe=after)


def rename_jobs(apps: Any, _schema_editor: Any) -> None:
    jobs = apps.get_model("jobs", "Job").objects
    for before, after in (("try_gate", "probe_endpoint"), ("try_gates", "probe_endpoints")):
        jobs.filter(kind=before).update(kind=after)


class Migration(migrations.Migration):
    dependencies = [
        ("certs", "0009_golden_path"),
        ("jobs", "0003_heartbeats"),
    ]

    operations = [
        migrations.RenameField("trustconfig", "gate", "probe"),
        migrations.RenameField("trustconfig", "gate_detail", "probe_detail"),
        migrations.RenameField("trustconfig", "gate_tried_at", "probed_at"),
        migrations.AlterField(
            "trustconfig",
            "probe",
            models.CharField(
                choices=[
                    ("unknown", "not tried"),
                    ("refused", "refuses clients without a certificate"),
                    ("accepted", "lets clients in without a certificate"),
                    ("unreachable", "not reached"),
                ],
                default="unknown",
                max_length=12,
            ),
        ),
        migrations.RunPython(rename_outcomes, migrations.RunPython.noop),
        migrations.RunPython(rename_jobs, migrations.RunPython.noop),
    ]
