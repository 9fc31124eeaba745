"""Which of the due changes may go into the next write: their originals are opened, and each is judged once more."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from approvals import policy
from approvals.causes import Cause, cause
from approvals.checks import estate_of, estate_of_change, holdings_after, judge_change, last_seen_by_worker, store_plan, unseen
from approvals.flows.following import withdraw_followers
from approvals.flows.witness import record_change
from approvals.models import ChangeRequest
from approvals.states import State
from audit.events import Actor, EventType
from certs.errors import CertsError, NotRestorable
from certs.live import Live
from certs.models import TrustConfig
from certs.opening import open_sealed
from certs.sealing import kept
from gcp.errors import CloudDenied, CloudError, CloudMissing, CloudRejected, CloudUnavailable
from jobs import clock
from pki.answers import open_questions
from pki.certificate import canonical_pem
from pki.estate import Estate
from pki.findings import Finding
from pki.plan import Action, Holding, has_effect


@dataclass
class Opened:
    """Originals opened for a write, as canonical PEM by fingerprint, and the changes that could not be opened."""

    pems: dict[str, str] = field(default_factory=dict)
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)
    waiting: dict[int, CloudError] = field(default_factory=dict)


def open_additions(due: list[ChangeRequest], live: Live) -> Opened:
    """Opens what is to be added and is not live yet. No transaction is open, since Cloud KMS is asked.

    Once it gave no answer, nobody else waits for another one: one deadline, however many changes are due.

    :raises CloudError: when Cloud KMS answers nothing and no change can go without it.
    """
    opened = Opened()
    silence: CloudError | None = None
    for change in due:
        missing = [item.sha256_fingerprint for item in change.items.all() if item.action == Action.ADD and item.step.entry not in live.pems]
        if missing and silence:
            opened.waiting[change.pk] = silence
            continue
        try:
            for fingerprint in missing:
                opened.pems[fingerprint] = _original(change, fingerprint)
        except (CloudDenied, CloudMissing, CloudRejected) as error:
            opened.refused[change.pk] = (error.code, f"{error.rpc}: {error.google_message}")
        except CloudUnavailable as error:
            opened.waiting[change.pk] = silence = error
        except CloudError as error:
            opened.waiting[change.pk] = error
        except CertsError as error:
            opened.refused[change.pk] = (error.code, str(error.sentence))
    if due and len(opened.waiting) == len(due):
        raise next(iter(opened.waiting.values()))
    return opened


def estate_at(trust_config: TrustConfig, live: Live) -> Estate:
    """What is held and live now; approved changes come in one after the other as they are admitted."""
    estate = estate_of(trust_config, tenant_id=0, facts={}, at=clock.now(), with_others=False)
    return replace(estate, facts={**live.facts, **estate.facts})


def still_due(trust_config: TrustConfig, due: list[ChangeRequest], opened: Opened) -> list[ChangeRequest]:
    locked = ChangeRequest.objects.filter(pk__in=[change.pk for change in due if change.pk not in opened.waiting]).select_for_update(of=("self",))
    still = set(locked.values_list("pk", flat=True))
    changes = ChangeRequest.objects.due(trust_config.pk).filter(pk__in=still).select_related("tenant", "trust_config__environment", "submitted_by")
    return _revoking_first(changes)


def _revoking_first(changes: Iterable[ChangeRequest]) -> list[ChangeRequest]:
    """In the order of their approval, but what one change revokes goes before what would bring it back."""
    ordered: list[ChangeRequest] = []
    for change in changes:
        bringing = (
            n for n, other in enumerate(ordered) if any(step.action is Action.ADD and step.entry.sha256_fingerprint in change.revokes for step in other.steps)
        )
        ordered.insert(next(bringing, len(ordered)), change)
    return ordered


def admit(change: ChangeRequest, estate: Estate, foreseen: list[Finding] | None, *, may_return: bool, actor: Actor, at: datetime) -> Estate | None:
    """What the next change of the same write meets, or None when this one cannot go: then, if it may, it goes back to its voters with the cause.

    ``foreseen`` is what a worker has just seen in the originals; None when it could not look, and the last look counts.
    """
    own = estate_of_change(change, at=at, with_others=False)
    own = replace(own, holdings=estate.holdings, facts={**estate.facts, **own.facts}, submitted=(), revoked={**own.revoked, **estate.revoked})
    seen_by_worker = last_seen_by_worker(change) if foreseen is None else foreseen
    findings = judge_change(change, own, at=at, seen_by_worker=seen_by_worker)
    news = unseen(change, findings)
    causes = [*_obstacles(change, own, [f.code for f in news]), *_lost_successor(change, estate)]
    if policy.rests_on_the_policy(change):
        causes += policy.limits_exceeded(change, findings)
    if not causes:
        return replace(estate, holdings=holdings_after(change, estate.holdings), facts=own.facts, revoked={**estate.revoked, **change.revokes})
    if may_return:
        send_back(change, findings, news, causes, actor=actor, at=at)
    return None


def _lost_successor(change: ChangeRequest, estate: Estate) -> list[Cause]:
    """The end of an overlap removes nothing when what was to take its place is not trusted any more."""
    if change.follows is None or change.voting_round > 1:
        return []
    gone = [step for step in change.follows.steps if step.action is Action.ADD and Holding(change.tenant_id, step.entry) not in estate.holdings]
    return [cause("returned-successor", fingerprint=step.entry.sha256_fingerprint) for step in gone]


def send_back(change: ChangeRequest, findings: list[Finding], news: list[Finding], causes: list[Cause] | None = None, *, actor: Actor, at: datetime) -> None:
    """Back to its voters, with what they had not seen."""
    causes = causes or _reasons(change, [finding.code for finding in news])
    change.mark_returned(at=at, causes=causes)
    change.delta = {"findings": [list(finding.key) for finding in news]}
    withdraw_followers(change, cause("follower-returned", number=change.number), actor=actor, at=at)
    change.awaits_answer = bool(open_questions(findings))
    store_plan(change, findings, at=at, etag=change.trust_config.observed_etag)
    change.save()
    record_change(EventType.CHANGE_RETURNED, change, actor=actor, before=State.APPROVED, after=change.state, details={"causes": list(causes)})


def _obstacles(change: ChangeRequest, estate: Estate, new_codes: list[str]) -> list[Cause]:
    idle = [step for step in change.steps if not has_effect(estate.holdings, change.tenant_id, step)]
    return [*(cause("returned-no-effect", fingerprint=step.entry.sha256_fingerprint) for step in idle), *_reasons(change, new_codes)]


def _reasons(change: ChangeRequest, new_codes: list[str]) -> list[Cause]:
    causes = []
    if new_codes:
        causes.append(cause("returned-findings", codes=", ".join(sorted(set(new_codes)))))
    if not policy.has_votes(change):
        causes.append(cause("returned-votes"))
    return causes


def _original(change: ChangeRequest, fingerprint: str) -> str:
    sealed = kept(change.tenant_id, change.trust_config_id, fingerprint)
    if sealed is None:
        raise NotRestorable("The sealed original is gone.")
    return canonical_pem(open_sealed(sealed))
