"""The plan of a change by certificate, as its pages show it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals.judging.estate import certificates_by_fingerprint
from approvals.models import ChangeRequest, Item
from certs.models import Certificate, TrustEntry
from pki.plan import Action


@dataclass(frozen=True)
class PlanRow:
    """One line of the diff: ``sign`` is add, remove, move or keep."""

    sign: str
    role: str
    certificate: Certificate
    note: str | Promise = ""


@dataclass(frozen=True)
class Plan:
    rows: list[PlanRow]
    unchanged: list[PlanRow]
    others_count: int
    counts: Counter[str]
    observed_at: datetime | None
    has_live_moved: bool
    later: list[PlanRow]


def plan_of(change: ChangeRequest) -> Plan:
    """The diff by fingerprint against what was last observed live; other tenants' entries are a count."""
    trust_config = change.trust_config
    items = list(change.items.all())
    entries = (
        TrustEntry.objects.filter(trust_config=trust_config).open().select_related("certificate")
    )
    mine = list(entries.for_tenant(change.tenant_id))
    others = {entry.holding.entry for entry in entries.exclude(tenant_id=change.tenant_id)}
    rows = [
        _row(item, items, is_held_by_others=item.step.entry in others)
        for item in items
        if not _is_second_half(item, items)
    ]
    touched = {(item.role, item.sha256_fingerprint) for item in items}
    unchanged = [
        PlanRow("keep", e.role, e.certificate)
        for e in mine
        if (e.role, e.certificate.sha256_fingerprint) not in touched
    ]
    return Plan(
        rows=rows,
        unchanged=unchanged,
        others_count=len(others),
        counts=Counter(row.sign for row in rows),
        observed_at=trust_config.observed_at,
        has_live_moved=bool(
            change.planned_etag and trust_config.observed_etag != change.planned_etag
        ),
        later=_later_rows(change),
    )


def _later_rows(change: ChangeRequest) -> list[PlanRow]:
    """What the change that follows will remove when the overlap ends."""
    later = list(change.later_removals.all())
    known = certificates_by_fingerprint(change.tenant_id, {row.sha256_fingerprint for row in later})
    return [
        PlanRow("remove", row.role, known[row.sha256_fingerprint], row.get_removal_display())
        for row in later
    ]


def _row(item: Item, items: list[Item], *, is_held_by_others: bool) -> PlanRow:
    twin = _twin(item, items)
    if twin is not None:
        return PlanRow(
            "move",
            item.role,
            item.certificate,
            _("from %(role)s") % {"role": twin.get_role_display()},
        )
    note: str | Promise = item.get_removal_display() if item.action == Action.REMOVE else ""
    if is_held_by_others:
        note = _("another tenant holds it too, so it is live with or without this change")
    return PlanRow(item.action, item.role, item.certificate, note)


def _twin(item: Item, items: list[Item]) -> Item | None:
    """The removal that makes an addition of the same certificate a move."""
    if item.action != Action.ADD:
        return None
    return next(
        (
            i
            for i in items
            if i.action == Action.REMOVE and i.sha256_fingerprint == item.sha256_fingerprint
        ),
        None,
    )


def _is_second_half(item: Item, items: list[Item]) -> bool:
    return item.action == Action.REMOVE and any(
        i.action == Action.ADD and i.sha256_fingerprint == item.sha256_fingerprint for i in items
    )
