"""Keeping golden clients: what a person adds is sealed at once, and tried by a worker (golden_trials.py)."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType, Scope, Subject
from audit.recorder import record
from certs.models import GoldenClient, TrustConfig
from certs.sealing import GOLDEN_CLIENT, seal_text
from jobs.queue import enqueue
from pki.certificate import ParsedCertificate
from pki.simulate import MAXIMAL_SENT
from tenants.access import require
from tenants.errors import BadValue, UnknownObject
from tenants.models import AccessRole, Tenant

MOST_EACH = 50


def add(*, actor: Actor, tenant_id: int, trust_config_id: str, name: str, chain: list[ParsedCertificate]) -> None:
    """Keeps a client's chain, its own certificate first, sealed, and asks a worker to try it.

    :raises BadValue: without a name or a certificate, for one that is kept already, or beyond 50.
    :raises NotAllowed: without the submitter's role there.
    :raises VaultClosed, UnknownObject:
    """
    if not name.strip() or not 0 < len(chain) <= MAXIMAL_SENT:
        raise BadValue(_("Name the client and give its certificate, with the intermediate CAs that it sends."))
    leaf = chain[0].facts
    with transaction.atomic(durable=True):
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
        trust_config = TrustConfig.objects.for_tenant(tenant_id).select_related("environment").filter(pk=trust_config_id).first()
        if trust_config is None:
            raise UnknownObject
        require(actor.user_id, tenant, AccessRole.SUBMITTER, environment=trust_config.environment)
        kept = GoldenClient.objects.filter(tenant=tenant, trust_config=trust_config)
        if kept.filter(sha256_fingerprint=leaf.sha256_fingerprint).exists() or kept.count() >= MOST_EACH:
            raise BadValue(_("This client is kept already, or there are %(limit)s of them.") % {"limit": MOST_EACH})
        text = "".join(certificate.pem for certificate in chain).encode()
        vault_key, digest, sealed = seal_text(tenant_id=tenant_id, trust_config=trust_config, kind=GOLDEN_CLIENT, text=text)
        client = GoldenClient.objects.create(
            tenant=tenant,
            trust_config=trust_config,
            name=name.strip()[:100],
            sha256_fingerprint=leaf.sha256_fingerprint,
            subject=leaf.subject,
            not_after=leaf.not_after,
            chain_sha256=digest,
            vault_key=vault_key,
            sealed=sealed,
            added_by_id=actor.user_id,
        )
        _record(EventType.GOLDEN_CLIENT_ADDED, client, actor=actor)
        enqueue("try_golden_clients", trust_config.pk, queue=trust_config.environment.queue)


def remove(*, actor: Actor, tenant_id: int, client_id: int) -> None:
    """Deletes a golden client and its sealed chain.

    :raises UnknownObject: when the tenant keeps no such client.
    :raises NotAllowed: without the submitter's role there.
    """
    with transaction.atomic(durable=True):
        client = GoldenClient.objects.select_related("tenant", "trust_config__environment").filter(tenant_id=tenant_id, pk=client_id).first()
        if client is None:
            raise UnknownObject
        require(actor.user_id, client.tenant, AccessRole.SUBMITTER, environment=client.trust_config.environment)
        _record(EventType.GOLDEN_CLIENT_REMOVED, client, actor=actor)
        client.delete()


def _record(event: EventType, client: GoldenClient, *, actor: Actor) -> None:
    trust_config = client.trust_config
    record(
        event,
        actor=actor,
        subject=Subject("golden_client", str(client.pk), sha256=client.sha256_fingerprint, label=client.name),
        scope=Scope(
            tenant_id=client.tenant_id,
            environment=trust_config.environment.slug,
            trust_config_id=str(trust_config.pk),
            sha256_fingerprints=(client.sha256_fingerprint,),
        ),
        details={"name": client.name},
    )
