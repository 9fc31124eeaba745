"""A browser before the real processes: web, worker, beat and emulator. Every journey also fails on a console error."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack import Stack
from tests.world import COMMAND, World

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
ARGUMENTS += ["--disable-component-update", "--disable-sync"]
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "1"  # Playwright's loop makes Django think that it runs inside async code
    )
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield running
        running.close()


class Portal:
    """The portal as people meet it, each in a browser window of their own."""

    def __init__(self, browser: Any, processes: Stack, world: World, folder: Path) -> None:
        self.browser, self.processes, self.world, self.folder = browser, processes, world, folder
        self.troubles: list[str] = []
        self.contexts: list[Any] = []

    def sign_in(self, name: str, **options: Any) -> Any:
        from tenants.flows import people

        token = people.create_sign_in_link(actor=COMMAND, email=f"{name}@example.com")
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(40_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self._note(page, message))
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.goto(f"{self.processes.url}/sign-in/#{token}")
        if options.get("java_script_enabled") is False:
            page.fill("#token", token)  # a script does this where there is one
        page.click("main button[type=submit]")
        return page

    def _note(self, page: Any, message: Any) -> None:
        """The browser itself reports answers of 4xx as errors; those are asserted where they are expected."""
        if (
            message.type in {"error", "warning"}
            and "the server responded with a status of 4" not in message.text
        ):
            self.troubles.append(f"{page.url}: {message.text}")

    def file(self, name: str, body: bytes) -> str:
        path = self.folder / name
        path.write_bytes(body)
        return str(path)

    def open(self, page: Any, path: str) -> None:
        page.goto(self.processes.url + path)

    def submit(
        self,
        page: Any,
        *files: str,
        tenant: str = "payments",
        trust_config: str = "payments-clients",
        reason: str = "A new partner.",
    ) -> str:
        """Through the form as a person goes; returns the change's address."""
        self.open(page, f"/t/{tenant}/changes/new/")
        page.click(f"tr:has-text('{trust_config}'):has-text('dev') >> text=Choose")
        page.set_input_files("input[type=file]", list(files))
        page.click("button:has-text('Read and check')")
        page.wait_for_selector("#found")
        page.fill("textarea[name=reason]", reason)
        page.click("button[value=submit]")
        page.wait_for_url("**/changes/*/")
        return str(page.url)

    def approve(self, page: Any, url: str, comment: str = "Compared by phone.") -> None:
        page.goto(url)
        page.fill("#vote-comment", comment)
        page.click("#decision-box button:has-text('Approve')")

    def wait_for(self, page: Any, selector: str) -> None:
        """Loads a page that does not look again by itself until something is there."""

        def is_there() -> bool:
            # A reload that meets the end of a navigation is refused by Chromium; the address is loaded anew instead.
            page.wait_for_load_state()
            return bool(page.goto(page.url)) and page.query_selector(selector) is not None

        self.processes.wait_until(is_there)

    def axe(self, page: Any) -> list[str]:
        """Violations of WCAG 2.2 A and AA."""
        page.evaluate(AXE)
        return self._violations(
            page, "tag", ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        )

    def contrast_in_the_dark(self, page: Any) -> list[str]:
        """After :meth:`axe`: the rules that a theme can change, on the same page in the dark theme, at rest."""
        page.evaluate(
            "document.documentElement.dataset.bsTheme = 'dark'; document.getAnimations().forEach(one => one.cancel())"
        )
        return self._violations(page, "rule", ["color-contrast", "link-in-text-block"])

    def _violations(self, page: Any, kind: str, values: list[str]) -> list[str]:
        found = page.evaluate(
            "([type, values]) => axe.run(document, {runOnly: {type, values}})", [kind, values]
        )["violations"]
        return [
            f"{page.url}: {v['id']}: {[node['html'][:120] for node in v['nodes']][:3]}"
            for v in found
        ]


@pytest.fixture
def portal(
    browser: Any, processes: Stack, committed_world: World, tmp_path: Path
) -> Iterator[Portal]:
    committed_world.emulator.operations.seconds = 1.5
    processes.start_web()
    running = Portal(browser, processes, committed_world, tmp_path)
    yield running
    for context in running.contexts:
        context.close()
    assert running.troubles == []


def type_the_name(page: Any) -> None:
    """Where a rollback asks for the trust config's name, it is typed as the page says."""
    if page.locator("[name=typed_name]").count():
        page.fill(
            "[name=typed_name]",
            page.inner_text("h1 + div a.mono"),
        )
