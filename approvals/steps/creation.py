"""Writing a change and its items, and sending it to its check."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from approvals.audit_events import items_as_json, record_change
from approvals.draft import Addition, Removal, Timing
from approvals.errors import BlockingFindings
from approvals.judging.answers import keep_answers
from approvals.judging.digest import store_plan
from approvals.judging.estate import estate_of_change
from approvals.judging.judge import judge_change
from approvals.models import ChangeRequest, Item, LaterRemoval
from audit.events import Actor, EventType
from audit.log import Json
from certs.models import Certificate, TrustConfig
from certs.trust_configs.inventory import remember
from certs.vault.sealing import seal
from jobs.queue import enqueue
from pki.findings import blocking
from pki.plan import Action, Entry
from tenants.errors import UnknownObject
from tenants.models import Tenant


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
        certificate = remember(
            tenant_id=tenant.pk, facts=addition.certificate.facts, user_id=user_id, by=by
        )
        _create_item(change, Action.ADD, addition.role, certificate, "")
        seal(
            tenant_id=tenant.pk,
            trust_config=trust_config,
            change_id=change.pk,
            der=addition.certificate.der,
        )
    for removal in removals:
        found = (
            Certificate.objects.for_tenant(tenant.pk)
            .filter(sha256_fingerprint=removal.sha256_fingerprint)
            .first()
        )
        if found is None:
            raise UnknownObject
        _create_item(change, Action.REMOVE, removal.role, found, removal.removal)
    return change


def create_way_back(
    *,
    tenant: Tenant,
    trust_config: TrustConfig,
    actor: Actor,
    reason: str,
    added: Iterable[Entry],
    removed: Iterable[Entry],
    at: datetime,
) -> ChangeRequest:
    """Writes a change of entries that the tenant knows already: what comes back, and what is retired for it."""
    change = create_change(
        tenant=tenant,
        trust_config=trust_config,
        user_id=actor.user_id,
        by=actor.name,
        reason=reason.strip(),
        additions=[],
        removals=[
            Removal(entry.sha256_fingerprint, entry.role.value, Item.Removal.RETIRED)
            for entry in sorted(removed)
        ],
        names_revocation=False,
        at=at,
    )
    for entry in sorted(added):
        certificate = Certificate.objects.get(
            tenant_id=change.tenant_id, sha256_fingerprint=entry.sha256_fingerprint
        )
        _create_item(change, Action.ADD, entry.role.value, certificate, "")
    return change


def set_timing(change: ChangeRequest, timing: Timing, removals: list[Removal]) -> None:
    """Sets it on a change that was just written; with an overlap the removals are kept for the change that follows."""
    change.schedule, change.due_at, change.overlap_until = (
        timing.schedule,
        timing.due_at,
        timing.overlap_until,
    )
    if timing.overlap_until is not None:
        LaterRemoval.objects.bulk_create(
            LaterRemoval(
                change=change,
                role=removal.role,
                sha256_fingerprint=removal.sha256_fingerprint,
                removal=removal.removal,
            )
            for removal in removals
        )
    change.save()


def _create_item(
    change: ChangeRequest, action: Action, role: str, certificate: Certificate, removal: str
) -> None:
    Item.objects.create(
        change=change,
        action=action.value,
        role=role,
        certificate=certificate,
        sha256_fingerprint=certificate.sha256_fingerprint,
        removal=removal,
    )


def send_to_check(
    change: ChangeRequest,
    *,
    actor: Actor,
    at: datetime,
    details: Json,
    answers: Mapping[str, str] | None = None,
) -> None:
    """Judges a change that was just written, records it, and asks a worker to check it against live.

    ``answers`` are what the submitter says to findings, by code.

    :raises BlockingFindings: when the checks refuse it already; the caller's transaction takes the change back.
    """
    change.submitted_with = actor.authenticated_by[:200]
    findings = judge_change(change, estate_of_change(change, at=at), at=at)
    codes = (
        keep_answers(change, findings, answers or {}, user_id=actor.user_id, at=at)
        if answers
        else []
    )
    if codes:
        findings = judge_change(change, estate_of_change(change, at=at), at=at)
    if refused := blocking(findings):
        raise BlockingFindings(refused)
    store_plan(change, findings, at=at, etag=change.trust_config.observed_etag)
    change.save()
    record_change(
        EventType.CHANGE_SUBMITTED,
        change,
        actor=actor,
        after=change.state,
        reason=change.reason,
        details={"items": items_as_json(change), "mode": change.mode, **details},
    )
    if codes and answers:
        said: Json = {"codes": [*codes], "answers": {code: answers[code].strip() for code in codes}}
        record_change(EventType.CHANGE_ANSWERED, change, actor=actor, details=said)
    enqueue("validate_change", change.pk, queue=change.trust_config.environment.queue)
