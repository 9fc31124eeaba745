"""docs/runbook.md as a page, and the address of each of its lines."""

import re
from functools import cache

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def anchor(section: str, line: str = "") -> str:
    """The id of a section, or of the line of its table that begins with this code or these words."""
    return slug(section) + (f".{slug(line)}" if line else "")


@cache
def page() -> tuple[SafeString, frozenset[str]]:
    """The HTML, and every id in it. HTML in the file is shown as it was typed."""
    markdown = MarkdownIt("js-default")
    tokens = markdown.parse((settings.BASE_DIR / "docs" / "runbook.md").read_text("utf-8"))
    known: set[str] = set()
    section = ""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            section = tokens[place + 1].content
            _name(token, anchor(section), known)
        elif token.type == "tr_open" and tokens[place + 1].type == "td_open":
            cell = tokens[place + 2]
            first, *further = [anchor(section, line) for line in _lines(cell.content)]
            _name(token, first, known)
            _name_further(cell, further, known)
    return mark_safe(markdown.renderer.render(tokens, markdown.options, {})), frozenset(known)  # noqa: S308


def _lines(cell: str) -> list[str]:
    """What a line of a table is found by: its codes, or its words where it has none."""
    return re.findall(r"`([^`]+)`", cell) or [cell]


def _name(token: Token, name: str, known: set[str]) -> None:
    if name not in known:
        token.attrSet("id", name)
        known.add(name)


def _name_further(cell: Token, names: list[str], known: set[str]) -> None:
    """A line with several codes is found by each: by an empty mark at the beginning of its first cell."""
    marks = []
    for name in names:
        if name not in known:
            known.add(name)
            opened = Token("span_open", "span", 1, attrs={"id": name})
            marks += [opened, Token("span_close", "span", -1)]
    cell.children = [*marks, *(cell.children or [])]
