"""Golden clients in a worker: their chains are opened, and the simulator is asked for a trust config before and after a change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from certs.errors import WrongOriginal
from certs.models import GoldenClient, TrustConfig, TrustEntry
from certs.vault.opening import open_text
from certs.vault.sealing import GOLDEN_CLIENT
from pki import bundle
from pki.certificate import der_of_pem
from pki.estate import ANOTHER_TENANTS
from pki.findings import Finding, Severity
from pki.plan import Entry
from pki.roles import Purpose, TrustRole
from pki.simulate import Verdict, simulate
from pki.trust_store import TrustStore


@dataclass(frozen=True)
class Tried:
    """A golden client with its chain (DER, its own certificate first) and the answer for what is live."""

    client: GoldenClient
    chain: list[bytes]
    verdict: Verdict


def trust_store_of(pems: Mapping[Entry, str]) -> TrustStore:
    """A trust config, by the PEM of each of its entries, made ready to be asked."""
    return TrustStore(
        anchors=[
            der_of_pem(pem) for entry, pem in pems.items() if entry.role is TrustRole.TRUST_ANCHOR
        ],
        intermediates=[
            der_of_pem(pem)
            for entry, pem in pems.items()
            if entry.role is TrustRole.INTERMEDIATE_CA
        ],
        allowlisted=[
            entry.sha256_fingerprint for entry in pems if entry.role is TrustRole.ALLOWLISTED
        ],
    )


def try_all(trust_config: TrustConfig, pems: Mapping[Entry, str], *, at: datetime) -> list[Tried]:
    """Asks for every golden client of the trust config, whosever it is. No transaction may be open: Cloud KMS is asked.

    :raises gcp.errors.CloudError: when Cloud KMS does not answer.
    """
    clients = list(
        GoldenClient.objects.filter(trust_config=trust_config).select_related(
            "vault_key", "trust_config"
        )
    )
    if not clients:
        return []
    store, purpose = trust_store_of(pems), Purpose(trust_config.purpose)
    tried = []
    for client in clients:
        try:
            chain = _chain(client)
        except (
            WrongOriginal
        ) as error:  # one that cannot be opened must not stop everybody's changes; its page says so
            tried.append(Tried(client, [], Verdict("SIM-UNSURE-01", {"detail": error.code})))
            continue
        tried.append(Tried(client, chain, simulate(store, chain, purpose=purpose, at=at)))
    return tried


def locked_out(
    tried: Iterable[Tried],
    pems: Mapping[Entry, str],
    purpose: Purpose,
    tenant_id: int,
    *,
    at: datetime,
) -> list[Finding]:
    """Golden clients that get in today and would not with these entries; another tenant's is not named."""
    inside = [one for one in tried if one.verdict.is_accepted]
    store = trust_store_of(pems) if inside else None
    findings: list[Finding] = []
    for one in inside:
        assert store is not None
        verdict = simulate(store, one.chain, purpose=purpose, at=at)
        if not verdict.is_accepted and not verdict.is_unsure:
            is_own = one.client.tenant_id == tenant_id
            evidence = {
                "client": one.client.name if is_own else ANOTHER_TENANTS,
                "error": verdict.error,
            }
            finding = Finding(
                "EST-GOLDEN-01",
                Severity.BLOCKING,
                one.client.sha256_fingerprint if is_own else "",
                evidence,
            )
            findings += [finding] if finding.key not in {known.key for known in findings} else []
    return findings


def for_tenant(verdict: Verdict, own: frozenset[str]) -> dict[str, str]:
    """An answer's evidence for a tenant: the trust anchor of another tenant is not named."""
    if verdict.path and "anchor" in verdict.evidence and verdict.path[-1] not in own:
        return {**verdict.evidence, "anchor": ANOTHER_TENANTS}
    return verdict.evidence


def own_fingerprints(trust_config: TrustConfig, tenant_id: int) -> frozenset[str]:
    """What the tenant itself holds there."""
    holdings = TrustEntry.objects.for_tenant(tenant_id).filter(trust_config=trust_config).holdings()
    return frozenset(holding.entry.sha256_fingerprint for holding in holdings)


def note_tried(tried: Iterable[Tried], *, digest: str, at: datetime) -> None:
    """Keeps the answers for what is live, unless later ones are kept; an act in its caller's transaction.

    ``digest`` is the revision digest of the live set that they were tried with.
    """
    assert connection.in_atomic_block, "an act writes in its caller's transaction"
    own: dict[int, frozenset[str]] = {}
    for one in tried:
        tenant_id = one.client.tenant_id
        if tenant_id not in own:
            own[tenant_id] = own_fingerprints(one.client.trust_config, tenant_id)
        evidence = for_tenant(one.verdict, own[tenant_id])
        GoldenClient.objects.filter(
            Q(tried_at=None) | Q(tried_at__lte=at), pk=one.client.pk
        ).update(
            tried_at=at,
            tried_code=one.verdict.code,
            tried_evidence=evidence,
            tried_digest=digest,
            tried_path=list(one.verdict.path) if one.verdict.is_accepted else [],
        )


def _chain(client: GoldenClient) -> list[bytes]:
    text = open_text(client.vault_key, GOLDEN_CLIENT, client.chain_sha256, bytes(client.sealed))
    return [certificate.der for certificate in bundle.read([("", text)]).certificates]
