"""The second lock on the state machine: the database refuses moves that the table of states (approvals/states.py) does not have.

The pairs are written out, since a migration must not change with the code; tests/approvals/models/test_changes_triggers.py compares them.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "approvals_changerequest"
REFUSAL = "no such move of a change"
MOVES = (
    ("submitted", "validated"),
    ("submitted", "rejected"),
    ("submitted", "withdrawn"),
    ("validated", "approved"),
    ("validated", "rejected"),
    ("validated", "withdrawn"),
    ("approved", "validated"),
    ("approved", "applied"),
    ("approved", "rejected"),
    ("approved", "withdrawn"),
    ("applied", "rolled_back"),
)
ALLOWED = " OR ".join(
    f"(OLD.state = '{source}' AND NEW.state = '{target}')" for source, target in MOVES
)
FORBIDDEN = f"OLD.state <> NEW.state AND NOT ({ALLOWED})"


def guard(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"CREATE OR REPLACE FUNCTION change_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{REFUSAL}: %% to %%', OLD.state, NEW.state USING ERRCODE = 'check_violation'; END $$"
        )
        editor.execute(
            "CREATE OR REPLACE FUNCTION change_refuse_birth() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{REFUSAL}: born as %%', NEW.state USING ERRCODE = 'check_violation'; END $$"
        )
        editor.execute(
            f"CREATE TRIGGER change_move BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN ({FORBIDDEN}) EXECUTE FUNCTION change_refuse_move()"
        )
        editor.execute(
            f"CREATE TRIGGER change_birth BEFORE INSERT ON {TABLE} FOR EACH ROW WHEN (NEW.state <> 'submitted') EXECUTE FUNCTION change_refuse_birth()"
        )
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    editor.execute(
        f"CREATE TRIGGER change_move BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN {FORBIDDEN} {refuse}"
    )
    editor.execute(
        f"CREATE TRIGGER change_birth BEFORE INSERT ON {TABLE} FOR EACH ROW WHEN NEW.state <> 'submitted' {refuse}"
    )


def lift(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    on_table = f" ON {TABLE}" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER change_move{on_table}")
    editor.execute(f"DROP TRIGGER change_birth{on_table}")


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_judging")]
    operations = [migrations.RunPython(guard, lift)]
