"""What was called a gate is called by its name: the outcome of a probe by an untrusted client.

The columns keep theirs, so that processes of the version before work on while this one is installed.
"""

from typing import Any

from django.db import migrations, models

OUTCOMES = {"closed": "refused", "open": "accepted"}
JOBS = {"try_gate": "probe_endpoint", "try_gates": "probe_endpoints"}


def rename_outcomes(apps: Any, _schema_editor: Any) -> None:
    trust_configs = apps.get_model("certs", "TrustConfig").objects
    for before, after in OUTCOMES.items():
        trust_configs.filter(probe=before).update(probe=after)


def rename_jobs(apps: Any, _schema_editor: Any) -> None:
    jobs = apps.get_model("jobs", "Job").objects
    for before, after in JOBS.items():
        jobs.filter(kind=before).update(kind=after)


class Migration(migrations.Migration):
    dependencies = [
        ("certs", "0009_golden_path"),
        ("jobs", "0003_heartbeats"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("trustconfig", "gate", "probe"),
                migrations.RenameField("trustconfig", "gate_detail", "probe_detail"),
                migrations.RenameField("trustconfig", "gate_tried_at", "probed_at"),
                migrations.AlterField(
                    "trustconfig",
                    "probe",
                    models.CharField(
                        choices=[
                            ("unknown", "not tried"),
                            ("refused", "refuses untrusted clients"),
                            ("accepted", "lets untrusted clients in"),
                            ("unreachable", "not reached"),
                        ],
                        db_column="gate",
                        default="unknown",
                        max_length=12,
                    ),
                ),
                migrations.AlterField(
                    "trustconfig",
                    "probe_detail",
                    models.CharField(blank=True, db_column="gate_detail", max_length=300),
                ),
                migrations.AlterField(
                    "trustconfig",
                    "probed_at",
                    models.DateTimeField(db_column="gate_tried_at", null=True),
                ),
            ]
        ),
        migrations.RunPython(rename_outcomes, migrations.RunPython.noop),
        migrations.RunPython(rename_jobs, migrations.RunPython.noop),
    ]
