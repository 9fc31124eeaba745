"""Trying once more what has kept a trust config from being there."""

from certs.models import TrustConfig
from certs.trust_configs.publications import unblock
from jobs.queue import enqueue


def try_anew(trust_config: TrustConfig) -> None:
    """Asks for the first step once more, in the caller's transaction: making it where the portal was to make it, else reading it."""
    unblock(trust_config)
    trust_config.creation_operation = ""
    trust_config.state = (
        TrustConfig.State.CREATING if trust_config.is_made_here else TrustConfig.State.NAMED
    )
    trust_config.save(update_fields=["creation_operation", "state"])
    enqueue(
        "create_trust_config" if trust_config.is_made_here else "register_trust_config",
        trust_config.pk,
        queue=trust_config.environment.queue,
    )
