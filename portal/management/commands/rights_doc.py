from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from tenants import rights_document


class Command(BaseCommand):
    help = "Prints docs/rights.md, made from the one table of rights."

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):
            self.stdout.write(rights_document.markdown(), ending="")
