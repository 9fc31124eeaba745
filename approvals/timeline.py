"""How far a change has come: its timeline with evidence, the pills of its progress, and what it waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals import causes
from approvals.models import ChangeRequest, Vote
from approvals.policy import decides_by_itself
from approvals.presentation import Votes
from approvals.schedule import may_go, opens_at
from approvals.states import State
from certs.drift import open_case
from certs.models import Publication, TrustConfig
from certs.remedies import remedy
from gcp.errors import CloudExhausted


@dataclass(frozen=True)
class Moment:
    """One line of the timeline: what, when, by whom, with what evidence; ``kind`` is done, now or failed."""

    kind: str
    title: str | Promise
    at: datetime | None = None
    who: str = ""
    text: str = ""
    evidence: Sequence[tuple[str | Promise, str]] = ()


def timeline_of(change: ChangeRequest) -> list[Moment]:
    """From submission to proof, oldest first."""
    moments = [Moment("done", _("Submitted"), change.submitted_at, str(change.submitted_by), change.reason)]
    moments += [Moment("done", _("Comment"), comment.written_at, str(comment.author), comment.text) for comment in change.comments.select_related("author")]
    if change.planned_at:
        moments.append(Moment("done", _("Checked against live"), change.planned_at, "", "", [(_("etag"), change.planned_etag)]))
    for vote in change.votes.select_related("voter"):
        evidence = [(_("plan"), vote.change_digest[:16])]
        title = _vote_title(change, vote)
        moments.append(Moment("done" if vote.decision == "approve" else "failed", title, vote.cast_at, vote.policy or str(vote.voter), vote.comment, evidence))
    for attempt in change.attempts.select_related("publication"):
        moments += _publication_moments(attempt.publication)
    if change.kind == ChangeRequest.Kind.ADOPTION and change.applied_at:
        title = _("Adopted: live was read once more and is what was decided on")
        moments.append(Moment("done", title, change.applied_at, evidence=[(_("digest of the live set"), change.live_digest)]))
    moments.sort(key=lambda moment: (moment.at is None, moment.at))
    if change.state in {State.REJECTED, State.WITHDRAWN, State.ROLLED_BACK}:
        moments.append(Moment("failed", State(change.state).label, change.state_since, "", "; ".join(causes.sentences(change.causes))))
    return moments


def _vote_title(change: ChangeRequest, vote: Vote) -> str | Promise:
    if vote.policy:
        return _("Approved by the policy of mode B")
    if vote.decision == Vote.Decision.REJECT:
        return _("Rejected")
    if vote.voter_id == change.submitted_by_id:
        return _("Decided by whoever asked: it only removes trust")
    return _("Approved")


def _publication_moments(publication: Publication) -> list[Moment]:
    p = publication
    label = (_("label"), f"countersign-revision = {p.label}")
    moments = [Moment("done", _("Writing begun"), p.intended_at, p.worker, "", [(_("etag before"), p.etag_before), label])]
    if p.sent_at:
        moments.append(Moment("done", _("Sent to Google"), p.sent_at, p.worker, "", [(_("operation"), p.operation_name)]))
    if p.written_at:
        moments.append(Moment("done", _("Written"), p.written_at, p.worker, "", [(_("operation"), p.operation_name)]))
    if p.verified_at:
        evidence = [(_("etag after"), p.etag_after), (_("revision digest"), p.revision_digest)]
        moments.append(Moment("done", _("Verified: read back and equal"), p.verified_at, p.worker, "", evidence))
    if p.is_postponed:
        moments.append(Moment("now", _("Waited for Google's quota; nothing was written"), p.ended_at, p.worker, p.failure))
    elif p.state in {Publication.State.FAILED, Publication.State.VOIDED}:
        moments.append(Moment("failed", _("Writing failed") if p.state == "failed" else _("Writing voided"), p.ended_at, p.worker, p.failure))
    return moments


@dataclass(frozen=True)
class Step:
    """One pill of the progress line."""

    title: str | Promise
    kind: str  # done | now | later | failed


def progress_of(change: ChangeRequest, votes: Votes | None = None) -> list[Step]:
    """Submitted → checked → countersigned → writing → written → verified, with where it stands."""
    publication = _last_publication(change)
    stage = _stage(change, publication)
    review: str | Promise = _("Review")
    if votes is not None and change.state == State.VALIDATED:
        review = _("Review %(given)s of %(needed)s") % {"given": votes.given_count, "needed": votes.needed}
    titles: list[str | Promise] = [_("Submitted"), _("Checks"), review, _("Approved"), _writing_title(change), _("Written"), _("Verified")]
    if change.kind == ChangeRequest.Kind.ADOPTION:  # nothing is written
        titles, stage = [*titles[:4], _("Adopted")], min(stage, 5)
    steps = [Step(title, "done" if n < stage else "now" if n == stage else "later") for n, title in enumerate(titles)]
    if change.state in {State.REJECTED, State.WITHDRAWN, State.ROLLED_BACK}:
        steps = [step for step in steps if step.kind == "done"] + [Step(State(change.state).label, "failed")]
    return steps


def _writing_title(change: ChangeRequest) -> str | Promise:
    """What stands where the writing does, while nothing is being written."""
    if change.state != State.APPROVED or _is_being_written(change):
        return _("Writing")
    if change.held_code or change.trust_config.blocked_at or change.trust_config.state != TrustConfig.State.READY:
        return _("Stopped")
    return _("Writing") if is_in_flux(change) else _("Waits")


def _stage(change: ChangeRequest, publication: Publication | None) -> int:
    """How many of the pills are done."""
    if change.state == State.SUBMITTED:
        return 1
    if change.state == State.VALIDATED:
        return 2
    if change.state in {State.APPLIED, State.ROLLED_BACK}:
        return 7
    if change.state != State.APPROVED:
        return 1 if not change.change_digest else 2
    if publication is None or publication.state not in Publication.UNRESOLVED:
        return 4
    return 6 if publication.state == Publication.State.WRITTEN else 4


def _last_publication(change: ChangeRequest) -> Publication | None:
    attempt = change.attempts.select_related("publication").order_by("-publication__revision").first()
    return attempt.publication if attempt else None


def _is_being_written(change: ChangeRequest) -> bool:
    publication = _last_publication(change)
    return publication is not None and publication.state in Publication.UNRESOLVED


def is_in_flux(change: ChangeRequest) -> bool:
    """Whether the page should look again by itself: a worker is, or soon will be, at work on it."""
    if change.held_code or change.awaits_answer or change.trust_config.blocked_at:
        return False
    if change.trust_config.state != TrustConfig.State.READY and change.kind == ChangeRequest.Kind.REGULAR:
        return False
    if change.state == State.APPROVED and not _is_being_written(change):
        return may_go(change, timezone.now()) and (change.follows is None or change.follows.state == State.APPLIED)
    return change.state in {State.SUBMITTED, State.APPROVED}


@dataclass(frozen=True)
class Waiting:
    """What or whom an open change waits for, since when, and the way out."""

    what: str | Promise
    since: datetime
    way_out: str | Promise
    is_trouble: bool = False


def waiting_of(change: ChangeRequest) -> Waiting | None:
    if not change.is_open:
        return None
    return _trouble(change) or _orderly_wait(change)


def _trouble(change: ChangeRequest) -> Waiting | None:
    trust_config = change.trust_config
    if trust_config.state == TrustConfig.State.DRIFTED and change.kind == ChangeRequest.Kind.REGULAR:
        return _drifted(change)
    if change.held_code:
        said = _("It could not be checked: %(words)s") if change.state == State.SUBMITTED else _("It could not be written: %(words)s")
        words = said % {"words": change.held_reason or change.held_code}
        return Waiting(words, change.held_at or change.state_since, remedy(change.held_code, change.held_reason, trust_config), is_trouble=True)
    if trust_config.blocked_at and change.state == State.APPROVED:
        words = _("Google refuses the worker: “%(words)s”.") % {"words": trust_config.waiting_detail}
        return Waiting(words, trust_config.blocked_at, remedy(trust_config.waiting_code, trust_config.waiting_detail, trust_config), is_trouble=True)
    return _pause(change) if trust_config.waiting_code and change.state == State.APPROVED else None


def _pause(change: ChangeRequest) -> Waiting:
    """The worker waits and tries again by itself."""
    code, said = change.trust_config.waiting_code, {"words": change.trust_config.waiting_detail}
    if code == CloudExhausted.code:
        words = _("Google's quota is used up for the moment: %(words)s") % said
        return Waiting(words, change.state_since, _("Nothing to do; the worker goes on when there is room again."))
    if code == "unexpected":
        words = _("The portal failed in the middle: %(words)s") % said
        way_out = _("It is tried again by itself. Whoever runs the portal finds the cause in the worker's log.")
        return Waiting(words, change.state_since, way_out, is_trouble=True)
    words = _("Google does not answer as needed: %(words)s") % said
    return Waiting(words, change.state_since, _("The worker tries again by itself, a little later each time."), is_trouble=True)


def _drifted(change: ChangeRequest) -> Waiting:
    case = open_case(change.trust_config)
    what: str | Promise = _("Live was changed outside the portal, and nothing is written over it.")
    if decides_by_itself(change):
        what = _("Mode B has stopped here: live was changed outside the portal, and nothing is written over it.")
    way_out = _("Somebody must adopt what is live or put back what was, on the page of the trust config.")
    return Waiting(what, case.found_at if case else change.state_since, way_out, is_trouble=True)


def _scheduled(change: ChangeRequest) -> Waiting | None:
    """An approved change whose time has not come."""
    if change.follows is not None and change.follows.state != State.APPLIED:
        follows = _("It follows change #%(number)s, which is not applied yet.") % {"number": change.follows.number}
        return Waiting(follows, change.state_since, _("Nothing to do; it is checked again when its time comes."))
    at = timezone.now()
    opens = opens_at(change, at)
    if opens is None:
        return Waiting(
            _("No change window of this environment opens within a year."),
            change.state_since,
            _("Ask a platform admin for a window, or withdraw the change and submit it to be written at once."),
            is_trouble=True,
        )
    if opens <= at:
        return None
    words = _("It will be written on %(when)s.") % {"when": f"{opens:%Y-%m-%d %H:%M} UTC"}
    way_out: str | Promise = _("Nothing to do; it is checked again when its time comes. It can be withdrawn until then.")
    if freeze := change.trust_config.environment.freezes.filter(begins_at__lte=at, ends_at__gt=at).first():
        way_out = _("Frozen until %(until)s: %(reason)s") % {"until": f"{freeze.ends_at:%Y-%m-%d %H:%M} UTC", "reason": freeze.reason}
    return Waiting(words, change.state_since, way_out)


def _orderly_wait(change: ChangeRequest) -> Waiting:
    if change.awaits_answer:
        words = _("%(name)s must answer what the checks found.") % {"name": change.submitted_by}
        return Waiting(words, change.planned_at or change.state_since, _("Answer the findings below, or withdraw the change."), is_trouble=True)
    if change.state == State.SUBMITTED:
        return Waiting(_("A worker reads what is live and checks the change."), change.state_since, _("Nothing to do; it takes seconds."))
    if change.state == State.VALIDATED:
        return Waiting(_("Security reviewers must decide."), change.state_since, _("Any of the people named under Votes can."))
    if change.kind == ChangeRequest.Kind.REGULAR and not _is_being_written(change) and (waiting := _scheduled(change)):
        return waiting
    if change.kind == ChangeRequest.Kind.ADOPTION:
        return Waiting(_("A worker reads live once more and takes it over."), change.state_since, _("Nothing to do; it takes seconds."))
    return Waiting(_("A worker writes it to Google."), change.state_since, _("Nothing to do; it takes seconds to minutes."))
