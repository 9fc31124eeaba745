"""Later removals become rows, and why a change is held is kept in its parts."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

triggers = import_module("approvals.migrations.0003_only_moves_of_the_table")
parts = import_module("certs.migrations.0008_parts_of_a_hindrance")


def to_rows(apps: Any, _editor: Any) -> None:
    change_model = apps.get_model("approvals", "ChangeRequest")
    row_model = apps.get_model("approvals", "LaterRemoval")
    for change in change_model.objects.exclude(later_json=[]):
        row_model.objects.bulk_create(
            row_model(change=change, role=role, sha256_fingerprint=fingerprint, removal=removal)
            for role, fingerprint, removal in change.later_json
        )


def to_json(apps: Any, _editor: Any) -> None:
    rows = apps.get_model("approvals", "LaterRemoval").objects
    change_model = apps.get_model("approvals", "ChangeRequest")
    for pk in set(rows.values_list("change_id", flat=True)):
        later = rows.filter(change_id=pk).order_by("role", "sha256_fingerprint")
        listed = [[row.role, row.sha256_fingerprint, row.removal] for row in later]
        change_model.objects.filter(pk=pk).update(later_json=listed)


def to_parts(apps: Any, _editor: Any) -> None:
    """Words began with the RPC that was refused, where one was."""
    change_model = apps.get_model("approvals", "ChangeRequest")
    for change in change_model.objects.exclude(held_code=""):
        if match := parts.RPC_FIRST.match(change.held_words):
            change.held_rpc, change.held_words = match.groups()
            change.held_reason = parts.reason_in(change.held_words)
            change.save(update_fields=["held_rpc", "held_words", "held_reason"])


def to_words(apps: Any, _editor: Any) -> None:
    change_model = apps.get_model("approvals", "ChangeRequest")
    for change in change_model.objects.exclude(held_rpc=""):
        change.held_words = f"{change.held_rpc}: {change.held_words}"
        change.save(update_fields=["held_words"])


def settle(_apps: Any, editor: Any) -> None:
    """PostgreSQL alters no table of which a row was changed in the same transaction, before its constraints are checked."""
    if editor.connection.vendor == "postgresql":
        editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0010_takers"),
        ("certs", "0008_parts_of_a_hindrance"),
    ]

    operations = [
        migrations.RunPython(triggers.lift, triggers.guard),
        migrations.RenameField("changerequest", "later_removals", "later_json"),
        migrations.RenameField("changerequest", "held_reason", "held_words"),
        migrations.AddField(
            model_name="changerequest",
            name="held_rpc",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="held_reason",
            field=models.CharField(blank=True, max_length=63),
        ),
        migrations.CreateModel(
            name="LaterRemoval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("trust_anchor", "trust anchor"),
                            ("intermediate_ca", "intermediate CA"),
                            ("allowlisted_certificate", "allowlisted certificate"),
                        ],
                        max_length=24,
                    ),
                ),
                ("sha256_fingerprint", models.CharField(max_length=64)),
                (
                    "removal",
                    models.CharField(
                        choices=[
                            ("retired", "retired: no longer needed"),
                            ("revoked", "revoked: must never come back"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="later_removals",
                        to="approvals.changerequest",
                    ),
                ),
            ],
            options={
                "ordering": ["role", "sha256_fingerprint"],
                "indexes": [
                    models.Index(fields=["sha256_fingerprint"], name="later_removal_fingerprint")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("change", "role", "sha256_fingerprint"),
                        name="one_later_removal_per_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                ["trust_anchor", "intermediate_ca", "allowlisted_certificate"],
                            )
                        ),
                        name="later_removal_role_is_known",
                    ),
                ],
            },
        ),
        migrations.RunPython(migrations.RunPython.noop, settle),
        migrations.RunPython(to_rows, to_json),
        migrations.RunPython(to_parts, to_words),
        migrations.RunPython(settle, migrations.RunPython.noop),
        migrations.RemoveField("changerequest", "later_json"),
        migrations.RunPython(triggers.guard, triggers.lift),
    ]
