"""What the flows of this app record: one place that knows how a change and a publication look in the audit."""

from collections import defaultdict
from collections.abc import Iterable

from approvals.models import ChangeRequest
from audit.events import Actor, EventType, Scope, Subject
from audit.log import Json
from audit.recorder import record
from certs.models import Publication, TrustConfig
from certs.trust_configs.drift import open_case
from pki.plan import revision_digest

MOST_NAMED = 200


def record_change(
    event: EventType,
    change: ChangeRequest,
    *,
    actor: Actor,
    before: str | None = None,
    after: str | None = None,
    reason: str = "",
    result: str = "ok",
    details: Json | None = None,
) -> None:
    items = list(change.items.all())
    record(
        event,
        actor=actor,
        subject=Subject("change", str(change.pk), label=f"#{change.number}"),
        scope=Scope(
            tenant_id=change.tenant_id,
            environment=change.trust_config.environment.slug,
            trust_config_id=str(change.trust_config_id),
            change_number=change.number,
            sha256_fingerprints=tuple(item.sha256_fingerprint for item in items),
        ),
        before=before,
        after=after,
        reason=reason,
        result=result,
        details=details,
    )


def items_as_json(change: ChangeRequest) -> list[object]:
    return [
        {
            "action": item.action,
            "role": item.role,
            "sha256": item.sha256_fingerprint,
            "removal": item.removal or None,
        }
        for item in change.items.all()
    ]


def record_publication(
    event: EventType,
    publication: Publication,
    changes: Iterable[ChangeRequest],
    *,
    actor: Actor,
    result: str = "ok",
    reason: str = "",
    before: str | None = None,
) -> None:
    """One event for each tenant whose changes it carries, since one tenant's history says nothing of another."""
    numbers: dict[int | None, list[int]] = defaultdict(list)
    for change in changes:
        numbers[change.tenant_id].append(change.number)
    trust_config = publication.trust_config
    for tenant_id, mine in (numbers or {None: []}).items():
        record(
            event,
            actor=actor,
            subject=Subject("publication", str(publication.pk), label=publication.label),
            scope=Scope(
                tenant_id=tenant_id,
                environment=trust_config.environment.slug,
                trust_config_id=str(trust_config.pk),
                change_number=mine[0] if len(mine) == 1 else None,
            ),
            before=before,
            after=publication.state,
            result=result,
            reason=reason,
            details={
                "kind": publication.kind,
                "revision": publication.revision,
                "changes": sorted(mine),
                "base_digest": publication.base_digest,
                "revision_digest": publication.revision_digest,
                "etag_before": publication.etag_before,
                "etag_after": publication.etag_after,
                "operation": publication.operation_name,
            },
        )


def record_trust_config(
    event: EventType,
    trust_config: TrustConfig,
    *,
    actor: Actor,
    result: str = "ok",
    reason: str = "",
    reason_of: int | None = None,
    details: Json | None = None,
    fingerprints: Iterable[str] = (),
) -> None:
    """One event for each tenant that the trust config serves; only counts and digests, so that none reads another's entries.

    Where it serves one tenant only, ``fingerprints`` are named, as far as an event holds them.
    What a person of one tenant wrote stands in the events of that tenant only: ``reason_of``.
    """
    named = () if trust_config.is_shared else tuple(sorted(set(fingerprints)))[:MOST_NAMED]
    for tenant_id in trust_config.tenants.values_list("pk", flat=True):
        record(
            event,
            actor=actor,
            subject=Subject("trust_config", str(trust_config.pk), label=trust_config.name),
            scope=Scope(
                tenant_id=tenant_id,
                environment=trust_config.environment.slug,
                trust_config_id=str(trust_config.pk),
                sha256_fingerprints=named,
            ),
            result=result,
            reason=reason if reason_of in {None, tenant_id} else "",
            details={"observed_digest": revision_digest(trust_config.observed), **(details or {})},
        )


def record_drift(trust_config: TrustConfig, *, actor: Actor) -> None:
    """That live is not what was last observed, by counts and digests."""
    case = open_case(trust_config)
    assert case is not None
    details: Json = {
        "case": case.pk,
        "live_digest": revision_digest(case.entry_set),
        "added": len(case.difference.added),
        "removed": len(case.difference.removed),
        "label": case.label,
        "etag": case.etag,
        "seen_by": case.found_by,
    }
    if case.unknown_revision is not None:
        details["unknown_revision"] = case.unknown_revision
    differing = case.difference.added | case.difference.removed
    record_trust_config(
        EventType.DRIFT_FOUND,
        trust_config,
        actor=actor,
        details=details,
        fingerprints=[entry.sha256_fingerprint for entry in differing],
    )
