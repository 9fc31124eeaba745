"""Asking for a change: everything is checked again on what the form sends, and the originals are sealed here and only here."""

from collections.abc import Mapping

from django.db import transaction

from approvals import draft, locks, policy
from approvals.asking.conflicts import conflicting, open_trust_config, refuse_conflicts
from approvals.causes import cause
from approvals.draft import AT_ONCE, Addition, Removal, Timing
from approvals.models import ChangeRequest, Item
from approvals.states import State
from approvals.steps import creation, transitions
from approvals.steps.creation import send_to_check
from audit.events import Actor
from certs.models import TrustEntry
from jobs import clock
from tenants.errors import NotAllowed
from tenants.locks import lock_tenant
from tenants.models import Tenant


def submit(
    *,
    actor: Actor,
    tenant_id: int,
    trust_config_id: str,
    reason: str,
    additions: list[Addition],
    removals: list[Removal],
    names_revocation: bool = False,
    answers: Mapping[str, str] | None = None,
    timing: Timing = AT_ONCE,
) -> int:
    """Submits a change and asks a worker to check it against live; returns its number in the tenant.

    ``answers`` are what the submitter says to findings, by code; ``timing`` is when it may be written, and until when old and
    new overlap: then the removals become a change of their own. A revocation covers every role of the certificate.

    :raises NotAllowed: without the submitter's role there.
    :raises BadChange: without reason or items.
    :raises BlockingFindings: when the checks refuse it already.
    :raises ConflictingChange: when another open change has one of the certificates; a revocation sends that one back.
    :raises TrustConfigNotReady, VaultClosed, UnknownObject:
    """
    at = clock.now()
    draft.check_request(reason, additions, removals)
    draft.check_timing(timing, additions, removals, at=at)
    with transaction.atomic(durable=True):
        tenant = lock_tenant(tenant_id)
        trust_config = open_trust_config(tenant, trust_config_id)
        if not (verdict := policy.may_submit(actor.user_id, tenant, trust_config.environment)):
            raise NotAllowed(verdict.reason)
        entries = (
            TrustEntry.objects.for_tenant(tenant_id)
            .open()
            .filter(trust_config=trust_config)
            .select_related("certificate")
        )
        removals = draft.in_all_roles(removals, entries)
        _clear_the_way(
            actor,
            tenant,
            conflicting(trust_config, _fingerprints(additions, removals)),
            removals,
        )
        change = creation.create_change(
            tenant=tenant,
            trust_config=trust_config,
            user_id=actor.user_id,
            by=actor.name,
            reason=reason.strip(),
            additions=additions,
            removals=[] if timing.overlap_until else removals,
            names_revocation=names_revocation and policy.may_name_revocation(tenant),
            at=at,
        )
        creation.set_timing(change, timing, removals)
        send_to_check(
            change,
            actor=actor,
            at=at,
            details={"names_revocation": change.names_revocation, **timing.as_json()},
            answers=answers,
        )
    return change.number


def _clear_the_way(
    actor: Actor, tenant: Tenant, conflicts: list[ChangeRequest], removals: list[Removal]
) -> None:
    """A revocation waits for nobody: the tenant's own changes that name the same certificate go back to their voters.

    Another tenant's change of that certificate is left alone: each tenant lets go of its own entries only.
    """
    revoked = {
        removal.sha256_fingerprint
        for removal in removals
        if removal.removal == Item.Removal.REVOKED
    }
    passed_by = [
        change
        for change in conflicts
        if revoked & ({item.sha256_fingerprint for item in change.items.all()} | _later(change))
    ]
    refuse_conflicts(tenant, [change for change in conflicts if change not in passed_by])
    for stale in passed_by:
        change = ChangeRequest.objects.select_related("tenant", "trust_config__environment").get(
            pk=stale.pk
        )  # one may have fallen with another
        if (
            change.tenant_id != tenant.pk
            or change.state != State.APPROVED
            or locks.is_in_unresolved_publication(change)
        ):
            continue
        why = cause("returned-revocation", number=tenant.last_change_number + 1)
        transitions.return_to_voters(change, [why], actor=actor, at=clock.now())


def _later(change: ChangeRequest) -> set[str]:
    """What the end of the change's overlap would remove."""
    return set(change.later_removals.values_list("sha256_fingerprint", flat=True))


def _fingerprints(additions: list[Addition], removals: list[Removal]) -> set[str]:
    return {a.certificate.facts.sha256_fingerprint for a in additions} | {
        r.sha256_fingerprint for r in removals
    }
