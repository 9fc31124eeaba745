"""Changes of the database's schema that stop nobody who works with it meanwhile."""

from typing import Any

from django.db import migrations
from django.db.migrations.state import ProjectState


class AddIndexBesides(migrations.AddIndex):
    """Adds an index while rows are read and written: ``CREATE INDEX CONCURRENTLY`` on PostgreSQL, and plainly on SQLite.

    The migration must say ``atomic = False``. See https://docs.djangoproject.com/en/5.2/ref/contrib/postgres/operations/.
    """

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        # One that was broken off leaves an index that is not valid; tried again, it is made anew.
        schema_editor.execute(
            f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}"
        )
        schema_editor.add_index(model, self.index, concurrently=True)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model = from_state.apps.get_model(app_label, self.model_name)
        schema_editor.remove_index(model, self.index, concurrently=True)
