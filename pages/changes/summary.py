"""What the pages of a change show beside its plan: title, checks, votes, undo, what lies around it."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals import policy
from approvals.models import ChangeRequest, Item, Vote
from approvals.votes import (
    counting_votes,
    lost_voters,
    may_vote,
    reviewers_of,
    uploaders,
    votes_needed,
)
from certs.models import Role, TrustConfig, TrustEntry
from pki.answers import open_questions
from pki.findings import Finding, Severity
from pki.plan import Action
from pki.rules import checked_codes
from tenants.access import Verdict
from tenants.models import ModeSwitch, Tenant, User
from web.texts import listed


def delta_of(change: ChangeRequest) -> list[Finding]:
    """What came up since the votes that no longer count: all that their voters have to look at again."""
    news = {tuple(key) for key in change.delta.get("findings", [])}
    return [
        finding.judgement
        for finding in change.findings.all()
        if (finding.code, finding.sha256_fingerprint) in news
    ]


@dataclass(frozen=True)
class Checks:
    failed: list[Finding]
    passed: list[str]
    blocking_count: int
    warning_count: int
    questions: dict[str, list[Finding]]


def checks_of(change: ChangeRequest) -> Checks:
    failed = [finding.judgement for finding in change.findings.all()]
    codes = {finding.code for finding in failed}
    counts = Counter(finding.severity for finding in failed)
    questions: dict[str, list[Finding]] = {}
    for finding in open_questions(failed):
        questions.setdefault(finding.code, []).append(finding)
    return Checks(
        failed,
        sorted(checked_codes(change.steps) - codes),
        counts[Severity.BLOCKING],
        counts[Severity.WARNING],
        questions,
    )


@dataclass(frozen=True)
class Votes:
    """``valid`` are votes on the present plan, ``stale`` those on an earlier one.

    ``lost`` names who approved the present plan and may not vote on it any more.
    """

    needed: int
    valid: list[Vote]
    stale: list[Vote]
    eligible: list[User]
    mine: Verdict
    given_count: int
    lost: list[str]


def votes_of(change: ChangeRequest, user_id: int) -> Votes:
    votes = list(change.votes.all())
    valid = [vote for vote in votes if vote.change_digest == change.change_digest]
    gone = uploaders(change) | {vote.voter_id for vote in valid if vote.voter_id}
    environment = change.trust_config.environment
    eligible = [user for user in reviewers_of(environment) if user.pk not in gone]
    given = [*counting_votes(change), *(vote for vote in valid if vote.policy)]
    return Votes(
        votes_needed(change),
        valid,
        [v for v in votes if v not in valid],
        eligible,
        may_vote(user_id, change),
        len(given),
        lost_voters(change),
    )


@dataclass(frozen=True)
class Undo:
    """Whether and until when the change could be undone, said before it is decided."""

    is_possible: bool
    sentence: str | Promise


def undo_of(change: ChangeRequest) -> Undo:
    if change.kind == ChangeRequest.Kind.PUT_BACK:
        return Undo(
            is_possible=False,
            sentence=_("No. It only put back what was on record, so there is nothing to undo."),
        )
    items = list(change.items.all())
    if any(item.removal == Item.Removal.REVOKED for item in items):
        return Undo(
            is_possible=False,
            sentence=_("No. It revokes a certificate, and no rollback brings that back."),
        )
    days = settings.ROLLBACK_WINDOW_DAYS
    if all(item.action == Action.ADD for item in items):
        return Undo(
            is_possible=True,
            sentence=_("Yes, at any time: what it adds can always be removed again."),
        )
    until = (
        (change.applied_at + timedelta(days=days)).date().isoformat() if change.applied_at else ""
    )
    if until:
        return Undo(
            is_possible=True,
            sentence=_("Yes, until %(date)s; later the removed original must be uploaded again.")
            % {"date": until},
        )
    return Undo(
        is_possible=True,
        sentence=_(
            "Yes, for %(days)s days after it is verified; later the removed original must be uploaded again."
        )
        % {"days": days},
    )


@dataclass(frozen=True)
class Context:
    """Earlier requests for the same subject or key, and where else the same certificates are known.

    How many other tenants have one is told to people of the platform only: a tenant must not learn who trusts what.
    """

    earlier: list[ChangeRequest]
    elsewhere: list[str]
    other_tenants_count: int


def context_of(change: ChangeRequest, *, sees_all: bool) -> Context:
    certificates = [item.certificate for item in change.items.all()]
    fingerprints = {certificate.sha256_fingerprint for certificate in certificates}
    same = Q(items__certificate__spki_sha256__in={c.spki_sha256 for c in certificates}) | Q(
        items__certificate__subject__in={c.subject for c in certificates}
    )
    earlier = (
        ChangeRequest.objects.for_tenant(change.tenant_id)
        .filter(same, pk__lt=change.pk)
        .distinct()
        .order_by("-pk")[:10]
    )
    entries = (
        TrustEntry.objects.open()
        .filter(certificate__sha256_fingerprint__in=fingerprints)
        .select_related("trust_config__environment")
    )
    mine = entries.for_tenant(change.tenant_id).exclude(trust_config=change.trust_config)
    elsewhere = sorted(
        {f"{entry.trust_config.environment.slug}/{entry.trust_config.name}" for entry in mine}
    )
    others = (
        entries.exclude(tenant_id=change.tenant_id).values("tenant_id").distinct().count()
        if sees_all
        else 0
    )
    return Context(list(earlier), elsewhere, others)


def title_of(change: ChangeRequest) -> str:
    """The sentence on top: who asks for what, where, for which tenant."""
    if change.kind != ChangeRequest.Kind.REGULAR:
        values = {
            "name": change.submitted_by,
            "trust_config": change.trust_config.name,
            "tenant": change.tenant,
        }
        if change.kind == ChangeRequest.Kind.ADOPTION:
            return str(
                _("%(name)s asks to adopt what is live in %(trust_config)s (%(tenant)s)") % values
            )
        return str(
            _("%(name)s asks to put back what was in %(trust_config)s (%(tenant)s)") % values
        )
    if undone := [f"#{other.number}" for other in change.inverts.all()]:
        what = str(_("roll back %(numbers)s") % {"numbers": listed(undone)})
    elif change.returns_to:
        date = f"{change.returns_to:%Y-%m-%d %H:%M} UTC"
        what = str(_("go back to what was trusted on %(date)s (%(what)s)")) % {
            "date": date,
            "what": _what(change),
        }
    else:
        what = _what(change)
    if change.overlap_until and (later := list(change.later_removals.all())):
        what = str(_("%(what)s and, on %(date)s, remove %(count)s")) % {
            "what": what,
            "date": change.overlap_until.date().isoformat(),
            "count": len(later),
        }
    values = {
        "name": change.submitted_by,
        "what": what,
        "trust_config": change.trust_config.name,
        "tenant": change.tenant,
    }
    return str(_("%(name)s asks to %(what)s in %(trust_config)s for %(tenant)s") % values)


def _what(change: ChangeRequest) -> str:
    counts = Counter((item.action, item.role) for item in change.items.all())
    parts = []
    for action, word in ((Action.ADD.value, _("add")), (Action.REMOVE.value, _("remove"))):
        things = listed(
            f"{n} × {Role(role).label}" for (a, role), n in sorted(counts.items()) if a == action
        )
        if things:
            parts.append(f"{word} {things}")
    return (
        str(_("%(one)s and %(two)s")) % {"one": parts[0], "two": parts[1]}
        if len(parts) == 2
        else "".join(parts)
    )


def drifted(tenants: QuerySet[Tenant]) -> list[tuple[TrustConfig, Tenant]]:
    """Trust configs that wait for a reviewer to look at what is live, each with a tenant under whose pages it stands."""
    found = TrustConfig.objects.filter(
        state=TrustConfig.State.DRIFTED, custodian__in=tenants
    ).select_related("environment", "custodian")
    return [(trust_config, trust_config.custodian) for trust_config in found]


def proposed_switches(user_id: int) -> list[ModeSwitch]:
    """Proposals of mode B that this person may decide on."""
    waiting = ModeSwitch.objects.filter(state=ModeSwitch.State.PROPOSED).select_related(
        "tenant", "proposed_by"
    )
    return [
        switch for switch in waiting if policy.may_decide_self_service(user_id, switch.proposed_by)
    ]
