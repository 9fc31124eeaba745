"""What undoing a change would mean: which later changes depend on it, what comes back, and what cannot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.checks import revoked_by, revoked_numbers
from approvals.models import ChangeRequest, Item
from approvals.states import State
from certs.errors import NotRestorable
from certs.models import TrustConfig, TrustEntry
from certs.sealing import kept
from pki.plan import Action, Entry, Step, difference, entries_of, has_effect, inverse


def later_changes(original: ChangeRequest) -> list[ChangeRequest]:
    """Applied changes of the same trust config and tenant, later than this one, that concern one of its certificates (and theirs)."""
    fingerprints = {item.sha256_fingerprint for item in original.items.all()}
    found: list[ChangeRequest] = []
    later = ChangeRequest.objects.filter(
        tenant_id=original.tenant_id, trust_config_id=original.trust_config_id, state=State.APPLIED, applied_at__gte=original.applied_at
    )
    for change in later.exclude(pk=original.pk).order_by("applied_at", "pk").prefetch_related("items"):
        mine = {item.sha256_fingerprint for item in change.items.all()}
        if mine & fingerprints or change.follows_id == original.pk:
            found.append(change)
            fingerprints |= mine
    return found


def net_inverse(newest_first: Iterable[ChangeRequest]) -> dict[Entry, Action]:
    """What undoing these changes one after the other comes down to, for each entry."""
    net: dict[Entry, Action] = {}
    for change in newest_first:
        for step in inverse(change.steps):
            net[step.entry] = step.action
    return net


def effective(net: dict[Entry, Action], tenant_id: int, trust_config_id: UUID) -> dict[Entry, Action]:
    """What of it is left to do today: a later change, or somebody outside the portal, may have undone a part already."""
    holdings = TrustEntry.objects.filter(trust_config_id=trust_config_id, tenant_id=tenant_id).holdings()
    return {entry: action for entry, action in net.items() if has_effect(holdings, tenant_id, Step(action, entry))}


def refuse_revoked(chosen: Iterable[ChangeRequest]) -> None:
    """:raises NotRestorable: when undoing would bring back a revoked certificate."""
    numbers = [change.pk for change in chosen]
    revoked = Item.objects.filter(change_id__in=numbers, removal=Item.Removal.REVOKED).select_related("change").first()
    if revoked is not None:
        raise NotRestorable(
            _(
                "Change #%(number)s revoked a certificate, and no rollback passes over that. Ask for a new change instead: to remove the rest, or to bring it back by naming the revocation."
            )
            % {"number": revoked.change.number}
        )


def plan_of_rollback(change: ChangeRequest) -> dict[Entry, Action]:
    """What undoing the change, together with the later ones that it takes along, would do to what is live today."""
    return effective(net_inverse([*reversed(later_changes(change)), change]), change.tenant_id, change.trust_config_id)


def missing_originals(change: ChangeRequest) -> list[str]:
    """Fingerprints that a rollback would need as files, because their sealed original is no longer kept."""
    wanted = [entry.sha256_fingerprint for entry, action in plan_of_rollback(change).items() if action is Action.ADD]
    return [fingerprint for fingerprint in wanted if kept(change.tenant_id, change.trust_config_id, fingerprint) is None]


@dataclass(frozen=True)
class Return:
    """The way from what a tenant holds today to what it held at an instant; ``revoked`` are fingerprints that stay away."""

    added: frozenset[Entry]
    removed: frozenset[Entry]
    revoked: frozenset[str]


def plan_of_return(trust_config: TrustConfig, tenant_id: int, date: datetime) -> Return:
    rows = TrustEntry.objects.for_tenant(tenant_id).filter(trust_config=trust_config)
    then = rows.filter(Q(removed_at=None) | Q(removed_at__gt=date), added_at__lte=date).select_related("certificate")
    way = difference(entries_of(rows.holdings()), {row.holding.entry for row in then})
    revoked = set(revoked_by(tenant_id)) | set(revoked_numbers(trust_config, {entry.sha256_fingerprint for entry in way.added}))
    away = frozenset(entry.sha256_fingerprint for entry in way.added if entry.sha256_fingerprint in revoked)
    return Return(frozenset(entry for entry in way.added if entry.sha256_fingerprint not in away), way.removed, away)
