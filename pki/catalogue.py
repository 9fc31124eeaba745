"""The texts of every finding and refusal, as data, in English and Chinese. Codes are stable: both languages cite the same."""

from collections.abc import Mapping
from dataclasses import dataclass

ENGLISH, CHINESE = "en", "zh-hans"


@dataclass(frozen=True)
class Said:
    """One thing in both languages; ``{name}`` is replaced by the finding's evidence."""

    en: str
    zh: str

    def in_language(self, language: str, evidence: Mapping[str, str]) -> str:
        template = self.zh if language.startswith("zh") else self.en
        return template.format_map(_Evidence(evidence))


class _Evidence(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


@dataclass(frozen=True)
class Text:
    """What a code says: a title, a sentence with the evidence, why it matters, how to mend it, and who says so."""

    title: Said
    sentence: Said
    why: Said
    fix: Said
    source: str


def text_of(code: str) -> Text:
    """:raises KeyError: for a code that is not in the catalogue; a test keeps rules and catalogue together."""
    from pki.catalogue_findings import FINDINGS
    from pki.catalogue_refusals import REFUSALS

    return FINDINGS.get(code) or REFUSALS[code]
