"""What goes on when a trust config may be written again."""

from approvals.models import ChangeRequest
from approvals.states import State
from certs.models import TrustConfig
from jobs.queue import enqueue


def resume(trust_config: TrustConfig) -> None:
    """Asks, in the caller's transaction, for everything that waited while publishing was stopped."""
    for change_id in ChangeRequest.objects.filter(trust_config=trust_config, state=State.SUBMITTED, held_code="").values_list("pk", flat=True):
        enqueue("validate_change", change_id, queue=trust_config.environment.queue)
    enqueue("publish", trust_config.pk, queue=trust_config.environment.queue)
