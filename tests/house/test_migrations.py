"""A release can be put in place while the one before it still runs: what it adds to the database disturbs nobody.

From the migrations of :data:`BEFORE` on. What is to go is first used by nobody for a release, and then taken out under a
reason in :data:`TAKEN_OUT`.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models.fields import NOT_PROVIDED

from web.schema import AddIndexBesides

# The last migration of each app before this rule.
BEFORE = {"approvals": 12, "audit": 4, "certs": 13, "jobs": 3, "portal": 0, "tenants": 3}
# App, migration, and why the release before does not miss what goes.
TAKEN_OUT: dict[tuple[str, str], str] = {}
_TAKES = (
    migrations.RemoveField,
    migrations.DeleteModel,
    migrations.RenameField,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def _operations(operations: list[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _operations(operation.database_operations)
        else:
            yield operation


def disturbances(operations: list[Operation]) -> list[str]:
    """What of it the release before could not work with, or would have to wait for."""
    found = []
    new = {one.name.lower() for one in operations if isinstance(one, migrations.CreateModel)}
    for one in _operations(operations):
        if isinstance(one, _TAKES):
            found.append(f"{type(one).__name__}: the release before still asks for it")
        elif isinstance(one, migrations.AddField) and one.model_name.lower() not in new:
            field = one.field
            needs_value = not field.null and not field.many_to_many
            if needs_value and field.db_default is NOT_PROVIDED:
                found.append(f"AddField {one.name}: the release before writes rows without it")
        elif isinstance(one, migrations.AddIndex) and one.model_name.lower() not in new:
            if not isinstance(one, AddIndexBesides):
                found.append(
                    f"AddIndex {one.index.name}: it locks the table; AddIndexBesides does not"
                )
        elif isinstance(one, migrations.AddConstraint) and one.model_name.lower() not in new:
            found.append(f"AddConstraint {one.constraint.name}: the release before may break it")
    return found


def test_new_migrations_disturb_no_release_that_still_runs() -> None:
    loader = MigrationLoader(None)
    looked_at, bad = 0, {}
    for (app, name), migration in loader.disk_migrations.items():
        number = name[:4]
        if app not in BEFORE or not number.isdecimal() or int(number) <= BEFORE[app]:
            continue
        looked_at += 1
        found = disturbances(migration.operations)
        if found and (app, name) not in TAKEN_OUT:
            bad[f"{app}.{name}"] = found
    assert bad == {}
    assert looked_at >= 2


@pytest.mark.parametrize(
    ("operation", "is_fine"),
    [
        (migrations.RemoveField("job", "kind"), False),
        (migrations.DeleteModel("job"), False),
        (migrations.RenameField("job", "kind", "sort"), False),
        (migrations.AddField("job", "x", models.CharField(max_length=5, default="")), False),
        (migrations.AddField("job", "x", models.CharField(max_length=5, db_default="")), True),
        (migrations.AddField("job", "x", models.CharField(max_length=5, null=True)), True),
        (migrations.AddIndex("job", models.Index(fields=["kind"], name="x")), False),
        (AddIndexBesides("job", models.Index(fields=["kind"], name="x")), True),
        (
            migrations.AddConstraint("job", models.UniqueConstraint(fields=["kind"], name="x")),
            False,
        ),
        (migrations.SeparateDatabaseAndState([migrations.DeleteModel("job")], []), False),
        (migrations.SeparateDatabaseAndState([], [migrations.DeleteModel("job")]), True),
    ],
)
def test_what_disturbs_is_seen(operation: Any, is_fine: bool) -> None:
    assert (disturbances([operation]) == []) is is_fine


def test_a_table_of_its_own_may_be_as_it_likes() -> None:
    made = migrations.CreateModel("mine", [("id", models.BigAutoField(primary_key=True))])
    index = migrations.AddIndex("mine", models.Index(fields=["id"], name="x"))
    assert disturbances([made, index]) == []
