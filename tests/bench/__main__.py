"""make bench: sizes of the house, start-up, and one change from approval to verified. Figures of one run on one machine."""

import ast
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import pki_speed

ROOT = Path(__file__).resolve().parents[2]
APPS = ("portal", "approvals", "certs", "tenants", "audit", "jobs", "gcp", "pki", "emulator")


def main() -> None:
    sizes()
    start_up()
    pki_speed.main()
    one_change()


def _spread(name: str, values: list[int]) -> None:
    ordered = sorted(values)
    print(f"{name:<34} n {len(ordered):>5}   median {statistics.median(ordered):>6.0f}   p90 {ordered[int(len(ordered) * 0.9)]:>5}   max {ordered[-1]:>5}")


def sizes() -> None:
    product = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts and path.read_text().strip()]
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path.read_text().strip()]
    lines = {path: len(path.read_text().splitlines()) for path in [*product, *tests]}
    functions = [
        node.end_lineno - node.lineno + 1
        for path in product
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    ]
    _spread("lines of a product file", [lines[path] for path in product])
    _spread("lines of a product function", functions)
    _spread("lines of a template", [len(path.read_text().splitlines()) for path in (ROOT / "templates").rglob("*.html")])
    product_lines, test_lines = sum(lines[path] for path in product), sum(lines[path] for path in tests)
    print(f"{'test lines per product line':<34} {test_lines} / {product_lines} = {test_lines / product_lines:.2f}")


def _seconds(code: str) -> float:
    """The fastest of three fresh processes."""
    command = [sys.executable, "-c", code]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def start_up() -> None:
    bare = _seconds("import django")
    for name, code in {
        "web process (portal.wsgi)": "import portal.wsgi",
        "worker (tasks and Google clients)": "import portal.wsgi, approvals.tasks, certs.tasks, gcp.kms, gcp.trust_configs",
    }.items():
        took = _seconds(code)
        print(f"{'start-up: ' + name:<45} {took:.2f} s = {took / bare:.1f} × import django")


def one_change() -> None:
    """Real worker process, emulator with operations of 0.5 s, SQLite and the embedded broker; then the operation's own time is taken off."""
    import os

    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"VAR_DIR": folder, "LOG_LEVEL": "ERROR", "GRPC_VERBOSITY": "ERROR", "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3"}
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command

        from emulator import server
        from tests import world as worlds
        from tests.certificates import make
        from tests.stack import Stack

        call_command("migrate", verbosity=0)
        emulator = server.start(Path(folder) / "emulator.sqlite3", operation_seconds=0, requests_per_minute=100_000)
        settings.GCP_ENDPOINT = f"127.0.0.1:{emulator.port}"
        world = worlds.build(emulator)
        emulator.operations.seconds = 0.5
        stack = Stack(Path(folder), emulator, "filesystem://localhost")
        stack.start_worker()
        stack.start_beat()
        try:
            took = []
            for n in range(6):
                change = world.submit(make(f"c{n}"))
                stack.wait_until(lambda change=change: world.fresh(change).state == "validated")
                start = time.perf_counter()
                world.approve(change)
                stack.wait_until(lambda change=change: world.fresh(change).state == "applied")
                took.append(time.perf_counter() - start)
            overhead = statistics.median(took[1:]) - 0.5
            print(f"{'approval to verified, less the operation':<45} {overhead:.2f} s (median of 5; polls are {settings.POLL_SECONDS} s apart)")
        finally:
            stack.stop()
            emulator.stop()


if __name__ == "__main__":
    main()
