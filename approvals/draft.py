"""A change that is being asked for: what it adds, what it removes, when it may be written, and what it must have."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from approvals.errors import BadChange
from approvals.models import ChangeRequest, Item
from audit.log import Json
from certs.models import TrustEntry
from pki.certificate import ParsedCertificate

# What one event of the audit can name (60,000 bytes), and what a reviewer can read.
MAXIMAL_ITEMS = 200
NO_REASON = _("Say why this change is needed. Reviewers and auditors will read it.")


LATEST = timedelta(days=366)


@dataclass(frozen=True)
class Addition:
    """A certificate to trust: read from an upload, in the role that the submitter chose."""

    certificate: ParsedCertificate
    role: str


@dataclass(frozen=True)
class Removal:
    """An entry to take away: ``removal`` is retired or revoked."""

    sha256_fingerprint: str
    role: str
    removal: str


@dataclass(frozen=True)
class Timing:
    """When a change may be written, and until when what it adds and what it removes overlap. Instants are aware."""

    schedule: str = ChangeRequest.Schedule.AT_ONCE
    due_at: datetime | None = None
    overlap_until: datetime | None = None

    def as_json(self) -> Json:
        due, overlap = (
            self.due_at and self.due_at.isoformat(),
            self.overlap_until and self.overlap_until.isoformat(),
        )
        return {"schedule": str(self.schedule), "due_at": due, "overlap_until": overlap}


AT_ONCE = Timing()


def in_all_roles(removals: list[Removal], entries: Iterable[TrustEntry]) -> list[Removal]:
    """A revocation covers every role that the tenant holds the certificate in; ``entries`` are its open ones."""
    revoked = {
        removal.sha256_fingerprint
        for removal in removals
        if removal.removal == Item.Removal.REVOKED
    }
    chosen = {(removal.role, removal.sha256_fingerprint): removal for removal in removals}
    for entry in entries:
        fingerprint = entry.certificate.sha256_fingerprint
        if fingerprint in revoked:
            chosen[entry.role, fingerprint] = Removal(fingerprint, entry.role, Item.Removal.REVOKED)
    return list(chosen.values())


def check_request(reason: str, additions: list[Addition], removals: list[Removal]) -> None:
    """:raises BadChange: without a reason, without items, or with the same entry twice."""
    if not reason.strip():
        raise BadChange(NO_REASON, field="reason")
    if not additions and not removals:
        raise BadChange(_("Choose at least one certificate to add or to remove."))
    entries = [(a.role, a.certificate.facts.sha256_fingerprint) for a in additions] + [
        (r.role, r.sha256_fingerprint) for r in removals
    ]
    if len(entries) != len(set(entries)):
        raise BadChange(_("The same certificate is in this change twice in the same role."))
    if len(entries) > MAXIMAL_ITEMS:
        raise BadChange(
            _(
                "A change holds at most %(limit)s items; this one has %(count)s. Make several changes of it."
            )
            % {"limit": MAXIMAL_ITEMS, "count": len(entries)}
        )
    revoked = {
        removal.sha256_fingerprint
        for removal in removals
        if removal.removal == Item.Removal.REVOKED
    }
    if revoked & {addition.certificate.facts.sha256_fingerprint for addition in additions}:
        raise BadChange(
            _(
                "One change cannot revoke a certificate and add it again in another role. Retire it instead, if it moves."
            )
        )
    if any(removal.removal not in Item.Removal.values for removal in removals):
        raise BadChange(_("Say for each removal whether the certificate is retired or revoked."))


def check_timing(
    timing: Timing, additions: list[Addition], removals: list[Removal], *, at: datetime
) -> None:
    """:raises BadChange: for times that are over, missing or too far, and for an overlap without two sides."""
    if timing.schedule not in ChangeRequest.Schedule.values or (
        timing.schedule == ChangeRequest.Schedule.AT_TIME and timing.due_at is None
    ):
        raise BadChange(_("Say at which time the change may be written."), field="due_at")
    for field, instant in (("due_at", timing.due_at), ("overlap_until", timing.overlap_until)):
        if instant is not None and not at < instant <= at + LATEST:
            raise BadChange(_("The time must lie in the future, and within a year."), field=field)
    if timing.overlap_until is None:
        return
    if not additions or not removals:
        raise BadChange(
            _("An overlap needs something to add now and something to remove later."),
            field="overlap_until",
        )
    if timing.due_at is not None and timing.due_at >= timing.overlap_until:
        raise BadChange(
            _("The overlap must end after the change is written."), field="overlap_until"
        )
    if any(removal.removal == Item.Removal.REVOKED for removal in removals):
        raise BadChange(
            _(
                "A revocation waits for nothing, so it has no overlap. Retire the old certificate instead."
            ),
            field="overlap_until",
        )
