"""Putting a receipt on an applied change: what a client saw at the load balancer, after the write, signed with the client's key."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals import locks, policy
from approvals.audit_events import record_change
from approvals.errors import BadChange
from approvals.models import ChangeRequest, Item, Proof
from approvals.states import State
from audit.events import Actor, EventType
from certs.models import TrustConfig
from jobs import clock
from pki.facts import CertificateFacts
from pki.plan import Action
from pki.receipt import BadReceipt, Receipt, read
from pki.roles import CA_ROLES, TrustRole
from tenants.errors import NotAllowed

# What clocks of clients may differ by.
SKEW = timedelta(minutes=5)

_BAD_RECEIPT = {
    "unreadable": _(
        "This is no receipt of countersign probe. Paste its output from the first { to the last }."
    ),
    "unsigned": _("The receipt is not signed by the key of its certificate, so it says nothing."),
    "bad-certificate": _("The certificate in the receipt cannot be read."),
}


def prove(*, actor: Actor, tenant_id: int, number: int, receipt: str) -> None:
    """Keeps what the receipt says: for something added that its client got in, for something removed that it was refused.

    Of the receipt only metadata is kept; it is client-reported, and shown so.

    :raises BadChange: when the receipt is none, is not about this change, or does not show its effect; says why.
    :raises NotAllowed: for everybody but submitters of the tenant.
    :raises WrongState: when the change is not applied.
    """
    at = clock.now()
    with transaction.atomic(durable=True):
        change = locks.lock_change(tenant_id, number)
        locks.require_open(change, State.APPLIED)
        if not (verdict := policy.may_prove(actor.user_id, change)):
            raise NotAllowed(verdict.reason)
        found = _read(receipt)
        assert change.applied_at is not None
        if not change.applied_at <= found.at <= at + SKEW:
            raise BadChange(
                _(
                    "The probe was run before the write was verified, or in the future. Run it again."
                )
            )
        item = _item(change, found.path)
        outcome = _outcome(change.trust_config, found)
        if (item.action == Action.ADD) != (outcome == Proof.Outcome.ACCEPTED):
            raise BadChange(
                _(
                    "The receipt shows the opposite of what this change was to do. Load balancers may need some minutes; run the probe again."
                )
            )
        _keep(change, item, found, outcome, actor=actor)


def _read(text: str) -> Receipt:
    try:
        return read(text.strip())
    except BadReceipt as error:
        raise BadChange(_BAD_RECEIPT[error.reason]) from error


def _item(change: ChangeRequest, chain: Sequence[CertificateFacts]) -> Item:
    """The item that the client is about: its own certificate, or a CA of the change that issued a certificate of its chain."""
    items = list(change.items.select_related("certificate"))
    for item in items:
        if item.sha256_fingerprint == chain[0].sha256_fingerprint:
            return item
    path = {one.sha256_fingerprint for one in chain}
    for item in items:
        if TrustRole(item.role) in CA_ROLES and item.sha256_fingerprint in path:
            return item
    raise BadChange(
        _(
            "The receipt's certificate is not in this change, and none of its CAs issued it. For a client of a CA of this change, run the probe with --issuers and the CA's file."
        )
    )


def _outcome(trust_config: TrustConfig, receipt: Receipt) -> str:
    """Whether the client was accepted as valid. Where everybody is let through, only what the backend echoed tells.

    :raises BadChange: when the receipt cannot tell.
    """
    if trust_config.endpoint and _place(receipt.url) != trust_config.endpoint:
        raise BadChange(
            _(
                "The probe knocked at another endpoint than the one named for this trust config: %(endpoint)s."
            )
            % {"endpoint": trust_config.endpoint}
        )
    verified = receipt.told.get("client_cert_chain_verified")
    if receipt.outcome == Proof.Outcome.ACCEPTED and isinstance(verified, bool):
        return Proof.Outcome.ACCEPTED if verified else Proof.Outcome.REFUSED
    if (
        receipt.outcome == Proof.Outcome.ACCEPTED
        and trust_config.enforcement != TrustConfig.Enforcement.REJECT
    ):
        raise BadChange(
            _(
                "Being let in proves nothing here: the policy is not declared as REJECT_INVALID, and the backend does not echo client_cert_chain_verified."
            )
        )
    if (
        receipt.outcome == Proof.Outcome.REFUSED
        and trust_config.enforcement != TrustConfig.Enforcement.REJECT
    ):
        raise BadChange(
            _(
                "Being refused proves nothing here: the policy is not declared as REJECT_INVALID, so something else ended the connection."
            )
        )
    if receipt.outcome not in Proof.Outcome.values:
        raise BadChange(_BAD_RECEIPT["unreadable"])
    return receipt.outcome


def _place(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError as error:
        raise BadChange(_BAD_RECEIPT["unreadable"]) from error
    return f"{host}:{port}"


def _keep(change: ChangeRequest, item: Item, found: Receipt, outcome: str, *, actor: Actor) -> None:
    client = found.chain[0].sha256_fingerprint
    if change.proofs.filter(
        Q(receipt_sha256=found.sha256) | Q(client_sha256=client, url=found.url, seen_at=found.at)
    ).exists():
        raise BadChange(_("This receipt is on the change already."))
    Proof.objects.create(
        change=change,
        sha256_fingerprint=item.sha256_fingerprint,
        client_sha256=client,
        outcome=outcome,
        url=found.url,
        detail=found.detail,
        server_sha256=found.server_sha256[:64],
        receipt_sha256=found.sha256,
        seen_at=found.at,
        reported_by_id=actor.user_id,
        reported_at=clock.now(),
    )
    details: dict[str, object] = {
        "outcome": str(outcome),
        "client_sha256": client,
        "url": found.url,
        "seen_at": found.at.isoformat(),
        "server_sha256": found.server_sha256[:64],
        "receipt_sha256": found.sha256,
        "kind": "client-reported",
    }
    record_change(EventType.CHANGE_PROVEN, change, actor=actor, details=details)
