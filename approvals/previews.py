"""What the form of a change shows before it is submitted: where it could go, what was read, and every finding."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals import policy
from approvals.acts import MAXIMAL_ITEMS, Addition, Removal
from approvals.checks import estate_of
from approvals.forms import NO_PEM, ChangeForm, holds_pem
from certs.models import TrustConfig, TrustEntry
from certs.sealing import current_vault_key
from pki.bundle import Refusal
from pki.facts import CertificateFacts
from pki.findings import Finding, Severity
from pki.plan import Action, Entry, Step
from pki.roles import TrustRole
from pki.rules import judge, proposed_role
from tenants.errors import UnknownObject
from tenants.models import Tenant


@dataclass(frozen=True)
class Place:
    """A trust config that a change could be for; ``closed`` says why no form is shown."""

    trust_config: TrustConfig
    closed: str | Promise
    is_shared: bool


@dataclass(frozen=True)
class Found:
    """One certificate of the upload with its role and what the checks say of it."""

    facts: CertificateFacts
    role: str
    proposed: str
    is_left_out: bool
    findings: list[Finding]
    missing_issuer: str


@dataclass(frozen=True)
class Preview:
    found: list[Found]
    refusals: list[Refusal]
    additions: list[Addition]
    removals: list[Removal]
    removal_findings: list[Finding]
    general: list[Finding]
    found_pem: str
    missing: list[str | Promise]
    reason: str
    may_be_submitted: bool


def places(tenant: Tenant) -> list[Place]:
    return [_place(tenant, trust_config) for trust_config in TrustConfig.objects.for_tenant(tenant.pk)]


def place(tenant: Tenant, trust_config_id: UUID | str) -> Place:
    """:raises UnknownObject: when the trust config does not serve the tenant."""
    trust_config = TrustConfig.objects.for_tenant(tenant.pk).filter(pk=trust_config_id).first()
    if trust_config is None:
        raise UnknownObject
    return _place(tenant, trust_config)


def removable(trust_config: TrustConfig, tenant: Tenant) -> list[TrustEntry]:
    """The tenant's own open entries, which are all that it can remove."""
    entries = TrustEntry.objects.for_tenant(tenant.pk).open().filter(trust_config=trust_config)
    return list(entries.select_related("certificate").order_by("role", "certificate__not_after"))


def preview(tenant: Tenant, trust_config: TrustConfig, form: ChangeForm, entries: list[TrustEntry]) -> Preview:
    """Reads and judges what the form holds; stores nothing."""
    intake = form.intake()
    additions, removals = form.additions(intake), form.removals(entries)
    facts = {a.certificate.facts.sha256_fingerprint: a.certificate.facts for a in additions}
    chosen = {removal.sha256_fingerprint for removal in removals}
    facts |= {e.certificate.sha256_fingerprint: e.certificate.as_facts() for e in entries if e.certificate.sha256_fingerprint in chosen}
    steps = [Step(Action.ADD, Entry(TrustRole(a.role), a.certificate.facts.sha256_fingerprint)) for a in additions]
    steps += [Step(Action.REMOVE, Entry(TrustRole(r.role), r.sha256_fingerprint)) for r in removals]
    names_revocation = form.cleaned_data["names_revocation"] and policy.may_name_revocation(tenant)
    estate = estate_of(trust_config, tenant_id=tenant.pk, facts=facts, names_revocation=names_revocation)
    findings = judge(estate, tenant.pk, steps, at=timezone.now()) if steps else []
    missing = _missing(form, steps)
    roles = {a.certificate.facts.sha256_fingerprint: a.role for a in additions}
    added = set(roles)
    known = {c.facts.subject for c in intake.certificates} | {e.certificate.subject for e in entries}
    return Preview(
        found=[_found(certificate.facts, roles, findings, known) for certificate in intake.certificates],
        refusals=intake.refusals,
        additions=additions,
        removals=removals,
        removal_findings=[f for f in findings if f.fingerprint and f.fingerprint not in added],
        general=[f for f in findings if not f.fingerprint],
        found_pem="".join(certificate.pem for certificate in intake.certificates),
        missing=missing,
        reason="" if holds_pem(form.cleaned_data["reason"]) else form.cleaned_data["reason"],
        may_be_submitted=not missing and not intake.refusals and not any(f.severity is Severity.BLOCKING for f in findings),
    )


def _found(facts: CertificateFacts, roles: dict[str, str], findings: list[Finding], known: set[str]) -> Found:
    """``known`` are the subjects in this upload and of what the tenant trusts here: an issuer outside it is named."""
    fingerprint = facts.sha256_fingerprint
    proposed = proposed_role(facts).value
    mine = [finding for finding in findings if finding.fingerprint == fingerprint]
    missing = "" if facts.is_self_issued or facts.issuer in known else facts.issuer
    return Found(facts, roles.get(fingerprint, proposed), proposed, fingerprint not in roles, mine, missing)


def _missing(form: ChangeForm, steps: list[Step]) -> list[str | Promise]:
    missing: list[str | Promise] = []
    if not steps:
        missing.append(_("Choose at least one certificate to add or to remove."))
    if len(steps) > MAXIMAL_ITEMS:
        missing.append(
            _("A change holds at most %(limit)s items; this one has %(count)s. Make several changes of it.") % {"limit": MAXIMAL_ITEMS, "count": len(steps)}
        )
    if holds_pem(form.cleaned_data["reason"]):
        missing.append(NO_PEM)
    if not form.cleaned_data["reason"].strip():
        missing.append(_("Say why this change is needed. Reviewers and auditors will read it."))
    return missing


def _place(tenant: Tenant, trust_config: TrustConfig) -> Place:
    closed: str | Promise = ""
    if trust_config.state != TrustConfig.State.READY:
        closed = TrustConfig.State(trust_config.state).label
    elif current_vault_key(tenant.pk, trust_config.environment_id, trust_config.purpose) is None:
        closed = _("The vault of this tenant and environment is not open yet. Its key is being made; try again in a minute.")
    return Place(trust_config, closed, trust_config.is_shared)
