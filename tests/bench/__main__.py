"""make bench: sizes of the house, start-up, and one change from approval to verified. Figures of one run on one machine."""

import ast
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import pki_speed, publishing_speed

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "portal",
    "pages",
    "web",
    "approvals",
    "certs",
    "tenants",
    "audit",
    "jobs",
    "gcp",
    "pki",
    "client",
    "emulator",
)


def main() -> None:
    if sys.argv[1:] == ["pages"]:
        pages()
        return
    sizes()
    start_up()
    pki_speed.main()
    publishing_speed.planning()
    publishing()


def pages() -> None:
    """Over the database that DATABASE_URL names, as it is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from tests.bench import pages_speed

    pages_speed.main()


def _spread(name: str, values: list[int]) -> None:
    ordered = sorted(values)
    print(
        f"{name:<34} n {len(ordered):>5}   median {statistics.median(ordered):>6.0f}   p90 {ordered[int(len(ordered) * 0.9)]:>5}   max {ordered[-1]:>5}"
    )


def sizes() -> None:
    product = [
        path
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and path.read_text().strip()
    ]
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
    _spread(
        "lines of a template",
        [len(path.read_text().splitlines()) for path in (ROOT / "templates").rglob("*.html")],
    )
    product_lines, test_lines = (
        sum(lines[path] for path in product),
        sum(lines[path] for path in tests),
    )
    print(
        f"{'test lines per product line':<34} {test_lines} / {product_lines} = {test_lines / product_lines:.2f}"
    )


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


def publishing() -> None:
    """Real worker processes on SQLite (or where DATABASE_URL points), the embedded broker and, where TEST_REDIS_URL names one, Redis."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "VAR_DIR": folder,
            "LOG_LEVEL": "ERROR",
            "GRPC_VERBOSITY": "ERROR",
            "READS_PER_MINUTE": "600000",
            "WRITES_PER_MINUTE": "600000",
        }
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/db.sqlite3")
        import django

        django.setup()
        from django.conf import settings
        from django.test.runner import DiscoverRunner

        from emulator import server
        from tests import world as worlds

        runner = DiscoverRunner(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        emulator = server.start(
            Path(folder) / "emulator.sqlite3", operation_seconds=0, requests_per_minute=1_000_000
        )
        settings.GCP_ENDPOINT = f"127.0.0.1:{emulator.port}"
        settings.POLL_SECONDS = settings.PROPAGATION_SECONDS = 0
        try:
            world = worlds.build(emulator)
            publishing_speed.coalescing(world)
            one = publishing_speed.one_change(
                world, "embedded broker", "filesystem://localhost", 1.5
            )
            redis = os.environ.get("TEST_REDIS_URL", "")
            if redis:
                one = publishing_speed.one_change(world, "Redis", redis, 1.3)
            publishing_speed.many_at_once(world, redis or "filesystem://localhost", one)
        finally:
            emulator.stop()
            runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
