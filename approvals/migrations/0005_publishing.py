from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# SQLite makes the table anew for a new column and loses its triggers: they are lifted before and set again after.
triggers = import_module("approvals.migrations.0003_only_moves_of_the_table")


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0004_reconciler"),
        ("certs", "0005_publishing"),
        ("tenants", "0003_publishing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(triggers.lift, triggers.guard),
        migrations.CreateModel(
            name="Proof",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256_fingerprint", models.CharField(max_length=64)),
                ("client_sha256", models.CharField(max_length=64)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("accepted", "accepted"), ("refused", "refused")], max_length=8
                    ),
                ),
                ("url", models.CharField(max_length=500)),
                ("detail", models.CharField(max_length=500)),
                ("server_sha256", models.CharField(blank=True, max_length=64)),
                ("receipt_sha256", models.CharField(max_length=64)),
                ("seen_at", models.DateTimeField()),
                ("reported_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("overlap_week", "an overlap ends within 7 days"),
                            ("overlap_day", "an overlap ends within a day"),
                            ("lapse", "an approval is about to lapse"),
                        ],
                        max_length=12,
                    ),
                ),
                ("about_at", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                ("mailed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.AddField(
            model_name="changerequest",
            name="drift_case",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="certs.driftcase",
            ),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="follows",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followers",
                to="approvals.changerequest",
            ),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="kind",
            field=models.CharField(
                choices=[
                    ("regular", "change"),
                    ("adoption", "adoption of what is live"),
                    ("put_back", "putting back what was"),
                ],
                default="regular",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="later_removals",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="others_added",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="others_removed",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="overlap_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="schedule",
            field=models.CharField(
                choices=[
                    ("at_once", "at once"),
                    ("at_time", "at a time"),
                    ("in_window", "in the environment's change windows"),
                ],
                default="at_once",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "regular"), ("drift_case__isnull", False), _connector="OR"
                ),
                name="resolutions_have_a_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="changerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("schedule", "at_time"), _negated=True),
                    ("due_at__isnull", False),
                    _connector="OR",
                ),
                name="a_time_is_named",
            ),
        ),
        migrations.AddField(
            model_name="proof",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="proofs",
                to="approvals.changerequest",
            ),
        ),
        migrations.AddField(
            model_name="proof",
            name="reported_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reminders",
                to="approvals.changerequest",
            ),
        ),
        migrations.AddConstraint(
            model_name="proof",
            constraint=models.UniqueConstraint(
                fields=("change", "receipt_sha256"), name="one_proof_per_receipt"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("change", "kind", "about_at"), name="reminded_once"
            ),
        ),
        migrations.RunPython(triggers.guard, triggers.lift),
    ]
