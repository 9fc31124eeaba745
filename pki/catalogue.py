"""The texts of every finding and refusal, as data, in English and Chinese. Codes are stable: both languages cite the same."""

from pki.catalogue_estate import ESTATE
from pki.catalogue_google import GOOGLE
from pki.catalogue_limits import LIMITS
from pki.catalogue_policy import POLICY
from pki.catalogue_refusals import REFUSALS
from pki.catalogue_x509 import X509
from pki.texts import Check, Text

FINDINGS: dict[str, Check] = {**GOOGLE, **LIMITS, **X509, **POLICY, **ESTATE}


def text_of(code: str) -> Text:
    """:raises KeyError: for a code that is not in the catalogue; a test keeps rules and catalogue together."""
    return FINDINGS.get(code) or REFUSALS[code]


def is_answerable(code: str) -> bool:
    """Whether a blocking finding of this code lets a change pass once its submitter has said why that is right."""
    return code in FINDINGS and FINDINGS[code].is_answerable
