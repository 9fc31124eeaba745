"""A trust config that was asked for is made at Google, by a worker and never twice."""

from django.db import transaction

from certs.hindrance import Hindrance
from certs.models import TrustConfig
from certs.trust_configs import publishing
from certs.trust_configs.register import read_first, refuse
from gcp.errors import (
    FINAL,
    RATE_LIMIT_EXCEEDED,
    CloudDenied,
    CloudExhausted,
    CloudMissing,
    CloudRejected,
)
from jobs.registry import TryLater


def create(*, trust_config_id: str) -> None:
    """Takes one step towards the trust config being there: read first, ask once, follow the operation by its name.

    :raises TryLater: while the operation runs.
    :raises gcp.errors.CloudError: when Google cannot be reached; the job tries again, and reads first.
    """
    trust_config = TrustConfig.objects.select_related("environment").get(pk=trust_config_id)
    if trust_config.state != TrustConfig.State.CREATING:
        return
    try:
        if trust_config.creation_operation and not _is_done(trust_config):
            return
        label = publishing.read_live(trust_config).label
    except CloudMissing:
        _ask(trust_config)
        return
    except (CloudDenied, CloudRejected) as error:
        refuse(trust_config_id, Hindrance.of(error))
        return
    if label != trust_config.creation_label:
        words = f"{trust_config.resource_name} is there already"
        refuse(trust_config_id, Hindrance("name-taken", words, rpc="GetTrustConfig"))
        return
    read_first(trust_config_id=trust_config_id)


def _is_done(trust_config: TrustConfig) -> bool:
    """Whether the operation ended well; a failed one is said on the page.

    :raises TryLater: while it runs.
    """
    try:
        status = publishing.operation(trust_config, trust_config.creation_operation)
    except CloudMissing:  # Google has forgotten it: what is there tells
        return True
    if not status.is_done:
        raise TryLater("Google is making it")
    if status.error:
        why = Hindrance("operation-failed", str(status.error), rpc="CreateTrustConfig")
        refuse(str(trust_config.pk), why)
        return False
    return True


def _ask(trust_config: TrustConfig) -> None:
    """Asks Google, unless it is making it already.

    :raises TryLater: while it does, and after it was asked.
    """
    if any(not status.is_done for status in publishing.creations(trust_config)):
        raise TryLater("Google is making it")
    try:
        name = publishing.create(trust_config, label=trust_config.creation_label)
    except CloudExhausted as error:
        if error.google_reason == RATE_LIMIT_EXCEEDED:
            raise
        refuse(str(trust_config.pk), Hindrance.of(error))
        return
    except FINAL as error:
        refuse(str(trust_config.pk), Hindrance.of(error))
        return
    with transaction.atomic(durable=True):
        TrustConfig.objects.filter(pk=trust_config.pk, state=TrustConfig.State.CREATING).update(
            creation_operation=name
        )
    raise TryLater("Google is making it")
