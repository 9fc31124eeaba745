"""Whose vote counts on a change, and whether the votes suffice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.causes import Cause, cause
from approvals.limits import NEVER_BY_ITSELF, decides_by_itself
from approvals.models import ChangeRequest, Item, Vote
from approvals.states import State
from pki.plan import Action
from tenants.access import (
    ALLOWED,
    PlatformScope,
    Verdict,
    may,
    people_who_may,
    platform_scope,
)
from tenants.models import Environment, Mode, User
from tenants.rights import RIGHTS, Act
from web.reading import remembered


@remembered
def uploaders(change: ChangeRequest) -> set[int]:
    """Everyone who may not decide on the change, because they ask for it.

    Its submitter, all who took it over or answered for it, and all who ever uploaded a certificate that it adds, in
    whatever change.
    """
    added = [i.sha256_fingerprint for i in change.items.all() if i.action == Action.ADD]
    uploads = Item.objects.uploads().filter(sha256_fingerprint__in=added)
    found: set[int | None] = {change.submitted_by_id, change.taken_over_by_id}
    found |= set(uploads.values_list("change__submitted_by_id", flat=True).distinct())
    found |= set(change.takers.values_list("pk", flat=True))
    found |= set(change.answers.values_list("given_by_id", flat=True))
    found |= {i.certificate.uploaded_by_id for i in change.items.all() if i.action == Action.ADD}
    return {user_id for user_id in found if user_id is not None}


@dataclass(frozen=True)
class Voter:
    """What decides whether a person's vote counts; lists read it once for all their changes."""

    user_id: int
    scope: PlatformScope
    uploaded: frozenset[str]
    asked_for: frozenset[int]


def voter(user_id: int, changes: Iterable[ChangeRequest]) -> Voter:
    """What matters of a person for these changes.

    ``uploaded`` are the fingerprints among theirs that the person uploaded, ``asked_for`` the ids
    of those that the person took over or answered for.
    """
    changes = list(changes)
    wanted = {i.sha256_fingerprint for c in changes for i in c.items.all()}
    uploads = Item.objects.uploads().filter(
        sha256_fingerprint__in=wanted, change__submitted_by_id=user_id
    )
    uploaded = frozenset(uploads.values_list("sha256_fingerprint", flat=True))
    mine = ChangeRequest.objects.filter(pk__in=[change.pk for change in changes])
    asked_for = mine.filter(Q(takers=user_id) | Q(answers__given_by=user_id))
    return Voter(
        user_id,
        platform_scope(user_id, Act.VOTE),
        uploaded,
        frozenset(asked_for.values_list("pk", flat=True)),
    )


def _is_uploader(who: Voter, change: ChangeRequest) -> bool:
    if who.user_id == change.submitted_by_id or change.pk in who.asked_for:
        return True
    added = [i for i in change.items.all() if i.action == Action.ADD]
    return any(
        i.certificate.uploaded_by_id == who.user_id or i.sha256_fingerprint in who.uploaded
        for i in added
    )


def may_vote(user_id: int, change: ChangeRequest, *, who: Voter | None = None) -> Verdict:
    """Whether this person's vote would count now, and why not.

    Lists read the :class:`Voter` once and hand it in.
    """
    if change.state != State.VALIDATED:
        return Verdict(is_allowed=False, reason=_nothing_to_decide(change))
    who = who or voter(user_id, [change])
    has_voted = any(
        vote.voter_id == user_id and vote.change_digest == change.change_digest
        for vote in change.votes.all()
    )
    is_covered = who.scope.covers(change.trust_config.environment)
    obstacles = (
        (
            user_id == change.submitted_by_id,
            _("You submitted this change, so somebody else must decide on it."),
        ),
        (
            change.pk in who.asked_for,
            _("You took this change over or answered for it, so somebody else must decide on it."),
        ),
        (
            _is_uploader(who, change),
            _("You uploaded a certificate of this change, so somebody else must decide on it."),
        ),
        (
            not is_covered,
            RIGHTS[Act.VOTE].refusal,
        ),
        (has_voted, _("You have voted on this plan already.")),
    )
    reason = next((sentence for is_so, sentence in obstacles if is_so), None)
    return ALLOWED if reason is None else Verdict(is_allowed=False, reason=reason)


def _nothing_to_decide(change: ChangeRequest) -> str:
    """What became of the change since the page was opened: by whom, and when."""
    state = State(change.state).label
    last = change.votes.exclude(voter=None).select_related("voter").order_by("pk").last()
    is_decided = change.state in {State.APPROVED, State.REJECTED, State.APPLIED}
    if last is None or not is_decided or last.change_digest != change.change_digest:
        return _("There is nothing to decide now: the change is %(state)s.") % {"state": state}
    values = {"name": last.voter, "when": f"{last.cast_at:%Y-%m-%d %H:%M} UTC", "state": state}
    if last.decision == Vote.Decision.REJECT:
        return _("It was rejected by %(name)s on %(when)s.") % values
    return _("It was approved by %(name)s on %(when)s; the change is %(state)s.") % values


