"""What goes on when a trust config may be written again."""

from approvals.flows.holding import release_change
from approvals.models import ChangeRequest
from approvals.states import State
from audit.events import Actor
from certs.models import TrustConfig
from jobs.queue import enqueue


def resume(trust_config: TrustConfig) -> None:
    """Asks, in the caller's transaction, for everything that waited while publishing was stopped."""
    for change_id in ChangeRequest.objects.filter(trust_config=trust_config, state=State.SUBMITTED, held_code="").values_list("pk", flat=True):
        enqueue("validate_change", change_id, queue=trust_config.environment.queue)
    enqueue("publish", trust_config.pk, queue=trust_config.environment.queue)


def release_checks(trust_config: TrustConfig, *, actor: Actor) -> None:
    """Has every change checked that could not be checked before, in the caller's transaction: what was mended was mended for all."""
    held = ChangeRequest.objects.filter(trust_config=trust_config, state=State.SUBMITTED).exclude(held_code="")
    for change in held.select_for_update(of=("self",)).select_related("tenant", "trust_config__environment"):
        release_change(change, actor=actor)
