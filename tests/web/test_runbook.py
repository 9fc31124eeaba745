"""The runbook as a page: every line has an address, and every address that pages name is there."""

import re
from pathlib import Path

import pytest

from web import runbook
from web.templatetags.look import runbook as link

ROOT = Path(__file__).resolve().parents[2]


def test_every_id_stands_in_the_page_once() -> None:
    text, known = runbook.page()
    ids = re.findall(r'id="([^"]+)"', text)
    assert sorted(ids) == sorted(known)
    assert len(known) > 100


@pytest.mark.parametrize(
    ("section", "line", "place"),
    [
        ("A trust config", "cloud-unavailable", "a-trust-config.cloud-unavailable"),
        ("A trust config", "Stopped", "a-trust-config.stopped"),
        ("A change that is held", "cloud-missing", "a-change-that-is-held.cloud-missing"),
        ("Workers, broker, database", "failed", "workers-broker-database.failed"),
        ("A change that is held", "no-such-code", "a-change-that-is-held"),
        ("Drift", "", "drift"),
    ],
)
def test_a_link_goes_to_the_line_or_else_to_its_section(
    section: str, line: str, place: str
) -> None:
    assert f'href="/operations/runbook/#{place}"' in link(section, line)
    assert place in runbook.page()[1]


def test_every_place_that_code_and_templates_name_is_there() -> None:
    """A heading that is renamed would send an operator to the top of the page."""
    named = set()
    for path in (ROOT / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% runbook "([^"]+)"(?: "([^"]+)")?', path.read_text("utf-8")))
    verdict = (ROOT / "pages/operations/verdict.py").read_text("utf-8")
    named |= set(
        re.findall(r'"(Workers[^"]+|A trust config|A change[^"]+|Drift)",\n\s+"([^"]*)"', verdict)
    )
    assert len(named) > 8
    known = runbook.page()[1]
    assert [pair for pair in sorted(named) if runbook.anchor(*pair) not in known] == []


def test_html_in_the_file_is_shown_as_it_was_typed(tmp_path: Path, settings: object) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "runbook.md").write_text(
        "# <script>x</script>\n\n| a | b |\n|-|-|\n| `c` | d |\n"
    )
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]
    runbook.page.cache_clear()
    try:
        text, known = runbook.page()
    finally:
        runbook.page.cache_clear()
    assert "<script>" not in text
    assert known == {"script-x-script", "script-x-script.c"}
