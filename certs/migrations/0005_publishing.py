from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def keep_cases(apps: Any, _editor: object) -> None:
    """What a trust config kept of a drift becomes its open case."""
    for trust_config in apps.get_model("certs", "TrustConfig").objects.filter(state="drifted"):
        found_at = trust_config.drift_found_at or trust_config.observed_at
        apps.get_model("certs", "DriftCase").objects.create(
            trust_config=trust_config,
            state="open",
            last_expected_at=trust_config.observed_at,
            found_at=found_at,
            seen_at=found_at,
            seen_by="kept before cases",
            expected_entries=trust_config.observed_entries,
            entries=trust_config.drift.get("entries", []),
            facts=trust_config.drift.get("facts", {}),
            label=trust_config.drift.get("label", "")[:63],
            etag=trust_config.drift.get("etag", ""),
        )


class Migration(migrations.Migration):
    dependencies = [
        ("certs", "0004_reconciler"),
        ("tenants", "0003_publishing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DriftCase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("adopted", "adopted"),
                            ("put_back", "put back"),
                            ("acknowledged", "acknowledged"),
                            ("over", "over by itself"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("last_expected_at", models.DateTimeField(null=True)),
                ("found_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("seen_by", models.CharField(max_length=120)),
                ("expected_entries", models.JSONField(default=list)),
                ("entries", models.JSONField(default=list)),
                ("facts", models.JSONField(default=dict)),
                ("label", models.CharField(blank=True, max_length=63)),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("change_number", models.PositiveBigIntegerField(null=True)),
                ("reason", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="GoogleLocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("project", models.CharField(max_length=100)),
                ("location", models.CharField(max_length=63)),
                ("listed_at", models.DateTimeField()),
                ("names", models.JSONField(default=list)),
            ],
        ),
        migrations.AddField(
            model_name="driftcase",
            name="trust_config",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="drift_cases",
                to="certs.trustconfig",
            ),
        ),
        migrations.RunPython(keep_cases, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name="trustconfig",
            name="trust_config_state_is_known",
        ),
        migrations.RemoveField(
            model_name="trustconfig",
            name="drift",
        ),
        migrations.RemoveField(
            model_name="trustconfig",
            name="drift_found_at",
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="creation_operation",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="endpoint",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="enforcement",
            field=models.CharField(
                choices=[
                    ("unknown", "not declared"),
                    ("reject", "REJECT_INVALID"),
                    ("allow", "ALLOW_INVALID_OR_MISSING_CLIENT_CERT"),
                ],
                default="unknown",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="enforcement_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="enforcement_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="enforcement_policy",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="gate",
            field=models.CharField(
                choices=[
                    ("unknown", "not tried"),
                    ("closed", "closed to strangers"),
                    ("open", "open to strangers"),
                    ("unreachable", "not reached"),
                ],
                default="unknown",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="gate_detail",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="trustconfig",
            name="gate_tried_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="publication",
            name="kind",
            field=models.CharField(
                choices=[
                    ("changes", "changes"),
                    ("fence", "fencing write"),
                    ("put_back", "putting back"),
                ],
                default="changes",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="trustconfig",
            name="state",
            field=models.CharField(
                choices=[
                    ("named", "Waiting for its first read"),
                    ("ready", "Ready"),
                    ("drifted", "Changed outside the portal"),
                    ("unreadable", "Cannot be read"),
                    ("creating", "Being made at Google"),
                ],
                default="named",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="trustconfig",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["named", "ready", "drifted", "unreadable", "creating"])
                ),
                name="trust_config_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="googlelocation",
            constraint=models.UniqueConstraint(
                fields=("project", "location"), name="one_row_per_location"
            ),
        ),
        migrations.AddConstraint(
            model_name="driftcase",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("trust_config",),
                name="one_open_drift_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="driftcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["open", "adopted", "put_back", "acknowledged", "over"])
                ),
                name="drift_case_state_is_known",
            ),
        ),
    ]
