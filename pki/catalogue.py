"""The texts of every finding and refusal, as data, in English and Chinese. Codes are stable: both languages cite the same."""

from pki.catalogue_findings import FINDINGS
from pki.catalogue_refusals import REFUSALS
from pki.texts import Text


def text_of(code: str) -> Text:
    """:raises KeyError: for a code that is not in the catalogue; a test keeps rules and catalogue together."""
    return FINDINGS.get(code) or REFUSALS[code]
