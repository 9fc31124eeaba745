"""The estate that a change meets, put together from what is remembered, and the judgement of ``pki`` on it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import rfc8785

from approvals.models import ChangeRequest, Finding, Item
from approvals.states import OPEN, State
from certs.inventory import facts_of
from certs.models import Certificate, Role, TrustConfig, TrustEntry
from pki import rules
from pki.answers import answered
from pki.catalogue import FINDINGS, is_answerable
from pki.estate import Estate
from pki.facts import CertificateFacts
from pki.findings import Finding as Judgement
from pki.findings import Severity, once_each
from pki.findings import warnings as warnings_of
from pki.plan import Action, Entry, Holding, Step, apply_steps, change_digest, inverse
from pki.roles import Purpose, TrustRole
from pki.texts import Scope
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
    others = ChangeRequest.objects.filter(trust_config=trust_config, state__in=OPEN).prefetch_related("items__certificate")
    if without is not None:
        others = others.exclude(pk=without.pk)
    if not with_others:
        others = others.none()
    known = facts_of(trust_config) | dict(facts)
    submitted: list[tuple[int, Step]] = []
    for other in others.order_by("approved_at", "pk"):
        known |= {item.sha256_fingerprint: item.certificate.as_facts() for item in other.items.all()}
        if other.state == State.APPROVED:
            holdings = apply_steps(holdings, other.tenant_id, other.steps)
        elif other.state != State.APPROVED:
            submitted += [(other.tenant_id, step) for step in other.steps]
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
        visible=frozenset({holding.entry.sha256_fingerprint for holding in holdings if holding.tenant_id == tenant_id} | set(facts)),
        policies=in_force(tenant_id, at).policies,
        may_be_emptied=trust_config.enforcement == TrustConfig.Enforcement.ALLOW,
    )


def judge_change(change: ChangeRequest, estate: Estate, *, at: datetime, seen_by_worker: Iterable[Judgement] = ()) -> list[Judgement]:
    """Everything that is to be said of a stored change, with what its submitter has answered.

    ``seen_by_worker`` is what only the originals can tell; without it what was last seen there is kept.
    """
    judged = [*rules.judge(estate, change.tenant_id, change.steps, at=at), *_judge_later(change, estate, at), *seen_by_worker]
    findings = once_each(judged)
    given = {(answer.code, answer.sha256_fingerprint): answer for answer in change.answers.all()}
    answers = {f.key: given[f.key].text for f in findings if f.key in given and given[f.key].evidence_sha256 == evidence_digest(f)}
    return answered(findings, answers)


def _judge_later(change: ChangeRequest, estate: Estate, at: datetime) -> list[Judgement]:
    """What the removal at the end of an overlap would mean then, so that one decision covers both."""
    if not change.later_removals:
        return []
    steps = [Step(Action.REMOVE, Entry(TrustRole(role), fingerprint)) for role, fingerprint, _removal in change.later_removals]
    revoking = frozenset(fingerprint for _role, fingerprint, removal in change.later_removals if removal == Item.Removal.REVOKED)
    then = replace(estate, holdings=apply_steps(estate.holdings, change.tenant_id, change.steps), revoking=revoking)
    return list(rules.judge(then, change.tenant_id, steps, at=max(at, change.overlap_until or at)))


def evidence_digest(finding: Judgement) -> str:
    """What an answer is bound to: SHA-256 over the evidence, a former answer left out."""
    return hashlib.sha256(rfc8785.dumps({name: value for name, value in finding.evidence.items() if name != "answer"})).hexdigest()


def last_seen_by_worker(change: ChangeRequest) -> list[Judgement]:
    """The stored findings that only a worker can make, as they were before any answer."""
    return [_unanswered(finding.judgement) for finding in change.findings.all() if FINDINGS[finding.code].scope is Scope.WORKER]


def _unanswered(finding: Judgement) -> Judgement:
    if "answer" not in finding.evidence:
        return finding
    evidence = {name: value for name, value in finding.evidence.items() if name != "answer"}
    severity = Severity.BLOCKING if is_answerable(finding.code) else finding.severity
    return Judgement(finding.code, severity, finding.fingerprint, evidence)


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
        revoking={item.sha256_fingerprint for item in change.items.all() if item.removal == Item.Removal.REVOKED},
        without=change,
        with_others=with_others,
    )
    if change.kind == ChangeRequest.Kind.PUT_BACK:
        holdings = apply_steps(estate.holdings, change.tenant_id, inverse(change.steps))
        was_empty = not change.trust_config.observed  # what was empty before may be so again
        return replace(estate, holdings=holdings, may_be_emptied=estate.may_be_emptied or was_empty)
    return estate


def store_plan(change: ChangeRequest, findings: Iterable[Judgement], *, at: datetime, etag: str) -> None:
    """Replaces the stored findings and computes the digest that is voted on. Saves nothing of the change itself."""
    findings = list(findings)
    change.findings.all().delete()
    Finding.objects.bulk_create(
        Finding(change=change, code=f.code, severity=f.severity.value, sha256_fingerprint=f.fingerprint, evidence=f.evidence) for f in findings
    )
    change.planned_at, change.planned_etag = at, etag
    change.policies = in_force(change.tenant_id, at).label
    renew_digest(change)


def renew_digest(change: ChangeRequest) -> None:
    """Computes the digest that is voted on from the change as it is and its stored findings. Saves nothing."""
    change.change_digest = change_digest(
        trust_config=str(change.trust_config_id),
        change=f"{change.tenant_id}/{change.number}/{change.voting_round}",
        steps=change.steps,
        not_before=change.due_at,
        policy_version=f"{change.tenant_id}@{change.policy_version} {change.policies}".strip(),
        warning_codes=[finding.code for finding in warnings_of([finding.judgement for finding in change.findings.all()])],
        besides=_besides(change),
    )


def _besides(change: ChangeRequest) -> dict[str, object]:
    """What the digest binds of changes that are more than their items."""
    found: dict[str, object] = {}
    if change.schedule != ChangeRequest.Schedule.AT_ONCE:
        found["schedule"] = str(change.schedule)
    if change.later_removals and change.overlap_until:
        found |= {"later": sorted(change.later_removals), "overlap_until": change.overlap_until.isoformat()}
    if change.drift_case is not None:
        found |= {"kind": str(change.kind), "live": change.live_digest, "expected": change.drift_case.expected_entries}
        found["others"] = [change.others_added, change.others_removed]
    return found


def unseen(change: ChangeRequest, findings: Iterable[Judgement]) -> list[Judgement]:
    """Findings that would have mattered to the voters and were not shown to them: blocking ones, and new warnings."""
    seen = {(finding.code, finding.sha256_fingerprint) for finding in change.findings.all()}
    return [f for f in findings if f.severity is Severity.BLOCKING or (f.severity is Severity.WARNING and f.key not in seen)]


def revoked_by(tenant_id: int) -> dict[str, int]:
    """Every certificate that an applied change of this tenant revoked, with the change's number."""
    items = Item.objects.filter(removal=Item.Removal.REVOKED, change__tenant_id=tenant_id, change__state=State.APPLIED)
    return dict(items.order_by("pk").values_list("sha256_fingerprint", "change__number"))


