import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from emulator import server
from emulator.switches import switches


class Command(BaseCommand):
    help = "Runs the stand-in for Google Cloud (Certificate Manager, Cloud KMS) on loopback."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--operation-seconds",
            type=float,
            default=2.0,
            help="how long a write takes until it is done",
        )
        parser.add_argument(
            "--propagation-seconds",
            type=float,
            default=3.0,
            help="how long load balancers still go by the old trust config",
        )
        parser.add_argument(
            "--requests-per-minute",
            type=int,
            default=300,
            help="quota per project, for reads and for writes",
        )
        parser.add_argument(
            "--etag-ignores-labels",
            action="store_true",
            help="real Google may do either; see emulator/behaviours.py",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION or not settings.GCP_ENDPOINT:
            raise CommandError("The emulator does not start under production settings.")
        switches.etag_covers_labels = not options["etag_ignores_labels"]
        emulator = server.start(
            Path(settings.VAR_DIR) / "emulator" / "state.sqlite3",
            port=int(settings.GCP_ENDPOINT.rpartition(":")[2]),
            admin_port=int(settings.EMULATOR_ADMIN.rpartition(":")[2]),
            operation_seconds=options["operation_seconds"],
            requests_per_minute=options["requests_per_minute"],
        )
        emulator.operations.propagation_seconds = options["propagation_seconds"]
        self.stdout.write(
            f"emulator: gRPC on 127.0.0.1:{emulator.port}, admin on http://127.0.0.1:{emulator.admin_port}"
        )
        stopped = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopped.set())
        stopped.wait()
        emulator.stop()
