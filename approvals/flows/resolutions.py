"""Changes that resolve a drift case end with it: the case is over, or shows something else than what they were made for."""

from django.utils import timezone

from approvals import acts
from approvals.causes import cause
from approvals.flows.witness import record_change
from approvals.models import ChangeRequest
from audit.events import Actor, EventType
from certs.models import TrustConfig
from certs.sealing import forget


def end_resolutions(trust_config: TrustConfig, code: str, *, actor: Actor) -> None:
    """Acts in the caller's transaction, which has locked the trust config. One that is being written is left to its outcome."""
    rows = ChangeRequest.objects.open().filter(trust_config=trust_config).exclude(kind=ChangeRequest.Kind.REGULAR)
    for change in rows.select_for_update(of=("self",)).select_related("tenant", "trust_config__environment"):
        if acts.is_in_unresolved_publication(change):
            continue
        before, causes = change.state, [cause(code)]
        change.mark_rejected(at=timezone.now(), causes=causes)
        change.save()
        forget(change.pk)
        record_change(EventType.CHANGE_REJECTED, change, actor=actor, before=before, after=change.state, details={"causes": [*causes]})
