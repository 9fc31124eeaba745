"""``make load``: people at work on the production shape over a long past. No error, and neither times nor memory grow.

DATABASE_URL names a PostgreSQL server (postgresql://USER:PASSWORD@HOST:PORT/NAME); the load has a database of its own.
"""

import argparse
import http.cookiejar
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.journeys.compose import ROOT, Compose, database

# Who looks at what, and how often of a hundred times; {t} is a tenant of the history, {n} a change of it.
PAGES = (
    ("home", "/", 15),
    ("review queue", "/review/", 10),
    ("changes", "/t/{t}/changes/", 15),
    ("change", "/t/{t}/changes/{n}/", 25),
    ("live part", "/t/{t}/changes/{n}/live/", 15),
    ("rollback", "/t/{t}/changes/{n}/roll-back/", 5),
    ("certificates", "/t/{t}/certificates/", 5),
    ("audit", "/t/{t}/audit/", 5),
    ("comment", "/t/{t}/changes/{n}/comment/", 5),
)
# What a change of the tenants of ``load_history`` may be numbered: those have at least so many.
FEWEST_CHANGES = 5
# Between two looks of one person, in seconds.
PAUSE = 0.5
MOST_GROWTH = 1.5
MOST_MEMORY_GROWTH = 1.25
SAMPLES = 10  # of memory, over the whole time


@dataclass
class Looked:
    """What one look took, and when it began, in seconds."""

    began: float
    took: float


@dataclass
class Results:
    looks: dict[str, list[Looked]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


class Person(threading.Thread):
    def __init__(
        self, compose: Compose, results: Results, link: str, tenants: int, seed: int
    ) -> None:
        super().__init__(daemon=True)
        self.compose, self.results, self.link, self.tenants = compose, results, link, tenants
        self.random = random.Random(seed)
        self.over = threading.Event()
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(
            jar, urllib.request.HTTPSHandler(context=compose.tls)
        )

    def run(self) -> None:
        self._sign_in()
        while not self.over.wait(PAUSE * (0.5 + self.random.random())):
            name, path, _weight = self.random.choices(PAGES, [page[2] for page in PAGES])[0]
            tenant = f"load-{self.random.randrange(self.tenants):04}"
            number = self.random.randint(1, FEWEST_CHANGES)
            self._look(name, path.format(t=tenant, n=number))

    def _sign_in(self) -> None:
        address, _hash, token = self.link.partition("#")
        self._post(address, self._open(address), token=token)

    def _look(self, name: str, path: str) -> None:
        began = time.monotonic()
        try:
            if name == "comment":
                page = self.compose.url + path.replace("comment/", "")
                self._post(self.compose.url + path, self._open(page), text="Seen.")
            else:
                self._open(self.compose.url + path)
        except (OSError, AssertionError) as error:
            self.results.errors.append(f"{name} {path}: {error}")
        else:
            self.results.looks[name].append(Looked(began, time.monotonic() - began))

    def _open(self, url: str, body: bytes | None = None) -> str:
        asked = urllib.request.Request(url, data=body, headers={"Referer": self.compose.url})
        with self.browser.open(asked, timeout=30) as page:
            text = str(page.read().decode())
            assert "/accounts/login/" not in page.url, "signed out"
            return text

    def _post(self, url: str, page: str, **values: str) -> None:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found, "no form"
        values["csrfmiddlewaretoken"] = found[1]
        self._open(url, urllib.parse.urlencode(values).encode())


def memory(compose: Compose) -> dict[str, float]:
    """Of each service with its children, in MB; what processes share counts once (PSS)."""
    found = {}
    for service, process in compose.running.items():
        one = psutil.Process(process.pid)
        tree = [one, *one.children(recursive=True)]
        found[service] = sum(each.memory_full_info().pss for each in tree) / 1e6
    return found


def quantile(looks: list[Looked], share: float) -> float:
    times = sorted(look.took for look in looks)
    return times[min(len(times) - 1, int(len(times) * share))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, default=200)
    chosen = parser.parse_args()
    server = urllib.parse.urlsplit(os.environ["DATABASE_URL"]).netloc
    with (
        tempfile.TemporaryDirectory(prefix="load-") as folder,
        database(f"load_{int(time.time())}", server) as url,
    ):
        compose = Compose(Path(folder), url)
        try:
            compose.set_up()
            print(f"{chosen.changes} changes of {chosen.tenants} tenants are written …", flush=True)
            _write_history(url, Path(folder), chosen)
            results, begun = _work(compose, chosen)
        finally:
            compose.stop_all()
    return _tell(results, begun, chosen)


def _write_history(url: str, folder: Path, chosen: argparse.Namespace) -> None:
    """By the embedded settings: production refuses rows that nobody asked for."""
    size = [f"--tenants={chosen.tenants}", f"--changes={chosen.changes}"]
    subprocess.run(
        [sys.executable, "manage.py", "load_history", *size],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "VAR_DIR": str(folder / "history")},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _work(compose: Compose, chosen: argparse.Namespace) -> tuple[Results, float]:
    results = Results()
    people = []
    for n in range(chosen.users):
        email = f"user-{n}@example.com"
        compose.manage("create_user", email, f"User {n}")
        compose.manage("grant", email, "reviewer")
        told = compose.manage("sign_in_link", email, "--base", compose.url)
        link = next(word for word in told.split() if word.startswith("https://"))
        people.append(Person(compose, results, link, chosen.tenants, seed=n))
    begun = time.monotonic()
    for person in people:
        person.start()
    for _ in range(SAMPLES):
        time.sleep(chosen.minutes * 60 / SAMPLES)
        assert all(one.poll() is None for one in compose.running.values()), "a process ended"
        for service, megabytes in memory(compose).items():
            results.memory[service].append(megabytes)
    for person in people:
        person.over.set()
    for person in people:
        person.join(40)
    return results, begun


def _tell(results: Results, begun: float, chosen: argparse.Namespace) -> int:
    """Prints the tables. Exit status 1 when there was an error, or times or memory grew."""
    third = chosen.minutes * 20
    print(
        f"\n{'page':<14} {'looks':>6} {'p50 ms':>7} {'p99 ms':>7}   p99 of the last third : first"
    )
    bad = [f"{len(results.errors)} errors, such as {results.errors[0]}"] if results.errors else []
    everything = [look for looks in results.looks.values() for look in looks]
    for name, looks in [*sorted(results.looks.items()), ("all", everything)]:
        first = [look for look in looks if look.began - begun < third]
        last = [look for look in looks if look.began - begun > 2 * third]
        growth = quantile(last, 0.99) / quantile(first, 0.99) if first and last else 1.0
        median = statistics.median(look.took for look in looks) * 1000
        print(
            f"{name:<14} {len(looks):>6} {median:>7.0f} {quantile(looks, 0.99) * 1000:>7.0f}   {growth:.2f}"
        )
        if name == "all" and growth > MOST_GROWTH:
            bad.append(f"p99 grew {growth:.2f} times")
    print(f"\n{'memory, MB':<14} {'early':>6} {'end':>7}")
    for service, samples in results.memory.items():
        early, end = samples[len(samples) // 3], samples[-1]
        print(f"{service:<14} {early:>6.0f} {end:>7.0f}")
        if end > early * MOST_MEMORY_GROWTH:
            bad.append(f"{service} grew from {early:.0f} to {end:.0f} MB")
    print("\n" + ("; ".join(bad) if bad else "No error, and neither times nor memory grew."))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
