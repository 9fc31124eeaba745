"""What several flows do to a change, in the transaction of their caller. Acts neither record nor enqueue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from approvals.checks import evidence_digest
from approvals.errors import BadChange, ConflictingChange, WrongState
from approvals.models import Answer, ChangeRequest, Item
from approvals.states import OPEN, State
from audit.log import Json
from certs.errors import TrustConfigNotReady
from certs.inventory import remember
from certs.models import Certificate, TrustConfig, TrustEntry
from certs.sealing import require_vault_key, seal
from pki.catalogue import is_answerable
from pki.certificate import ParsedCertificate
from pki.findings import Finding, Severity
from pki.plan import Action, Entry
from tenants.errors import UnknownObject
from tenants.models import Tenant

# What one event of the audit can name (60,000 bytes), and what a reviewer can read.
MAXIMAL_ITEMS = 200
MAXIMAL_ANSWERS = 10_000
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
        due, overlap = self.due_at and self.due_at.isoformat(), self.overlap_until and self.overlap_until.isoformat()
        return {"schedule": str(self.schedule), "due_at": due, "overlap_until": overlap}


AT_ONCE = Timing()


def lock_trust_config(trust_config_id: UUID | str) -> TrustConfig:
    """Every flow that changes what a trust config's changes rest on locks it first; it is the one lock there is."""
    assert connection.in_atomic_block
    rows = TrustConfig.objects.select_for_update(of=("self",)).select_related("environment")
    trust_config = rows.filter(pk=trust_config_id).first()
    if trust_config is None:
        raise UnknownObject
    return trust_config


def lock_tenant(tenant_id: int) -> Tenant:
    """The tenant, locked for its next change number; before its trust config."""
    assert connection.in_atomic_block
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)


def lock_change(tenant_id: int, number: int) -> ChangeRequest:
    """The change, locked after its trust config.

    :raises UnknownObject: when the tenant has no such change.
    """
    found = ChangeRequest.objects.for_tenant(tenant_id).filter(number=number).values_list("trust_config_id", flat=True).first()
    if found is None:
        raise UnknownObject
    lock_trust_config(found)
    rows = ChangeRequest.objects.select_for_update(of=("self",)).select_related("tenant", "trust_config__environment", "submitted_by")
    return rows.get(tenant_id=tenant_id, number=number)


def open_trust_config(tenant: Tenant, trust_config_id: UUID | str) -> TrustConfig:
    """The locked trust config, if this tenant may ask for changes of it now.

    :raises UnknownObject: when it does not serve the tenant.
    :raises TrustConfigNotReady: before its first read and while live is not what was last observed.
    :raises VaultClosed: before the tenant's vault key exists.
    """
    if not TrustConfig.objects.for_tenant(tenant.pk).filter(pk=trust_config_id).exists():
        raise UnknownObject
    trust_config = lock_trust_config(trust_config_id)
    if trust_config.state != TrustConfig.State.READY:
        raise TrustConfigNotReady(_("This trust config takes no changes now: %(state)s.") % {"state": TrustConfig.State(trust_config.state).label})
    require_vault_key(tenant.pk, trust_config)
    return trust_config


def create_change(
    *,
    tenant: Tenant,
    trust_config: TrustConfig,
    user_id: int,
    by: str,
    reason: str,
    additions: Iterable[Addition],
    removals: Iterable[Removal],
    names_revocation: bool,
    at: datetime,
) -> ChangeRequest:
    """Writes the change and its items, and seals what it adds."""
    tenant.last_change_number += 1
    tenant.save(update_fields=["last_change_number"])
    change = ChangeRequest.objects.create(
        number=tenant.last_change_number,
        tenant=tenant,
        trust_config=trust_config,
        state_since=at,
        mode=tenant.mode,
        policy_version=tenant.policy_version,
        reason=reason,
        submitted_by_id=user_id,
        submitted_at=at,
        names_revocation=names_revocation,
    )
    for addition in additions:
        certificate = remember(tenant_id=tenant.pk, facts=addition.certificate.facts, user_id=user_id, by=by)
        _create_item(change, Action.ADD, addition.role, certificate, "")
        seal(tenant_id=tenant.pk, trust_config=trust_config, change_id=change.pk, der=addition.certificate.der)
    for removal in removals:
        found = Certificate.objects.for_tenant(tenant.pk).filter(sha256_fingerprint=removal.sha256_fingerprint).first()
        if found is None:
            raise UnknownObject
        _create_item(change, Action.REMOVE, removal.role, found, removal.removal)
    return change


def add_known(change: ChangeRequest, entries: Iterable[Entry]) -> None:
    """Items that add certificates which the tenant knows already."""
    for entry in sorted(entries):
        certificate = Certificate.objects.get(tenant_id=change.tenant_id, sha256_fingerprint=entry.sha256_fingerprint)
        _create_item(change, Action.ADD, entry.role.value, certificate, "")


def keep_answers(change: ChangeRequest, findings: Iterable[Finding], answers: Mapping[str, str], *, user_id: int, at: datetime) -> list[str]:
    """Keeps what the submitter says, for each finding of a code that is answered; returns those codes.

    :raises BadChange: when all of it is longer than one event of the audit can hold.
    """
    assert connection.in_atomic_block
    said = {code: text.strip() for code, text in answers.items() if text.strip()}
    if sum(len(text) for text in said.values()) > MAXIMAL_ANSWERS:
        raise BadChange(_("Your answers have more than %(limit)s characters together. Make them shorter.") % {"limit": MAXIMAL_ANSWERS})
    codes = set()
    for finding in findings:
        if finding.severity is Severity.INFO or finding.code not in said or (finding.severity is Severity.BLOCKING and not is_answerable(finding.code)):
            continue
        values = {"text": said[finding.code], "evidence_sha256": evidence_digest(finding), "given_by_id": user_id, "given_at": at}
        Answer.objects.update_or_create(change=change, code=finding.code, sha256_fingerprint=finding.fingerprint, defaults=values)
        codes.add(finding.code)
    return sorted(codes)


