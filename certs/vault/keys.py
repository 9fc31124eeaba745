"""The vault's upkeep: keys are made ahead, and originals are forgotten when nobody may need them any more."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.db.models.functions import Now

from audit.events import EventType, Scope, Subject, worker
from audit.recorder import record
from certs.models import SealedCertificate, VaultKey
from certs.vault.opening import wrap
from certs.vault.sealing import FORMAT_VERSION, current_vault_key, new_key_pair
from jobs import clock
from jobs.queue import enqueue, left_behind
from jobs.worker import name as worker_name
from tenants.models import Environment, Purpose, TenantEnvironment

MADE_AHEAD = timedelta(days=14)


def make_vault_key(*, tenant_id: int, environment_id: int, purpose: str) -> None:
    """Makes the vault key that serves next, unless the present one has time left. Cloud KMS wraps its private half.

    :raises gcp.errors.CloudError: when Cloud KMS does not answer; the job tries again.
    """
    current = current_vault_key(tenant_id, environment_id, purpose)
    if current is not None and current.serves_until > clock.now() + MADE_AHEAD:
        return
    environment = Environment.objects.get(pk=environment_id)
    identifier = uuid.uuid4()
    public_key, private_key = new_key_pair()
    wrapped = wrap(tenant_id, environment_id, purpose, identifier, private_key)
    with transaction.atomic(durable=True):
        key = VaultKey.objects.create(
            tenant_id=tenant_id,
            environment=environment,
            purpose=purpose,
            identifier=identifier,
            public_key=public_key,
            wrapped_private_key=wrapped.ciphertext,
            kms_key_version=wrapped.key_version,
            format_version=FORMAT_VERSION,
            serves_until=clock.now() + timedelta(days=settings.VAULT_KEY_DAYS),
        )
        record(
            EventType.VAULT_KEY_CREATED,
            actor=worker(worker_name()),
            subject=Subject("vault_key", str(key.identifier)),
            scope=Scope(tenant_id=tenant_id, environment=environment.slug),
            details={"purpose": purpose, "kms_key_version": wrapped.key_version},
        )


def make_vault_keys_ahead() -> None:
    """Asks for every vault key whose time is nearly over."""
    with transaction.atomic(durable=True):
        for row in TenantEnvironment.objects.select_related("environment"):
            for purpose in Purpose.values:
                enqueue(
                    "make_vault_key",
                    f"{row.tenant_id}:{row.environment_id}:{purpose}",
                    queue=row.environment.queue,
                )


def make_missing_vault_keys() -> None:
    """Asks for every vault key without which nothing can be kept, where no job makes it any more."""
    with transaction.atomic(durable=True):
        for purpose in Purpose.values:
            serving = VaultKey.objects.filter(
                tenant=OuterRef("tenant"),
                environment=OuterRef("environment"),
                purpose=purpose,
                serves_until__gt=Now(),
            )
            rows = TenantEnvironment.objects.filter(~Exists(serving)).select_related("environment")
            queues = {
                f"{row.tenant_id}:{row.environment_id}:{purpose}": row.environment.queue
                for row in rows
            }
            for subject in left_behind("make_vault_key", queues):
                enqueue("make_vault_key", subject, queue=queues[subject])


def forget_sealed() -> None:
    """Deletes every sealed original whose rollback window is over."""
    with transaction.atomic(durable=True):
        over = SealedCertificate.objects.filter(keep_until__lte=clock.now())
        counts = list(
            over.values("tenant_id", "trust_config__environment__slug")
            .annotate(count=Count("pk"))
            .order_by("tenant_id")
        )
        over.delete()
        for row in counts:
            record(
                EventType.SEALED_FORGOTTEN,
                actor=worker(worker_name()),
                subject=Subject("tenant", str(row["tenant_id"])),
                scope=Scope(
                    tenant_id=row["tenant_id"], environment=row["trust_config__environment__slug"]
                ),
                details={"count": row["count"]},
            )
