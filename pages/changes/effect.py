"""What a change has done and what time will do: written, verified, proven; the way back to a date; what comes within a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals.asking.undo import plan_of_return
from approvals.judging.estate import certificates_by_fingerprint
from approvals.judging.schedule import lapses_at
from approvals.models import ChangeRequest
from approvals.states import State
from certs.models import Certificate, Publication, TrustConfig
from certs.vault.sealing import kept
from pages.changes.plan import PlanRow
from pages.changes.records import attempts_of, proofs_of
from tenants.models import Tenant


@dataclass(frozen=True)
class WayBack:
    """What a return to a date would do today, and what it could not do."""

    rows: list[PlanRow]
    missing: list[str]
    revoked: list[Certificate]


def return_of(trust_config: TrustConfig, tenant_id: int, date: datetime) -> WayBack:
    plan = plan_of_return(trust_config, tenant_id, date)
    named = {entry.sha256_fingerprint for entry in plan.added | plan.removed} | plan.revoked
    certificates = certificates_by_fingerprint(tenant_id, named)
    rows = [
        PlanRow("add", entry.role.value, certificates[entry.sha256_fingerprint])
        for entry in sorted(plan.added)
    ]
    rows += [
        PlanRow("remove", entry.role.value, certificates[entry.sha256_fingerprint])
        for entry in sorted(plan.removed)
    ]
    missing = sorted(
        {
            e.sha256_fingerprint
            for e in plan.added
            if kept(tenant_id, trust_config.pk, e.sha256_fingerprint) is None
        }
    )
    return WayBack(
        rows, missing, [certificates[fingerprint] for fingerprint in sorted(plan.revoked)]
    )


@dataclass(frozen=True)
class Fact:
    """One fact of a change's effect: ``at`` is empty while it is not established. ``key`` is its name for programs."""

    key: str
    title: str | Promise
    at: datetime | None
    evidence: Sequence[tuple[str | Promise, str]] = ()
    note: str | Promise = ""


def effect_of(change: ChangeRequest) -> list[Fact]:
    """Written, verified and proven, each with its own time and evidence; every receipt is a proof of its own."""
    if change.kind == ChangeRequest.Kind.ADOPTION:
        note = _("nothing had to be written: live was read once more and is what was adopted")
        return [
            Fact(
                "adopted",
                _("Adopted"),
                change.applied_at,
                [(_("digest of the live set"), change.live_digest)],
                note,
            )
        ]
    written = [each.publication for each in attempts_of(change) if each.publication.written_at]
    publication = written[-1] if written else None
    return [_written(publication), _verified(publication), *_proven(change)]


def _written(publication: Publication | None) -> Fact:
    if publication is None:
        return Fact("written", _("Written"), None)
    return Fact(
        "written",
        _("Written"),
        publication.written_at,
        [(_("operation"), publication.operation_name or "–")],
    )


def _verified(publication: Publication | None) -> Fact:
    if publication is None or publication.verified_at is None:
        return Fact("verified", _("Verified"), None)
    evidence = [
        (_("revision digest"), publication.revision_digest),
        (_("etag after"), publication.etag_after),
    ]
    return Fact("verified", _("Verified"), publication.verified_at, evidence)


def _proven(change: ChangeRequest) -> list[Fact]:
    facts = []
    for proof in proofs_of(change):
        evidence: list[tuple[str | Promise, str]] = [
            (_("client"), proof.client_sha256),
            (proof.get_outcome_display(), f"{proof.url} · {proof.detail}"),
            (_("reported by"), str(proof.reported_by)),
        ]
        facts.append(
            Fact(
                "proven",
                _("Proven"),
                proof.seen_at,
                evidence,
                _("client-reported, signed with the client's key"),
            )
        )
    return facts or [Fact("proven", _("Proven"), None, note=_("not proven yet"))]


def coming(tenants: QuerySet[Tenant]) -> list[tuple[ChangeRequest, datetime, str | Promise]]:
    """What time will do to approved changes within a week: written, removed at the end of an overlap, lapsed."""
    at = timezone.now()
    until = at + timedelta(days=7)
    found: list[tuple[ChangeRequest, datetime, str | Promise]] = []
    rows = ChangeRequest.objects.filter(tenant__in=tenants, state=State.APPROVED).select_related(
        "tenant", "follows", "trust_config__environment"
    )
    for change in rows.prefetch_related("items", "trust_config__environment__freezes")[:200]:
        lapses = lapses_at(change)
        if change.due_at and at < change.due_at <= until:
            found.append(
                (
                    change,
                    change.due_at,
                    _("an overlap ends") if change.follows_id else _("it is written"),
                )
            )
        elif lapses and lapses <= until:
            found.append((change, lapses, _("its approval lapses")))
    return sorted(found, key=lambda each: each[1])
