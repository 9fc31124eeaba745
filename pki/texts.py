"""What a text is made of: one thing said in both languages, with the values of a finding in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pki.findings import Severity

ENGLISH, CHINESE = "en", "zh-hans"


@dataclass(frozen=True)
class Said:
    """One thing in both languages; ``{name}`` is replaced by the finding's evidence."""

    en: str
    zh: str

    def in_language(self, language: str, evidence: Mapping[str, str], *, blank: str = "?") -> str:
        """``blank`` stands for values that the evidence does not have."""
        template = self.zh if language.startswith("zh") else self.en
        return template.format_map(_Evidence(evidence, blank))


class _Evidence(dict[str, str]):
    def __init__(self, values: Mapping[str, str], blank: str) -> None:
        super().__init__(values)
        self.blank = blank

    def __missing__(self, key: str) -> str:
        return self.blank


@dataclass(frozen=True)
class Text:
    """What a code says: a title, a sentence with the evidence, why it matters, how to mend it, and who says so."""

    title: Said
    sentence: Said
    why: Said
    fix: Said
    source: str


class Scope(StrEnum):
    """What a check looks at, and so which changes go through it."""

    ADDED = "every added certificate"
    AUTHORITY = "an added trust anchor or intermediate CA"
    ALLOWLISTED = "an added allowlisted certificate"
    REMOVED = "a removal"
    SET = "the trust config as it would be"
    WORKER = "a worker's look at the originals"


@dataclass(frozen=True)
class Check(Text):
    """The text of a finding, with how grave it is (the usual case first) and what it looks at."""

    severities: tuple[Severity, ...]
    scope: Scope
    is_answerable: bool = False
