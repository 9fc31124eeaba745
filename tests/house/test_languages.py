"""Both languages are whole: the catalogue of the pages, and the texts of every finding."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from pki.catalogue import FINDINGS
from pki.catalogue_refusals import REFUSALS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "portal/locale/zh_Hans/LC_MESSAGES"


def _catalogue() -> Any:
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def test_no_message_is_fuzzy_or_empty_or_lost_a_placeholder() -> None:
    for message in _catalogue():
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert not message.fuzzy
        assert all(texts), message.id
        wanted = set(
            re.findall(
                r"%\(\w+\)s", message.id[-1] if isinstance(message.id, tuple) else message.id
            )
        )
        assert set(re.findall(r"%\(\w+\)s", texts[-1])) == wanted, message.id


def _texts(catalogue: Any) -> dict[str, str]:
    """Messages by their (singular) id; Chinese has one plural form."""
    first = lambda value: value[0] if isinstance(value, list | tuple) else value  # noqa: E731
    return {first(message.id): first(message.string) for message in catalogue if message.id}


def test_the_compiled_catalogue_is_current() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        assert _texts(read_mo(file)) == _texts(_catalogue())


TRANSLATORS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext"}


def _strings_of_the_code() -> set[str]:
    used: set[str] = set()
    for app in ("portal", "pages", "approvals", "certs", "tenants", "audit", "jobs", "web"):
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in TRANSLATORS
                    and isinstance(node.args[0], ast.Constant)
                ):
                    used.add(node.args[0].value)
    return used


def _strings_of_the_templates() -> set[str]:
    used: set[str] = set()
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'{%\s*translate\s+"([^"]+)"', text))
        used |= set(re.findall(r"{%\s*translate\s+'([^']+)'", text))
        used |= set(re.findall(r'_\("([^"]+)"\)', text))
        for block in re.findall(
            r"{%\s*blocktranslate[^%]*%}(.*?){%\s*(?:plural|endblocktranslate)", text, re.DOTALL
        ):
            used.add(re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", " ".join(block.split())))
    return used


def test_the_catalogue_holds_every_string_and_no_other() -> None:
    known = set(_texts(_catalogue()))
    used = _strings_of_the_code() | _strings_of_the_templates()
    assert len(used) > 900
    assert sorted(used - known) == []
    assert sorted(known - used) == []


@pytest.mark.parametrize("code", sorted(FINDINGS | REFUSALS))
def test_every_text_of_the_rules_is_there_in_both_languages(code: str) -> None:
    text = (FINDINGS | REFUSALS)[code]
    for said in (text.title, text.sentence, text.why, text.fix):
        assert said.en
        assert re.search(r"[一-鿿]", said.zh), said.zh
        assert set(re.findall(r"{\w+}", said.en)) == set(re.findall(r"{\w+}", said.zh))
    assert text.source
