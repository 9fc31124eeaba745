"""The production shape as docker-compose.yml has it: set up as the README says, used in a browser, restarted under load."""

import json
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from django.db import connection

from tests.certificates import make
from tests.journeys.compose import ROOT, Compose, database, wait_until

pytestmark = pytest.mark.postgresql

LIST = "/t/payments/changes/"
RESTARTED = ("web-1", "web-2", "worker-portal", "worker-dev", "worker-prod", "beat", "redis")


@pytest.fixture
def compose(tmp_path: Path) -> Iterator[Compose]:
    """Everything runs, set up by the commands of the README."""
    for program in ("nginx", "redis-server", "redis-cli"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    said = connection.settings_dict
    server = f"{said['USER']}:{said['PASSWORD']}@{said['HOST']}:{said['PORT'] or 5432}"
    with database(f"compose_{int(time.time() * 1000)}", server) as url:
        running = Compose(tmp_path, url)
        try:
            running.set_up()
            yield running
        finally:
            running.stop_all()


class People:
    def __init__(self, browser: Any, compose: Compose, folder: Path) -> None:
        self.browser, self.compose, self.folder = browser, compose, folder

    def sign_in(self, email: str) -> Any:
        link = self.compose.manage("sign_in_link", email, "--base", self.compose.url)
        page = self.browser.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(40_000)
        page.goto(next(word for word in link.split() if word.startswith("https://")))
        page.click("main button[type=submit]")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    def submit(self, page: Any, name: str) -> str:
        path = self.folder / f"{name}.pem"
        path.write_bytes(make(name).pem)
        page.goto(f"{self.compose.url}/t/payments/changes/new/")
        page.click("tr:has-text('payments-clients') >> text=Choose")
        page.set_input_files("input[type=file]", [str(path)])
        page.click("button:has-text('Read and check')")
        page.wait_for_selector("#found")
        page.fill("textarea[name=reason]", "A new partner.")
        page.click("button[value=submit]")
        page.wait_for_url("**/changes/*/")
        return str(page.url)

    def approve(self, page: Any, url: str) -> None:
        page.goto(url)
        page.wait_for_selector("#vote-comment")
        page.fill("#vote-comment", "Compared by phone.")
        page.click("#decision-box button:has-text('Approve')")

    def is_verified(self, page: Any, url: str) -> bool:
        page.goto(url)
        return page.query_selector(".flow li.done:has-text('Verified')") is not None


class Load:
    """Somebody who looks at the list of changes without a pause."""

    def __init__(self, compose: Compose, cookies: str) -> None:
        self.compose, self.cookies = compose, cookies
        self.answers: Counter[str] = Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.is_set():
            try:
                status, body, _headers = self.compose.get(LIST, Cookie=self.cookies)
                is_list = b"payments-clients" in body
                self.answers[f"{status} {'list' if is_list else 'something else'}"] += 1
            except OSError as error:
                self.answers[repr(error)] += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(20)


def test_the_production_shape_carries_a_change_to_verified_and_is_restarted_without_an_error(
    browser: Any, compose: Compose, tmp_path: Path
) -> None:
    people = People(browser, compose, tmp_path)
    wei, maria = people.sign_in("wei@example.com"), people.sign_in("maria@example.com")

    # --- a change, from the form to the proof
    first = people.submit(wei, "first")
    people.approve(maria, first)
    wait_until(lambda: people.is_verified(maria, first), seconds=60, what="the first is verified")
    time.sleep(5)  # in which kombu looks for what was not acknowledged
    for service in ("worker-portal", "worker-dev", "worker-prod", "beat"):
        assert compose.is_healthy(service), service
        assert compose.running[service].poll() is None, service
    for inside in ("/metrics", "/livez", "/readyz"):
        assert compose.get(inside)[0] == 404
    assert "no worker" not in compose.manage("doctor", service="worker-dev").lower()

    # --- one id from the proxy to the audit
    proxied = [
        json.loads(line) for line in (tmp_path / "proxy-access.log").read_text().splitlines()
    ]
    vote = next(line for line in proxied if line["path"].endswith("/approve/"))
    of_web = [line for name in ("web-1", "web-2") for line in compose.log(name)]
    seen = [line for line in of_web if line.get("request_id") == vote["request_id"]]
    assert [line["event"] for line in seen] == ["request_finished"]
    assert seen[0]["ip"] == "127.0.0.1"
    with psycopg.connect(compose.database_url) as asked:
        (count,) = asked.execute(
            "SELECT count(*) FROM audit_auditevent WHERE convert_from(payload, 'UTF8')::json->>'request_id' = %s",
            [vote["request_id"]],
        ).fetchone() or (0,)
    assert count >= 3  # the vote, the approval, the write

    # --- each process is replaced while somebody looks on, and another change is written meanwhile
    second = people.submit(wei, "second")
    people.approve(maria, second)
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in wei.context.cookies())
    with Load(compose, cookies) as load:
        for service in RESTARTED:
            took = compose.stop(service)
            assert took < 10, f"{service} had to be killed"
            time.sleep(0.5)
            log = compose.folder / f"{service}.log"
            answers = partial(_answers_again, log, log.stat().st_size)
            compose.start(service)
            if service.startswith("web"):
                wait_until(answers, seconds=60, what=f"{service} answers again")
        wait_until(lambda: people.is_verified(maria, second), seconds=90, what="nothing is lost")
    assert set(load.answers) == {"200 list"}, load.answers
    assert load.answers["200 list"] > 50

    ended = [name for name, process in compose.running.items() if process.poll() is not None]
    assert ended == []

    # --- what it said is one JSON object a line, and no traceback
    for service in ("web-1", "web-2"):
        assert not [line for line in compose.log(service) if "exception" in line]

    # --- the proxy tells no key of a link, also when nobody stands behind it
    for path in ("/accounts/password/reset/key/1-SECRET/", "/sign-in/SECRET/", "/t/?q=SECRET"):
        compose.get(path, Referer=f"https://localhost{path}")
    for service in ("web-1", "web-2"):
        compose.stop(service)
    assert compose.get("/accounts/password/reset/key/1-SECRET/")[0] == 502
    told = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert "/accounts/password/reset/key/[cut]" in told
    assert "SECRET" not in told


def _answers_again(log: Path, before: int) -> bool:
    """Whether it has answered somebody since it was started."""
    return b"request_finished" in log.read_bytes()[before:]


def test_secrets_are_made_beside_what_is_there_and_for_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "prepare", tmp_path / "deploy")
    file = tmp_path / ".env"
    file.write_text("SECRET_KEY=\nMETRICS_TOKEN=kept\nALLOWED_HOSTS=portal.example.com")
    file.chmod(0o644)
    subprocess.run(["sh", "deploy/prepare"], cwd=tmp_path, check=True, capture_output=True)
    lines = file.read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines)
    assert values["ALLOWED_HOSTS"] == "portal.example.com"
    assert values["METRICS_TOKEN"] == "kept"
    assert len(values["SECRET_KEY"]) == 64
    assert len(lines) == len(values) == 6
    assert file.stat().st_mode & 0o077 == 0
