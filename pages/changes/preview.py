"""What the form of a change shows before it is submitted: where it could go, what was read, and every finding."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from approvals import policy
from approvals.draft import MAXIMAL_ITEMS, NO_REASON, Addition, Removal, in_all_roles
from approvals.judging.estate import estate_of
from approvals.models import Item
from certs.models import TrustConfig, TrustEntry
from certs.vault.sealing import current_vault_key
from pages.changes.forms import ChangeForm
from pages.fields import NO_PEM
from pki.answers import answered
from pki.bundle import Refusal
from pki.catalogue import is_answerable
from pki.chain import Chain, build
from pki.facts import CertificateFacts
from pki.findings import Finding, Severity, blocking
from pki.plan import Action, Entry, Step
from pki.roles import TrustRole
from pki.rules import judge, proposed_role, role_reason
from pki.signatures import judge_signatures
from tenants.errors import UnknownObject
from tenants.models import Tenant
from web.secrets import holds_key, holds_pem


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
    reason: str


@dataclass(frozen=True)
class Question:
    """A code whose findings its submitter may or must answer, with what was answered so far."""

    code: str
    findings: list[Finding]
    answer: str
    is_required: bool


@dataclass(frozen=True)
class Preview:
    found: list[Found]
    refusals: list[Refusal]
    additions: list[Addition]
    removals: list[Removal]
    removal_findings: list[Finding]
    general: list[Finding]
    questions: list[Question]
    duplicate_count: int
    found_pem: str
    client_chain: str
    missing: list[str | Promise]
    reason: str
    may_be_submitted: bool


def places(tenant: Tenant) -> list[Place]:
    return [
        _place(tenant, trust_config) for trust_config in TrustConfig.objects.for_tenant(tenant.pk)
    ]


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


def preview(
    tenant: Tenant, trust_config: TrustConfig, form: ChangeForm, entries: list[TrustEntry]
) -> Preview:
    """Reads and judges what the form holds; stores nothing."""
    intake = form.intake()
    additions, removals = form.additions(intake), in_all_roles(form.removals(entries), entries)
    facts = {a.certificate.facts.sha256_fingerprint: a.certificate.facts for a in additions}
    chosen = {removal.sha256_fingerprint for removal in removals}
    facts |= {
        e.certificate.sha256_fingerprint: e.certificate.as_facts()
        for e in entries
        if e.certificate.sha256_fingerprint in chosen
    }
    steps = steps_of(additions, removals)
    findings = _findings(
        tenant, trust_config, form, additions=additions, removals=removals, facts=facts
    )
    missing = _missing(form, steps)
    roles = {a.certificate.facts.sha256_fingerprint: a.role for a in additions}
    chain = build(
        {c.facts.sha256_fingerprint: c.facts for c in intake.certificates}
        | {e.certificate.sha256_fingerprint: e.certificate.as_facts() for e in entries}
    )
    return Preview(
        found=[
            _found(certificate.facts, roles, findings, chain) for certificate in intake.certificates
        ],
        refusals=intake.refusals,
        additions=additions,
        removals=removals,
        removal_findings=[f for f in findings if f.fingerprint and f.fingerprint not in roles],
        general=[f for f in findings if not f.fingerprint],
        questions=_questions(findings, form.answers()),
        duplicate_count=len(intake.duplicates),
        found_pem="".join(certificate.pem for certificate in intake.certificates),
        client_chain=""
        if holds_key(form.cleaned_data["client_chain"])
        else form.cleaned_data["client_chain"],
        missing=missing,
        reason="" if holds_pem(form.cleaned_data["reason"]) else form.cleaned_data["reason"],
        may_be_submitted=not missing and not intake.refusals and not blocking(findings),
    )


def steps_of(additions: Iterable[Addition], removals: Iterable[Removal]) -> list[Step]:
    added = [
        Step(Action.ADD, Entry(TrustRole(a.role), a.certificate.facts.sha256_fingerprint))
        for a in additions
    ]
    return [
        *added,
        *(Step(Action.REMOVE, Entry(TrustRole(r.role), r.sha256_fingerprint)) for r in removals),
    ]


def _findings(
    tenant: Tenant,
    trust_config: TrustConfig,
    form: ChangeForm,
    *,
    additions: list[Addition],
    removals: list[Removal],
    facts: dict[str, CertificateFacts],
) -> list[Finding]:
    """What the checks say of the form, with the answers that it gives so far."""
    steps, at = steps_of(additions, removals), timezone.now()
    if not steps:
        return []
    names_revocation = form.cleaned_data["names_revocation"] and policy.may_name_revocation(tenant)
    revoking = {
        removal.sha256_fingerprint
        for removal in removals
        if removal.removal == Item.Removal.REVOKED
    }
    estate = estate_of(
        trust_config,
        tenant_id=tenant.pk,
        facts=facts,
        at=at,
        names_revocation=names_revocation,
        revoking=revoking,
    )
    uploaded = {a.certificate.facts.sha256_fingerprint: a.certificate for a in additions}
    findings = [
        *judge(estate, tenant.pk, steps, at=at),
        *judge_signatures(uploaded.values(), uploaded),
    ]
    answers = form.answers()
    return answered(findings, {finding.key: answers.get(finding.code, "") for finding in findings})


def _questions(findings: list[Finding], answers: dict[str, str]) -> list[Question]:
    codes = {
        f.code
        for f in findings
        if f.severity is Severity.WARNING
        or (f.severity is Severity.BLOCKING and is_answerable(f.code))
    }
    return [
        Question(
            code,
            [f for f in findings if f.code == code],
            answers.get(code, ""),
            is_answerable(code),
        )
        for code in sorted(codes)
    ]


def _found(
    facts: CertificateFacts, roles: dict[str, str], findings: list[Finding], chain: Chain
) -> Found:
    """``chain`` links this upload with what the tenant trusts here: an issuer outside it is named."""
    fingerprint = facts.sha256_fingerprint
    proposed = proposed_role(facts).value
    return Found(
        facts=facts,
        role=roles.get(fingerprint, proposed),
        proposed=proposed,
        is_left_out=fingerprint not in roles,
        findings=[finding for finding in findings if finding.fingerprint == fingerprint],
        missing_issuer=chain.missing_issuer(fingerprint),
        reason=role_reason(facts).in_language(get_language() or "en", {}),
    )


def _missing(form: ChangeForm, steps: list[Step]) -> list[str | Promise]:
    missing: list[str | Promise] = []
    if not steps:
        missing.append(_("Choose at least one certificate to add or to remove."))
    if len(steps) > MAXIMAL_ITEMS:
        missing.append(
            _(
                "A change holds at most %(limit)s items; this one has %(count)s. Make several changes of it."
            )
            % {"limit": MAXIMAL_ITEMS, "count": len(steps)}
        )
    if holds_pem(form.cleaned_data["reason"]):
        missing.append(NO_PEM)
    if not form.cleaned_data["reason"].strip():
        missing.append(NO_REASON)
    return missing


def _place(tenant: Tenant, trust_config: TrustConfig) -> Place:
    closed: str | Promise = ""
    if trust_config.state != TrustConfig.State.READY:
        closed = TrustConfig.State(trust_config.state).label
    elif current_vault_key(tenant.pk, trust_config.environment_id, trust_config.purpose) is None:
        closed = _(
            "The vault of this tenant and environment is not open yet. Its key is being made; try again in a minute."
        )
    return Place(trust_config, closed, trust_config.is_shared)
