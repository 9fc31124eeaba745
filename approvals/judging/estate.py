"""The estate that a change meets, put together from what is remembered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from approvals.judging.revocations import _revoked
from approvals.models import ChangeRequest, Item
from approvals.states import OPEN, State
from certs.models import Certificate, TrustConfig, TrustEntry
from certs.trust_configs.inventory import facts_of
from pki.estate import Estate
from pki.facts import CertificateFacts
from pki.plan import Holding, Step, apply_in_order, apply_steps, inverse
from pki.roles import Purpose
from tenants.policies import in_force


def estate_of(
    trust_config: TrustConfig,
    *,
    tenant_id: int,
    facts: Mapping[str, CertificateFacts],
    at: datetime,
    names_revocation: bool = False,
    revoking: Iterable[str] = (),
    without: ChangeRequest | None = None,
    with_others: bool = True,
) -> Estate:
    """What a change of this tenant would meet: entries, approved changes, submitted ones, revocations, other places, policies.

    ``facts`` are those of the change's own certificates, ``revoking`` those of them that it revokes; ``without`` is the
    change itself, when it is stored already; ``with_others`` counts in what other changes would do; the policies are those in force at ``at``.
    """
    holdings = TrustEntry.objects.filter(trust_config=trust_config).holdings()
    others = ChangeRequest.objects.filter(
        trust_config=trust_config, state__in=OPEN
    ).prefetch_related("items__certificate")
    if without is not None:
        others = others.exclude(pk=without.pk)
    if not with_others:
        others = others.none()
    known = facts_of(trust_config) | dict(facts)
    submitted: list[tuple[int, Step]] = []
    approved: list[tuple[int, Step]] = []
    for other in others.order_by("approved_at", "pk"):
        known |= {
            item.sha256_fingerprint: item.certificate.as_facts() for item in other.items.all()
        }
        to_come = approved if other.state == State.APPROVED else submitted
        to_come += [(other.tenant_id, step) for step in other.steps]
    holdings = apply_in_order(holdings, approved)
    return Estate(
        trust_config=trust_config.name,
        purpose=Purpose(trust_config.purpose),
        holdings=holdings,
        facts=known,
        submitted=tuple(submitted),
        revoked=_revoked(trust_config, tenant_id, facts),
        names_revocation=names_revocation,
        elsewhere=_elsewhere(trust_config, tenant_id, facts),
        revoking=frozenset(revoking),
        visible=frozenset(
            {
                holding.entry.sha256_fingerprint
                for holding in holdings
                if holding.tenant_id == tenant_id
            }
            | set(facts)
        ),
        policies=in_force(tenant_id, at).policies,
        may_be_emptied=trust_config.enforcement == TrustConfig.Enforcement.ALLOW,
    )


def facts_of_change(change: ChangeRequest) -> dict[str, CertificateFacts]:
    return {item.sha256_fingerprint: item.certificate.as_facts() for item in change.items.all()}


def estate_of_change(change: ChangeRequest, *, at: datetime, with_others: bool = True) -> Estate:
    """What a stored change meets. Putting back meets what was found live, with the foreign entries in the custodian's hands."""
    # A drift is resolved as it stands, whatever other changes are about to do.
    with_others = with_others and change.kind == ChangeRequest.Kind.REGULAR
    estate = estate_of(
        change.trust_config,
        tenant_id=change.tenant_id,
        facts=facts_of_change(change),
        at=at,
        names_revocation=change.names_revocation,
        revoking={
            item.sha256_fingerprint
            for item in change.items.all()
            if item.removal == Item.Removal.REVOKED
        },
        without=change,
        with_others=with_others,
    )
    case = change.drift_case
    if change.kind == ChangeRequest.Kind.ADOPTION and case is not None and not case.entry_set:
        return replace(
            estate, may_be_emptied=True
        )  # it is empty already, and nobody is let out by saying so
    if change.kind == ChangeRequest.Kind.PUT_BACK:
        holdings = apply_steps(estate.holdings, change.tenant_id, inverse(change.steps))
        was_empty = not change.trust_config.observed  # what was empty before may be so again
        return replace(estate, holdings=holdings, may_be_emptied=estate.may_be_emptied or was_empty)
    return estate


def _elsewhere(
    trust_config: TrustConfig, tenant_id: int, facts: Mapping[str, CertificateFacts]
) -> dict[str, tuple[str, ...]]:
    entries = (
        TrustEntry.objects.for_tenant(tenant_id)
        .open()
        .filter(certificate__sha256_fingerprint__in=list(facts))
    )
    places: dict[str, list[str]] = defaultdict(list)
    rows = entries.values_list(
        "certificate__sha256_fingerprint",
        "trust_config_id",
        "trust_config__environment__slug",
        "trust_config__name",
    )
    for fingerprint, trust_config_id, environment, name in rows:
        if trust_config_id != trust_config.pk:
            places[fingerprint].append(f"{environment}/{name}")
    return {fingerprint: tuple(sorted(names)) for fingerprint, names in places.items()}


def certificates_by_fingerprint(
    tenant_id: int, fingerprints: Iterable[str]
) -> dict[str, Certificate]:
    rows = Certificate.objects.for_tenant(tenant_id).filter(
        sha256_fingerprint__in=list(fingerprints)
    )
    return {certificate.sha256_fingerprint: certificate for certificate in rows}


def holdings_after(change: ChangeRequest, holdings: frozenset[Holding]) -> frozenset[Holding]:
    return apply_steps(holdings, change.tenant_id, change.steps)
