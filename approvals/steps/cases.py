"""What follows for changes when a drift case opens, changes or ends, and when a trust config may be written again."""

from datetime import datetime

from approvals import locks
from approvals.audit_events import record_drift, record_trust_config
from approvals.causes import cause
from approvals.models import ChangeRequest
from approvals.states import State
from approvals.steps import transitions
from audit.events import Actor, EventType
from certs.models import DriftCase, TrustConfig
from certs.trust_configs.drift import end_case, keep_case, open_case
from certs.trust_configs.live import Live
from jobs import clock
from jobs.queue import enqueue
from pki.plan import revision_digest
from tenants.access import may
from tenants.rights import Act


def is_current(change: ChangeRequest, case: DriftCase | None, live: Live | None = None) -> bool:
    """Whether the change is of the open case as it stands and, with a read, of what that read saw."""
    if (
        case is None
        or change.drift_case_id != case.pk
        or change.live_digest != revision_digest(case.entry_set)
    ):
        return False
    if case.unknown_revision is not None and not may(
        change.submitted_by_id, Act.RESOLVE_OLDER_DATABASE
    ):  # asked for before anybody knew that this database is the older one
        return False
    return live is None or (live.entries == case.entry_set and live.label == case.label)


def end_stale_resolutions(trust_config: TrustConfig, *, actor: Actor) -> None:
    """Ends every open resolution that is not of the open case as it stands; one that is being written is left to its outcome.

    Acts in the caller's transaction, which has locked the trust config.
    """
    case = open_case(trust_config)
    rows = (
        ChangeRequest.objects.open()
        .filter(trust_config=trust_config)
        .exclude(kind=ChangeRequest.Kind.REGULAR)
    )
    for change in rows.select_for_update(of=("self",)).select_related(
        "tenant", "trust_config__environment"
    ):
        if is_current(change, case) or locks.is_in_unresolved_publication(change):
            continue
        why = cause("drift-moved" if case else "drift-over")
        transitions.reject(change, why, actor=actor, at=clock.now())


def end_by_itself(trust_config: TrustConfig, *, at: datetime, actor: Actor) -> None:
    """Live is as last observed again: the open case, if there is one, is over without anybody's choice, and publishing goes on.

    Acts in the caller's transaction, which has locked the trust config.
    """
    case = open_case(trust_config)
    if case is None:
        return
    end_case(trust_config, DriftCase.State.OVER, at=at)
    end_stale_resolutions(trust_config, actor=actor)
    record_trust_config(EventType.DRIFT_ENDED, trust_config, actor=actor, details={"case": case.pk})
    resume(trust_config)


def keep_observation(trust_config: TrustConfig, live: Live, *, seen_by: str, actor: Actor) -> None:
    """Opens a case or brings the open one up to date. A set that nobody has seen yet is recorded, and ends what was made for the old one."""
    before = open_case(trust_config)
    case = keep_case(trust_config, live, seen_by=seen_by)
    is_news = (
        before is None
        or before.entry_set != case.entry_set
        or before.unknown_revision != case.unknown_revision
    )
    if is_news:
        record_drift(trust_config, actor=actor)
        end_stale_resolutions(trust_config, actor=actor)


def resume(trust_config: TrustConfig) -> None:
    """Asks, in the caller's transaction, for everything that waited while publishing was stopped."""
    for change_id in ChangeRequest.objects.filter(
        trust_config=trust_config, state=State.SUBMITTED, held_code=""
    ).values_list("pk", flat=True):
        enqueue("validate_change", change_id, queue=trust_config.environment.queue)
    enqueue("publish", trust_config.pk, queue=trust_config.environment.queue)


def release_checks(trust_config: TrustConfig, *, actor: Actor) -> None:
    """Has every change checked that could not be checked before, in the caller's transaction: what was mended was mended for all."""
    held = ChangeRequest.objects.filter(trust_config=trust_config, state=State.SUBMITTED).exclude(
        held_code=""
    )
    for change in held.select_for_update(of=("self",)).select_related(
        "tenant", "trust_config__environment"
    ):
        transitions.release(change, actor=actor)