def revoked_numbers(trust_config: TrustConfig, fingerprints: Iterable[str]) -> dict[str, int]:
    """Which of these an applied change of this trust config revoked, with its number."""
    items = Item.objects.filter(removal=Item.Removal.REVOKED, sha256_fingerprint__in=list(fingerprints), change__state=State.APPLIED)
    return dict(items.filter(change__trust_config=trust_config).order_by("pk").values_list("sha256_fingerprint", "change__number"))


def _revoked(trust_config: TrustConfig, tenant_id: int, facts: Mapping[str, CertificateFacts]) -> dict[str, int]:
    """Fingerprints that an applied change revoked, in this trust config or anywhere by this tenant, with its number."""
    items = Item.objects.filter(removal=Item.Removal.REVOKED, sha256_fingerprint__in=list(facts), change__state=State.APPLIED)
    mine = items.filter(change__tenant_id=tenant_id) | items.filter(change__trust_config=trust_config)
    return dict(mine.order_by("pk").values_list("sha256_fingerprint", "change__number"))


def _elsewhere(trust_config: TrustConfig, tenant_id: int, facts: Mapping[str, CertificateFacts]) -> dict[str, tuple[str, ...]]:
    entries = TrustEntry.objects.for_tenant(tenant_id).open().filter(certificate__sha256_fingerprint__in=list(facts))
    places: dict[str, list[str]] = defaultdict(list)
    rows = entries.values_list("certificate__sha256_fingerprint", "trust_config_id", "trust_config__environment__slug", "trust_config__name")
    for fingerprint, trust_config_id, environment, name in rows:
        if trust_config_id != trust_config.pk:
            places[fingerprint].append(f"{environment}/{name}")
    return {fingerprint: tuple(sorted(names)) for fingerprint, names in places.items()}


def role_label(role: str) -> str:
    return str(Role(role).label)


def certificates_by_fingerprint(tenant_id: int, fingerprints: Iterable[str]) -> dict[str, Certificate]:
    rows = Certificate.objects.for_tenant(tenant_id).filter(sha256_fingerprint__in=list(fingerprints))
    return {certificate.sha256_fingerprint: certificate for certificate in rows}


def holdings_after(change: ChangeRequest, holdings: frozenset[Holding]) -> frozenset[Holding]:
    return apply_steps(holdings, change.tenant_id, change.steps)
