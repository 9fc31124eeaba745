"""Years of history in minutes, to measure and to look at; see ``portal/history.py``."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import history


class Command(BaseCommand):
    help = "Writes tenants, changes, certificates, writes and audit events in bulk. Refused in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenants", type=int, default=200)
        parser.add_argument("--changes", type=int, default=100_000)
        parser.add_argument("--entries", type=int, default=700)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("Rows that nobody asked for have no place in production.")
        if min(options["tenants"], options["changes"], options["entries"]) < 1:
            raise CommandError("--tenants, --changes and --entries are at least 1.")
        size = history.Size(options["tenants"], options["changes"], options["entries"])
        history.load(size, self.stdout.write)
        history.analyze()
