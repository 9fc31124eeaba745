"""Keeping golden clients: what a person adds is sealed at once, and tried by a worker (trials.py)."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import Actor, EventType, Scope, Subject
from audit.recorder import record
from certs.models import GoldenClient, TrustConfig
from certs.vault.sealing import GOLDEN_CLIENT, seal_text
from jobs import clock
from jobs.queue import enqueue
from pki.certificate import ParsedCertificate
from pki.simulate import MAXIMAL_SENT
from tenants.access import Verdict, may, require
from tenants.errors import BadValue, NotAllowed, NotPossible, StaleDecision, UnknownObject
from tenants.locks import lock_tenant
from tenants.rights import Act

MOST_EACH = 50


def add(
    *, actor: Actor, tenant_id: int, trust_config_id: str, name: str, chain: list[ParsedCertificate]
) -> None:
    """Keeps a client's chain, its own certificate first, sealed, and asks a worker to try it.

    :raises BadValue: without a name or a certificate, for one that is kept already, or beyond 50.
    :raises NotAllowed: without the submitter's role there.
    :raises VaultClosed, UnknownObject:
    """
    if not name.strip() or not 0 < len(chain) <= MAXIMAL_SENT:
        raise BadValue(
            _("Name the client and give its certificate, with the intermediate CAs that it sends.")
        )
    leaf = chain[0].facts
    with transaction.atomic(durable=True):
        tenant = lock_tenant(tenant_id)
        trust_config = (
            TrustConfig.objects.for_tenant(tenant_id)
            .select_related("environment")
            .filter(pk=trust_config_id)
            .first()
        )
        if trust_config is None:
            raise UnknownObject
        require(
            actor.user_id,
            Act.KEEP_GOLDEN_CLIENTS,
            tenant=tenant,
            environment=trust_config.environment,
        )
        kept = GoldenClient.objects.filter(tenant=tenant, trust_config=trust_config)
        if (
            kept.filter(sha256_fingerprint=leaf.sha256_fingerprint).exists()
            or kept.count() >= MOST_EACH
        ):
            raise BadValue(
                _("This client is kept already, or there are %(limit)s of them.")
                % {"limit": MOST_EACH}
            )
        text = "".join(certificate.pem for certificate in chain).encode()
        vault_key, digest, sealed = seal_text(
            tenant_id=tenant_id, trust_config=trust_config, kind=GOLDEN_CLIENT, text=text
        )
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


def remove(*, actor: Actor, tenant_id: int, client_id: int, reason: str) -> bool:
    """Deletes a golden client and its sealed chain, or asks for a second person; returns which.

    A reviewer confirms where changes pass without a person, in production and on a shared trust
    config: the guard must not be taken away to let through what it guards against.

    :raises BadValue: without a reason where a reviewer must agree.
    :raises UnknownObject: when the tenant keeps no such client.
    :raises NotAllowed: without the submitter's role there.
    :raises NotPossible: when its removal waits for a reviewer already.
    """
    with transaction.atomic(durable=True):
        client = _lock(tenant_id, client_id)
        environment = client.trust_config.environment
        require(
            actor.user_id, Act.KEEP_GOLDEN_CLIENTS, tenant=client.tenant, environment=environment
        )
        if not client.is_removed_by_review:
            _record(EventType.GOLDEN_CLIENT_REMOVED, client, actor=actor, reason=reason)
            client.delete()
            return True
        if client.removal_asked_by_id is not None:
            raise NotPossible(_("Its removal waits for a security reviewer already."))
        if not reason.strip():
            raise BadValue(_("Say why it need not get in any more; a security reviewer decides."))
        client.removal_asked_by_id, client.removal_asked_at = actor.user_id, clock.now()
        client.removal_reason = reason.strip()
        client.save()
        _record(EventType.GOLDEN_CLIENT_REMOVAL_ASKED, client, actor=actor, reason=reason)
    return False


def decide_removal(
    *, actor: Actor, tenant_id: int, client_id: int, asked_at: str, is_confirmed: bool
) -> None:
    """A reviewer's word on a removal that was asked for: it goes, or it stays a guard.

    ``asked_at`` says, as ISO text, which request the page showed.

    :raises UnknownObject: when no removal of such a client waits.
    :raises StaleDecision: when another request waits now.
    :raises NotAllowed: for whoever asked, and for everybody but reviewers of that environment.
    """
    with transaction.atomic(durable=True):
        client = _lock(tenant_id, client_id)
        if client.removal_asked_by_id is None:
            raise UnknownObject
        if not (verdict := may_decide_removal(actor.user_id, client)):
            raise NotAllowed(verdict.reason)
        if client.removal_asked_at is None or asked_at != client.removal_asked_at.isoformat():
            raise StaleDecision
        reason = client.removal_reason
        if is_confirmed:
            _record(EventType.GOLDEN_CLIENT_REMOVED, client, actor=actor, reason=reason)
            client.delete()
            return
        _record(EventType.GOLDEN_CLIENT_KEPT, client, actor=actor, reason=reason)
        client.removal_asked_by = client.removal_asked_at = None
        client.removal_reason = ""
        client.save()


def may_decide_removal(user_id: int, client: GoldenClient) -> Verdict:
    if user_id == client.removal_asked_by_id:
        return Verdict(
            is_allowed=False, reason=_("You asked for this, so somebody else must decide on it.")
        )
    return may(user_id, Act.DECIDE_GOLDEN_REMOVAL, environment=client.trust_config.environment)


def _lock(tenant_id: int, client_id: int) -> GoldenClient:
    rows = GoldenClient.objects.select_for_update(of=("self",)).select_related(
        "tenant", "trust_config__environment", "added_by"
    )
    client = rows.filter(tenant_id=tenant_id, pk=client_id).first()
    if client is None:
        raise UnknownObject
    return client


def _record(event: EventType, client: GoldenClient, *, actor: Actor, reason: str = "") -> None:
    trust_config = client.trust_config
    record(
        event,
        actor=actor,
        subject=Subject(
            "golden_client", str(client.pk), sha256=client.sha256_fingerprint, label=client.name
        ),
        scope=Scope(
            tenant_id=client.tenant_id,
            environment=trust_config.environment.slug,
            trust_config_id=str(trust_config.pk),
            sha256_fingerprints=(client.sha256_fingerprint,),
        ),
        reason=reason.strip(),
        details={"name": client.name},
    )
