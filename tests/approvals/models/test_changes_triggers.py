"""The database's own lock on the state machine: every pair of states is tried past Django, and only the table's moves pass."""

from importlib import import_module
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction

from approvals.models import ChangeRequest
from approvals.states import MOVES, State
from tests.certificates import make
from tests.world import World

pytestmark = pytest.mark.embedded

ALLOWED = {(source.value, move.target.value) for move in MOVES for source in move.sources}


def _force(change: ChangeRequest, state: str) -> None:
    """As somebody with a database shell would."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE approvals_changerequest SET state = %s WHERE id = %s", [state, change.pk]
        )


def test_the_triggers_table_is_the_table_of_states() -> None:
    migration = import_module("approvals.migrations.0003_only_moves_of_the_table")
    assert set(migration.MOVES) == ALLOWED


def test_the_database_refuses_every_move_that_the_table_does_not_have(world: World) -> None:
    change = world.submit(make())
    paths = {
        "submitted": [],
        "validated": ["validated"],
        "approved": ["validated", "approved"],
        "applied": ["validated", "approved", "applied"],
        "rolled_back": ["validated", "approved", "applied", "rolled_back"],
        "rejected": ["rejected"],
        "withdrawn": ["withdrawn"],
    }
    for source, target in product(State.values, State.values):
        with transaction.atomic():
            for step in paths[source]:
                _force(change, step)
            if source == target or (source, target) in ALLOWED:
                _force(change, target)
            else:
                with pytest.raises(IntegrityError, match="no such move"):
                    _force(change, target)
            transaction.set_rollback(True)
    assert world.fresh(change).state == "submitted"


def test_a_change_is_born_submitted_and_in_no_other_state(world: World) -> None:
    change = world.submit(make())
    columns = [
        field.column
        for field in ChangeRequest._meta.concrete_fields
        if field.column not in {"id", "state", "number"}
    ]
    copied = ", ".join(columns)
    with (
        pytest.raises(IntegrityError, match="no such move"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO approvals_changerequest (state, number, {copied}) SELECT 'approved', 99, {copied} FROM approvals_changerequest"
        )
    assert ChangeRequest.objects.get() == change
