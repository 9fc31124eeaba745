"""Changes that resolve a drift case end with it: the case is over, or shows something else than what they were made for."""

from datetime import datetime

from approvals import acts
from approvals.causes import Cause, cause
from approvals.flows.resuming import resume
from approvals.flows.witness import record_change, record_drift, record_trust_config
from approvals.models import ChangeRequest
from audit.events import Actor, EventType
from certs.drift import end_case, keep_case, open_case
from certs.live import Live
from certs.models import DriftCase, TrustConfig
from certs.sealing import forget
from jobs import clock
from pki.plan import revision_digest


def is_current(change: ChangeRequest, case: DriftCase | None, live: Live | None = None) -> bool:
    """Whether the change is of the open case as it stands and, with a read, of what that read saw."""
    if case is None or change.drift_case_id != case.pk or change.live_digest != revision_digest(case.entry_set):
        return False
    return live is None or (live.entries == case.entry_set and live.label == case.label)


def end_stale_resolutions(trust_config: TrustConfig, *, actor: Actor) -> None:
    """Ends every open resolution that is not of the open case as it stands; one that is being written is left to its outcome.

    Acts in the caller's transaction, which has locked the trust config.
    """
    case = open_case(trust_config)
    rows = ChangeRequest.objects.open().filter(trust_config=trust_config).exclude(kind=ChangeRequest.Kind.REGULAR)
    for change in rows.select_for_update(of=("self",)).select_related("tenant", "trust_config__environment"):
        if is_current(change, case) or acts.is_in_unresolved_publication(change):
            continue
        end_resolution(change, cause("drift-moved" if case else "drift-over"), actor=actor)


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


def end_resolution(change: ChangeRequest, why: Cause, *, actor: Actor) -> None:
    before = change.state
    change.mark_rejected(at=clock.now(), causes=[why])
    change.save()
    forget(change.pk)
    record_change(EventType.CHANGE_REJECTED, change, actor=actor, before=before, after=change.state, details={"causes": [why]})


def keep_sight(trust_config: TrustConfig, live: Live, *, seen_by: str, actor: Actor) -> None:
    """Opens a case or brings the open one up to date. A set that nobody has seen yet is recorded, and ends what was made for the old one."""
    before = open_case(trust_config)
    case = keep_case(trust_config, live, seen_by=seen_by)
    if before is None or before.entry_set != case.entry_set:
        record_drift(trust_config, actor=actor)
        end_stale_resolutions(trust_config, actor=actor)
