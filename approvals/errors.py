"""ApprovalError
├── SelfApproval           403: the submitter, whoever took it over, or an uploader votes
├── VoteRefused            403: this person's vote does not count here; says why
├── WrongState             409: the change is past the point where this can be done
├── StalePlan              409: the page showed another plan than the one that would be voted on
├── PublicationInProgress  409: a write of this change may be under way
├── ConflictingChange      409: another open change has the same certificate in the same trust config
├── BlockingFindings       422: the checks refuse the change; carries the findings
└── BadChange              422: the form is incomplete; says what is missing
"""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pki.findings import Finding
from web.errors import Refusal


class ApprovalError(Refusal):
    code = "approval"


class SelfApproval(ApprovalError):
    code = "self-approval"
    status = 403


class VoteRefused(ApprovalError):
    code = "vote-refused"
    status = 403


class WrongState(ApprovalError):
    code = "wrong-state"


class StalePlan(ApprovalError):
    code = "stale-plan"

    def __init__(self) -> None:
        super().__init__(
            _("The plan has changed since you opened the page. Look at it again before you decide.")
        )


class PublicationInProgress(ApprovalError):
    code = "publication-in-progress"

    def __init__(self) -> None:
        super().__init__(
            _("This change may be on its way to Google right now. Wait until its outcome is known.")
        )


class ConflictingChange(ApprovalError):
    code = "conflicting-change"


class BlockingFindings(ApprovalError):
    code = "blocking-findings"
    status = 422

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(_("The checks found something that must be mended first."))
        self.findings = list(findings)


class BadChange(ApprovalError):
    """``field`` is the field of the form that it is about, where it is about one."""

    code = "bad-change"
    status = 422

    def __init__(self, sentence: str | Promise, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field