def is_self_approval(user_id: int, change: ChangeRequest) -> bool:
    return change.state == State.VALIDATED and user_id in uploaders(change)


def votes_needed(change: ChangeRequest) -> int:
    """What the environment asks for; undoing that only removes trust takes one."""
    if change.only_removes and is_undoing(change):
        return 1
    return change.trust_config.environment.votes_needed


def is_undoing(change: ChangeRequest) -> bool:
    """A rollback, or putting back what was changed outside the portal."""
    return change.kind == ChangeRequest.Kind.PUT_BACK or change.is_rollback


def has_votes(change: ChangeRequest) -> bool:
    """Whether the votes on the present plan suffice: the policy's, or enough people's.

    One that declines is enough against it. A vote counts only while its voter may vote: with the
    grant, active, and no uploader. The policy's vote counts in mode B only: the brake ends it,
    wherever the change stands. A follow-up removal shares the votes of its first change; once it
    is returned (round > 1) it needs its own.
    """
    first = change.follows
    if first is not None and change.voting_round == 1:
        is_standing = first.state in {State.APPROVED, State.APPLIED}
        return change.mode == first.mode and is_standing and has_votes(first)
    votes = change.votes.filter(change_digest=change.change_digest)
    if votes.filter(decision=Vote.Decision.REJECT).exists():
        return False
    if decides_by_itself(change) and votes.exclude(policy="").exists():
        return True
    return len(counting_votes(change)) >= votes_needed(change)


def counting_votes(change: ChangeRequest) -> list[Vote]:
    """The approvals of people who may still vote, on the present plan."""
    standing = _standing(change)
    return [vote for vote in _approvals(change) if vote.voter_id in standing]


def lost_voters(change: ChangeRequest) -> list[str]:
    """Who approved the present plan and may not vote on it any more, by name."""
    if change.follows is not None and change.voting_round == 1:
        return lost_voters(change.follows)
    standing = _standing(change)
    return [str(vote.voter) for vote in _approvals(change) if vote.voter_id not in standing]


@remembered
def _approvals(change: ChangeRequest) -> list[Vote]:
    """Approvals by people, on the present plan."""
    votes = change.votes.filter(change_digest=change.change_digest, decision=Vote.Decision.APPROVE)
    return list(votes.exclude(voter=None).select_related("voter"))


@remembered
def reviewers_of(environment: Environment) -> list[User]:
    """Everyone who may vote in this environment, by name."""
    return list(people_who_may(Act.VOTE, environment))


@remembered
def _standing(change: ChangeRequest) -> set[int]:
    """Whose votes count on this change now."""
    people = {user.pk for user in reviewers_of(change.trust_config.environment)} - uploaders(change)
    # The brake ends what only mode B allowed: its submitter's own decision to undo.
    if requester_decides(change.submitted_by_id, change, ()):
        people.add(change.submitted_by_id)
    return people


def answering_decides(change: ChangeRequest) -> bool:
    """Whether the requester's answer is also the one decision that this rollback takes, so that it is written at once."""
    return change.state == State.SUBMITTED and requester_decides(
        change.submitted_by_id, change, [cause("limit-answered")]
    )


def rests_on_the_policy(change: ChangeRequest) -> bool:
    """Whether only the policy's vote carries it.

    Then its limits are asked for again, since they may have been tightened.
    """
    if change.follows is not None and change.voting_round == 1:
        return rests_on_the_policy(change.follows)
    return decides_by_itself(change) and len(counting_votes(change)) < votes_needed(change)


def requester_decides(user_id: int, change: ChangeRequest, limits: Sequence[Cause]) -> bool:
    """Whether asking for this rollback is the one decision that it takes: it only removes trust, and the person may decide.

    In mode A that is a reviewer of the platform, in mode B also a submitter of the tenant; but what mode B never does
    (``limits``: the last anchor, anchors of a shared trust config) takes a reviewer here too.
    """
    if not (is_undoing(change) and change.only_removes):
        return False
    is_limited = bool({limit["code"] for limit in limits} & NEVER_BY_ITSELF)
    verdict = may(
        user_id,
        Act.ROLL_BACK_ALONE,
        tenant=change.tenant,
        environment=change.trust_config.environment,
        mode=None if is_limited else Mode(change.mode),
    )
    return bool(verdict)
