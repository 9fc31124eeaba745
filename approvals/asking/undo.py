"""What undoing a change would mean: which later changes depend on it, what comes back, and what cannot."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.errors import BadChange, ConflictingChange
from approvals.judging.revocations import revoked_by, revoked_numbers
from approvals.models import ChangeRequest, Item
from approvals.states import State
from certs.errors import NotRestorable
from certs.models import TrustConfig, TrustEntry
from certs.vault.sealing import kept
from pki.plan import Action, Entry, Step, apply_steps, difference, entries_of
from pki.roles import CA_ROLES
from web.texts import listed


def later_changes(original: ChangeRequest) -> list[ChangeRequest]:
    """Later changes that rest on this one, and must be undone with it, oldest first.

    Those of the same trust config and tenant that concern one of its certificates (and theirs).
    One that only undid a later change is no part of it, as little as what it undid: such a pair
    has cancelled itself.
    """
    own = {item.sha256_fingerprint for item in original.items.all()}
    looked_for: set[str] = set()
    found: list[ChangeRequest] = []
    concerned = own
    while (
        not concerned <= looked_for
    ):  # what was found may concern certificates that others concern too
        looked_for = concerned
        found, concerned = _resting_on(original, own, _later(original, looked_for))
    return found


def _later(original: ChangeRequest, fingerprints: AbstractSet[str]) -> Iterable[ChangeRequest]:
    """Later changes of any of these certificates, and the second half of the change itself, oldest first."""
    rows = ChangeRequest.objects.filter(
        Q(items__sha256_fingerprint__in=fingerprints) | Q(follows=original.pk),
        tenant_id=original.tenant_id,
        trust_config_id=original.trust_config_id,
        state=State.APPLIED,
        applied_at__gte=original.applied_at,
    )
    # A put-back changes nothing that the portal holds.
    rows = rows.exclude(pk=original.pk).exclude(kind=ChangeRequest.Kind.PUT_BACK)
    return rows.distinct().order_by("applied_at", "pk").prefetch_related("items", "inverts")


def _resting_on(
    original: ChangeRequest, own: AbstractSet[str], later: Iterable[ChangeRequest]
) -> tuple[list[ChangeRequest], set[str]]:
    """Which of these rest on the change, and the certificates that it and they concern."""
    found, concerned = [], set(own)
    for change in later:
        mine = {item.sha256_fingerprint for item in change.items.all()}
        is_dependent = bool(mine & concerned) or change.follows_id == original.pk
        if is_dependent and not _only_undoes(change):
            found.append(change)
            concerned |= mine
    return found, concerned


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
            % {"names": listed(f"#{change.number}" for change in reversed(later))}
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
    """Whether whoever undoes the change must type the trust config's name."""
    now = TrustEntry.objects.filter(trust_config_id=change.trust_config_id).holdings()
    steps = [Step(action, entry) for entry, action in net.items()]
    after = entries_of(apply_steps(now, change.tenant_id, steps))
    return is_grave(change.trust_config, entries_of(now), after)


def is_grave(
    trust_config: TrustConfig, before: AbstractSet[Entry], after: AbstractSet[Entry]
) -> bool:
    """Whether the trust config's name must be typed: in production, and where the trust store would lose all or its last CA."""
    if trust_config.environment.is_production:
        return True
    return (bool(_cas(before)) and not _cas(after)) or (bool(before) and not after)


def require_name(trust_config: TrustConfig, typed: str) -> None:
    """:raises BadChange: unless the trust config's name was typed."""
    if typed.strip() != trust_config.name:
        raise BadChange(
            _("Type the name of the trust config, %(name)s, to say that you know what it protects.")
            % {"name": trust_config.name},
            field="typed_name",
        )


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
