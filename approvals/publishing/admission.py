"""Which of the due changes may go into the next write: each is judged once more."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from approvals import limits, votes
from approvals.causes import Cause, cause
from approvals.judging.estate import estate_of, estate_of_change, holdings_after
from approvals.judging.judge import judge_change, last_seen_by_worker, unseen
from approvals.models import ChangeRequest
from approvals.publishing.originals import Opened
from approvals.steps import transitions
from audit.events import Actor
from certs.models import TrustConfig, TrustEntry
from certs.trust_configs.live import Live
from jobs import clock
from pki.estate import Estate
from pki.findings import Finding
from pki.plan import Action, Holding, Step, has_effect


def estate_at(trust_config: TrustConfig, live: Live) -> Estate:
    """What is held and live now; approved changes come in one after the other as they are admitted."""
    estate = estate_of(trust_config, tenant_id=0, facts={}, at=clock.now(), with_others=False)
    return replace(estate, facts={**live.facts, **estate.facts})


def still_due(
    trust_config: TrustConfig, due: list[ChangeRequest], opened: Opened
) -> list[ChangeRequest]:
    locked = ChangeRequest.objects.filter(
        pk__in=[change.pk for change in due if change.pk not in opened.waiting]
    ).select_for_update(of=("self",))
    still = set(locked.values_list("pk", flat=True))
    changes = (
        ChangeRequest.objects.due(trust_config.pk)
        .filter(pk__in=still)
        .select_related("tenant", "trust_config__environment", "submitted_by")
    )
    return _revoking_first(changes)


def _revoking_first(changes: Iterable[ChangeRequest]) -> list[ChangeRequest]:
    """In the order of their approval, but what one change revokes goes before what would bring it back."""
    ordered: list[ChangeRequest] = []
    for change in changes:
        bringing = (
            n
            for n, other in enumerate(ordered)
            if any(
                step.action is Action.ADD and step.entry.sha256_fingerprint in change.revokes
                for step in other.steps
            )
        )
        ordered.insert(next(bringing, len(ordered)), change)
    return ordered


@dataclass(frozen=True)
class SecondJudgement:
    """What checking a change again just before its write found; ``causes`` are why it must not go.

    ``news`` are the findings that its voters had not seen.
    """

    findings: list[Finding]
    news: list[Finding]
    causes: list[Cause]

    def send_back(self, change: ChangeRequest, *, actor: Actor, at: datetime) -> None:
        transitions.return_to_voters(
            change, self.causes, actor=actor, at=at, findings=self.findings, news=self.news
        )


def judge_again(
    change: ChangeRequest,
    estate: Estate,
    *,
    at: datetime,
    seen_by_worker: list[Finding] | None = None,
) -> SecondJudgement:
    """The one judgement before every write: findings, votes, and the limits of mode B.

    ``seen_by_worker`` is what a worker has just seen in the originals; without it the last look
    counts.
    """
    seen = last_seen_by_worker(change) if seen_by_worker is None else seen_by_worker
    findings = judge_change(change, estate, at=at, seen_by_worker=seen)
    news = unseen(change, findings)
    causes = []
    if news:
        codes = sorted({finding.code for finding in news})
        causes.append(cause("returned-findings", codes=", ".join(codes)))
    if not votes.has_votes(change):
        causes.append(cause("returned-votes", names=", ".join(votes.lost_voters(change)) or "–"))
    if votes.rests_on_the_policy(change):
        causes += limits.limits_exceeded(change, findings)
    return SecondJudgement(findings, news, causes)


def admit(
    change: ChangeRequest,
    estate: Estate,
    foreseen: list[Finding] | None,
    *,
    may_return: bool,
    actor: Actor,
    at: datetime,
) -> Estate | None:
    """What the next change of the same write meets, or None when this one cannot go.

    Then, if it may, it goes back to its voters with the cause. ``foreseen`` is what a worker has
    just seen in the originals; None when it could not look, and the last look counts.
    """
    own = estate_of_change(change, at=at, with_others=False)
    own = replace(
        own,
        holdings=estate.holdings,
        facts={**estate.facts, **own.facts},
        submitted=(),
        revoked={**own.revoked, **estate.revoked},
    )
    again = judge_again(change, own, at=at, seen_by_worker=foreseen)
    again.causes.extend([*_without_effect(change, own), *_lost_successor(change, estate)])
    if not again.causes:
        return replace(
            estate,
            holdings=holdings_after(change, estate.holdings),
            facts=own.facts,
            revoked={**estate.revoked, **change.revokes},
        )
    if may_return:
        again.send_back(change, actor=actor, at=at)
    return None


def _without_effect(change: ChangeRequest, estate: Estate) -> list[Cause]:
    idle = [
        step for step in change.steps if not has_effect(estate.holdings, change.tenant_id, step)
    ]
    return [cause("returned-no-effect", fingerprint=step.entry.sha256_fingerprint) for step in idle]


def _lost_successor(change: ChangeRequest, estate: Estate) -> list[Cause]:
    """The end of an overlap removes nothing when what replaces it is not trusted any more.

    Unless its voters knew: then it was gone when they approved the removal by itself.
    """
    if change.follows is None:
        return []
    gone = [
        step
        for step in change.follows.steps
        if step.action is Action.ADD
        and Holding(change.tenant_id, step.entry) not in estate.holdings
        and (change.voting_round == 1 or _was_held_at_approval(change, step))
    ]
    return [cause("returned-successor", fingerprint=step.entry.sha256_fingerprint) for step in gone]


def _was_held_at_approval(change: ChangeRequest, step: Step) -> bool:
    rows = TrustEntry.objects.for_tenant(change.tenant_id).filter(
        trust_config_id=change.trust_config_id,
        role=step.entry.role.value,
        certificate__sha256_fingerprint=step.entry.sha256_fingerprint,
    )
    return rows.filter(removed_at__gt=change.approved_at).exists()