def in_all_roles(removals: list[Removal], entries: Iterable[TrustEntry]) -> list[Removal]:
    """A revocation covers every role that the tenant holds the certificate in; ``entries`` are its open ones."""
    revoked = {removal.sha256_fingerprint for removal in removals if removal.removal == Item.Removal.REVOKED}
    chosen = {(removal.role, removal.sha256_fingerprint): removal for removal in removals}
    for entry in entries:
        fingerprint = entry.certificate.sha256_fingerprint
        if fingerprint in revoked:
            chosen[entry.role, fingerprint] = Removal(fingerprint, entry.role, Item.Removal.REVOKED)
    return list(chosen.values())


def conflicting(trust_config: TrustConfig, fingerprints: Iterable[str]) -> list[ChangeRequest]:
    """Open changes of this trust config that name one of these certificates, or will when their overlap ends."""
    wanted = set(fingerprints)
    changes = ChangeRequest.objects.open().filter(trust_config=trust_config).select_related("tenant", "trust_config__environment")
    naming = changes.filter(items__sha256_fingerprint__in=wanted).distinct()
    later = [change for change in changes.exclude(later_removals=[]) if wanted & {fingerprint for _role, fingerprint, _removal in change.later_removals}]
    return list({change.pk: change for change in [*naming, *later]}.values())


def refuse_conflicts(tenant: Tenant, conflicts: list[ChangeRequest]) -> None:
    """:raises ConflictingChange: when there are any; names those of the same tenant only."""
    if conflicts:
        mine = ", ".join(f"#{change.number}" for change in conflicts if change.tenant_id == tenant.pk)
        where = mine or _("another tenant's change")
        raise ConflictingChange(
            _("Another open change has one of these certificates in this trust config: %(where)s. Wait for it or withdraw it first.") % {"where": where}
        )


def check_request(reason: str, additions: list[Addition], removals: list[Removal]) -> None:
    """:raises BadChange: without a reason, without items, or with the same entry twice."""
    if not reason.strip():
        raise BadChange(_("Say why this change is needed. Reviewers and auditors will read it."))
    if not additions and not removals:
        raise BadChange(_("Choose at least one certificate to add or to remove."))
    entries = [(a.role, a.certificate.facts.sha256_fingerprint) for a in additions] + [(r.role, r.sha256_fingerprint) for r in removals]
    if len(entries) != len(set(entries)):
        raise BadChange(_("The same certificate is in this change twice in the same role."))
    if len(entries) > MAXIMAL_ITEMS:
        raise BadChange(
            _("A change holds at most %(limit)s items; this one has %(count)s. Make several changes of it.") % {"limit": MAXIMAL_ITEMS, "count": len(entries)}
        )
    revoked = {removal.sha256_fingerprint for removal in removals if removal.removal == Item.Removal.REVOKED}
    if revoked & {addition.certificate.facts.sha256_fingerprint for addition in additions}:
        raise BadChange(_("One change cannot revoke a certificate and add it again in another role. Retire it instead, if it moves."))
    if any(removal.removal not in Item.Removal.values for removal in removals):
        raise BadChange(_("Say for each removal whether the certificate is retired or revoked."))


def check_timing(timing: Timing, additions: list[Addition], removals: list[Removal], *, at: datetime) -> None:
    """:raises BadChange: for times that are over, missing or too far, and for an overlap without two sides."""
    if timing.schedule not in ChangeRequest.Schedule.values or (timing.schedule == ChangeRequest.Schedule.AT_TIME and timing.due_at is None):
        raise BadChange(_("Say at which time the change may be written."), field="due_at")
    for field, instant in (("due_at", timing.due_at), ("overlap_until", timing.overlap_until)):
        if instant is not None and not at < instant <= at + LATEST:
            raise BadChange(_("The time must lie in the future, and within a year."), field=field)
    if timing.overlap_until is None:
        return
    if not additions or not removals:
        raise BadChange(_("An overlap needs something to add now and something to remove later."), field="overlap_until")
    if timing.due_at is not None and timing.due_at >= timing.overlap_until:
        raise BadChange(_("The overlap must end after the change is written."), field="overlap_until")
    if any(removal.removal == Item.Removal.REVOKED for removal in removals):
        raise BadChange(_("A revocation waits for nothing, so it has no overlap. Retire the old certificate instead."), field="overlap_until")


def set_timing(change: ChangeRequest, timing: Timing, removals: list[Removal]) -> None:
    """Sets it on a change that was just written; with an overlap the removals are kept for the change that follows."""
    change.schedule, change.due_at, change.overlap_until = timing.schedule, timing.due_at, timing.overlap_until
    if timing.overlap_until is not None:
        change.later_removals = sorted([removal.role, removal.sha256_fingerprint, removal.removal] for removal in removals)
    change.save()


def require_open(change: ChangeRequest, *states: State) -> None:
    """:raises WrongState: when the change is in none of these states."""
    if change.state not in (states or OPEN):
        raise WrongState(_("This cannot be done any more: the change is %(state)s.") % {"state": State(change.state).label})


def is_in_unresolved_publication(change: ChangeRequest) -> bool:
    return ChangeRequest.objects.filter(pk=change.pk).in_unresolved_publication().exists()


def _create_item(change: ChangeRequest, action: Action, role: str, certificate: Certificate, removal: str) -> None:
    Item.objects.create(
        change=change, action=action.value, role=role, certificate=certificate, sha256_fingerprint=certificate.sha256_fingerprint, removal=removal
    )
