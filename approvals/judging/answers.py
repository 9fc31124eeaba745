"""What a submitter says to findings, bound to the evidence that was answered."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import rfc8785
from django.db import connection
from django.utils.translation import gettext_lazy as _

from approvals.errors import BadChange
from approvals.models import Answer, ChangeRequest
from pki.catalogue import is_answerable
from pki.findings import Finding, Severity

MAXIMAL_ANSWERS = 10_000


def keep_answers(
    change: ChangeRequest,
    findings: Iterable[Finding],
    answers: Mapping[str, str],
    *,
    user_id: int,
    at: datetime,
) -> list[str]:
    """Keeps what the submitter says, for each finding of a code that is answered; returns those codes.

    :raises BadChange: when all of it is longer than one event of the audit can hold.
    """
    assert connection.in_atomic_block
    said = {code: text.strip() for code, text in answers.items() if text.strip()}
    if sum(len(text) for text in said.values()) > MAXIMAL_ANSWERS:
        raise BadChange(
            _("Your answers have more than %(limit)s characters together. Make them shorter.")
            % {"limit": MAXIMAL_ANSWERS}
        )
    codes = set()
    for finding in findings:
        if (
            finding.severity is Severity.INFO
            or finding.code not in said
            or (finding.severity is Severity.BLOCKING and not is_answerable(finding.code))
        ):
            continue
        values = {
            "text": said[finding.code],
            "evidence_sha256": evidence_digest(finding),
            "given_by_id": user_id,
            "given_at": at,
        }
        Answer.objects.update_or_create(
            change=change,
            code=finding.code,
            sha256_fingerprint=finding.fingerprint,
            defaults=values,
        )
        codes.add(finding.code)
    return sorted(codes)


def evidence_digest(finding: Finding) -> str:
    """What an answer is bound to: SHA-256 over the evidence, a former answer left out."""
    return hashlib.sha256(
        rfc8785.dumps({name: value for name, value in finding.evidence.items() if name != "answer"})
    ).hexdigest()
