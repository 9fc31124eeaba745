from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from pages.changes import diagram


class Command(BaseCommand):
    help = "Prints docs/states.md, made from the one table of moves."

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            self.stdout.write(diagram.markdown(), ending="")
