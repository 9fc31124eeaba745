"""What undoing a change would mean: which later changes depend on it, what comes back, and what cannot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.errors import ConflictingChange
from approvals.judging.revocations import revoked_by, revoked_numbers
from approvals.models import ChangeRequest, Item
from approvals.states import State
from certs.errors import NotRestorable
from certs.models import TrustConfig, TrustEntry
from certs.vault.sealing import kept
from pki.plan import Action, Entry, Step, apply_steps, difference, entries_of
from pki.roles import CA_ROLES


def later_changes(original: ChangeRequest) -> list[ChangeRequest]:
    """Later changes that rest on this one, and must be undone with it, oldest first.

    Those of the same trust config and tenant that concern one of its certificates (and theirs).
    One that only undid a later change is no part of it, as little as what it undid: such a pair
    has cancelled itself.
    """
    fingerprints = {item.sha256_fingerprint for item in original.items.all()}
    found: list[ChangeRequest] = []
    later = ChangeRequest.objects.filter(
        tenant_id=original.tenant_id,
        trust_config_id=original.trust_config_id,
        state=State.APPLIED,
        applied_at__gte=original.applied_at,
    )
    # A put-back changes nothing that the portal holds.
    later = later.exclude(pk=original.pk).exclude(kind=ChangeRequest.Kind.PUT_BACK)
    rows = later.order_by("applied_at", "pk")
    for change in rows.prefetch_related("items", "inverts"):
        mine = {item.sha256_fingerprint for item in change.items.all()}
        is_dependent = bool(mine & fingerprints) or change.follows_id == original.pk
        if is_dependent and not _only_undoes(change):
            found.append(change)
            fingerprints |= mine
    return found


def _only_undoes(change: ChangeRequest) -> bool:
    """A rollback of changes. A rollback of a rollback does again what was undone."""
    undone = list(change.inverts.all())
    return bool(undone) and not any(_only_undoes(each) for each in undone)


def net_of(chosen: Iterable[ChangeRequest]) -> dict[Entry, Action]:
    """What undoing these changes comes down to today, for each entry that they touched.

    From what the tenant held before the first of them that touched the entry (what it added was not
    held, what it removed was) and what the tenant holds now: a change that stays, a later one, or
    somebody outside the portal may have done a part already.
    """
    chosen = sorted(chosen, key=lambda change: (change.applied_at, change.pk))
    was_held: dict[Entry, bool] = {}
    for change in chosen:
        for step in change.steps:
            was_held.setdefault(step.entry, step.action is Action.REMOVE)
    rows = TrustEntry.objects.for_tenant(chosen[0].tenant_id).filter(
        trust_config_id=chosen[0].trust_config_id
    )
    held = entries_of(rows.holdings())
    return {
        entry: Action.ADD if was else Action.REMOVE
        for entry, was in was_held.items()
        if was is not (entry in held)
    }


def refuse_impossible(original: ChangeRequest, later: Sequence[ChangeRequest]) -> None:
    """Undoing a rollback together with what was built on it would undo and do again in one change, which nobody
    could undo afterwards: the later changes go first.

    :raises ConflictingChange: for a rollback on which later changes rest; names them.
    :raises NotRestorable: when undoing would bring back a revoked certificate.
    """
    if later and _only_undoes(original):
        raise ConflictingChange(
            _("It undid another change, and later changes rest on that. Roll back %(names)s first.")
            % {"names": ", ".join(f"#{change.number}" for change in reversed(later))}
        )
    numbers = [original.pk, *(change.pk for change in later)]
    revoked = (
        Item.objects.filter(change_id__in=numbers, removal=Item.Removal.REVOKED)
        .select_related("change")
        .first()
    )
    if revoked is not None:
        raise NotRestorable(
            _(
                "Change #%(number)s revoked a certificate, and no rollback passes over that. Ask for a new change instead: to remove the rest, or to bring it back by naming the revocation."
            )
            % {"number": revoked.change.number}
        )


def needs_name(change: ChangeRequest, net: Mapping[Entry, Action]) -> bool:
    """Whether whoever undoes it must type the trust config's name.

    In production, and where nothing, or no CA any more, would be left in the trust store.
    """
    if change.trust_config.environment.is_production:
        return True
    now = TrustEntry.objects.filter(trust_config_id=change.trust_config_id).holdings()
    steps = [Step(action, entry) for entry, action in net.items()]
    before, after = entries_of(now), entries_of(apply_steps(now, change.tenant_id, steps))
    return (bool(_cas(before)) and not _cas(after)) or (bool(before) and not after)


def _cas(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.role in CA_ROLES]


def missing_originals(change: ChangeRequest, net: Mapping[Entry, Action]) -> list[str]:
    """Fingerprints that a rollback would need as files, because their sealed original is no longer kept."""
    wanted = [entry.sha256_fingerprint for entry, action in net.items() if action is Action.ADD]
    return [
        fingerprint
        for fingerprint in wanted
        if kept(change.tenant_id, change.trust_config_id, fingerprint) is None
    ]


@dataclass(frozen=True)
class Return:
    """The way from what a tenant holds today to what it held at an instant; ``revoked`` are fingerprints that stay away."""

    added: frozenset[Entry]
    removed: frozenset[Entry]
    revoked: frozenset[str]


def plan_of_return(trust_config: TrustConfig, tenant_id: int, date: datetime) -> Return:
    rows = TrustEntry.objects.for_tenant(tenant_id).filter(trust_config=trust_config)
    then = rows.filter(
        Q(removed_at=None) | Q(removed_at__gt=date), added_at__lte=date
    ).select_related("certificate")
    way = difference(entries_of(rows.holdings()), {row.holding.entry for row in then})
    revoked = set(revoked_by(tenant_id)) | set(
        revoked_numbers(trust_config, {entry.sha256_fingerprint for entry in way.added})
    )
    away = frozenset(
        entry.sha256_fingerprint for entry in way.added if entry.sha256_fingerprint in revoked
    )
    return Return(
        frozenset(entry for entry in way.added if entry.sha256_fingerprint not in away),
        way.removed,
        away,
    )
