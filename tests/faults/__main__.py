"""make faults: each fault at each act with real processes, then seeds of random schedules. ``--replay SEED`` runs one again."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> int:
    chosen = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "VAR_DIR": folder,
            "LOG_LEVEL": "CRITICAL",
            "GRPC_VERBOSITY": "NONE",
            "RPC_TIMEOUT_SECONDS": "3",
            "POLL_SECONDS": "1",
        }
        os.environ |= {
            "BROKER_URL": "filesystem://localhost",
            "READS_PER_MINUTE": "600000",
            "WRITES_PER_MINUTE": "600000",
        }
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/db.sqlite3")
        import django

        django.setup()
        from django.test.runner import DiscoverRunner

        runner = DiscoverRunner(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        try:
            bad, not_run = _run(Path(folder), chosen)
        finally:
            runner.teardown_databases(databases)
    print(
        f"\n{len(bad)} of what was tried did not hold."
        if bad
        else "\nEverything that was tried held."
    )
    if not_run:
        print(
            f"{len(not_run)} were left out. Run it with redis-server installed and DATABASE_URL=postgresql://USER:PASSWORD@HOST:PORT/NAME to try them all."
        )
    return 1 if bad or (not_run and os.environ.get("CI") == "true") else 0


def _run(folder: Path, chosen: argparse.Namespace) -> tuple[list[str], list[str]]:
    from django.conf import settings

    from emulator import server
    from tests import world as worlds
    from tests.faults import processes, simulation

    emulator = server.start(
        folder / "emulator.sqlite3", operation_seconds=0, requests_per_minute=10_000_000
    )
    settings.GCP_ENDPOINT = f"127.0.0.1:{emulator.port}"
    world = worlds.build(emulator)
    say = lambda line: print(line, flush=True)  # noqa: E731
    bad: list[str] = []
    not_run: list[str] = []
    try:
        if chosen.replay is None and not chosen.seeds_only:
            try:
                rig = processes.Rig(world, folder)
            except processes.Left as left:
                not_run.append(f"the whole table: {left}")
            else:
                _table(rig, chosen.only, bad, not_run, say)
        if not chosen.table_only:
            settings.PROPAGATION_SECONDS = settings.POLL_SECONDS = 0
            seeds = (
                range(chosen.replay, chosen.replay + 1)
                if chosen.replay is not None
                else range(chosen.first, chosen.first + chosen.seeds)
            )
            failed = simulation.run_seeds(world, seeds, say=say)
            bad += [
                f"seed {seed}: {'; '.join(found)}  (python -m tests.faults --replay {seed})"
                for seed, found in failed.items()
            ]
    finally:
        emulator.stop()
    for line in bad:
        say(f"NOT HELD: {line}")
    return bad, not_run


def _table(
    rig: Any, chosen: str, bad: list[str], not_run: list[str], say: Callable[[str], None]
) -> None:
    from tests.faults import processes

    say(f"{'fault':<34} {'act':<10} outcome")
    try:
        rig.start()
        found, left = processes.run_table(
            rig, only=lambda case, act: chosen in f"{case.fault} {act}", say=say
        )
        bad += found
        not_run += left
    finally:
        rig.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many random schedules (500)")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--replay", type=int, help="run this one seed again, and nothing else")
    parser.add_argument("--only", default="", help="only rows of the table that contain this text")
    parser.add_argument("--table-only", action="store_true")
    parser.add_argument("--seeds-only", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
