"""The timeline of a change: what happened, when, by whom, with what evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals import causes
from approvals.models import ChangeRequest, Vote
from approvals.states import State
from audit.display import DISPLAYS
from audit.events import EventType
from audit.models import AuditEvent
from audit.questions import events_of_change
from certs.models import Publication
from pages.changes.records import attempts_of
from web.texts import sentences


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
    events = events_of_change(change.tenant_id, change.number, *_TOLD)
    moments = [
        Moment("done", _("Submitted"), change.submitted_at, str(change.submitted_by), change.reason)
    ]
    moments += [
        Moment("done", _("Comment"), comment.written_at, str(comment.author), comment.text)
        for comment in change.comments.select_related("author")
    ]
    if change.planned_at:
        moments.append(
            Moment(
                "done",
                _("Checked against live")
                if any(event.type == EventType.CHANGE_VALIDATED for event in events)
                else _("Checked in the form, against what was last observed"),
                change.planned_at,
                "",
                "",
                [(_("etag"), change.planned_etag)],
            )
        )
    for vote in change.votes.all():
        evidence = [(_("plan"), vote.change_digest[:16])]
        title = _vote_title(change, vote)
        moments.append(
            Moment(
                "done" if vote.decision == "approve" else "failed",
                title,
                vote.cast_at,
                vote.policy or str(vote.voter),
                vote.comment,
                evidence,
            )
        )
    moments += _interventions(events)
    for attempt in attempts_of(change):
        moments += _publication_moments(attempt.publication)
    if change.kind == ChangeRequest.Kind.ADOPTION and change.applied_at:
        title = _("Adopted: live was read once more and is what was decided on")
        moments.append(
            Moment(
                "done",
                title,
                change.applied_at,
                evidence=[(_("digest of the live set"), change.live_digest)],
            )
        )
    moments.sort(key=lambda moment: (moment.at is None, moment.at))
    if change.state in {State.REJECTED, State.WITHDRAWN, State.ROLLED_BACK}:
        moments.append(
            Moment(
                "failed",
                State(change.state).label,
                change.state_since,
                "",
                sentences([*causes.sentences(change.causes), *_reason_to_end(events)]),
            )
        )
    return moments


_INTERVENTIONS = (EventType.CHANGE_RETURNED, EventType.CHANGE_TAKEN_OVER)
# What no row of the change keeps once it goes on.
_TOLD = (*_INTERVENTIONS, EventType.CHANGE_VALIDATED, EventType.CHANGE_WITHDRAWN)


def _interventions(events: Iterable[AuditEvent]) -> list[Moment]:
    """Who sent it back to its voters and why, and who took it over."""
    return [
        Moment(
            "failed" if event.type == EventType.CHANGE_RETURNED else "done",
            DISPLAYS[EventType(event.type)].sentence,
            event.at,
            event.personal.name or event.actor_id,
            str(event.recorded.get("reason") or ""),
        )
        for event in events
        if event.type in _INTERVENTIONS
    ]


def _reason_to_end(events: Iterable[AuditEvent]) -> list[str]:
    """Why its submitter withdrew it, in their words."""
    ended = (event for event in events if event.type == EventType.CHANGE_WITHDRAWN)
    return [str(event.recorded["reason"]) for event in ended if event.recorded.get("reason")]


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
    moments = [
        Moment(
            "done",
            _("Writing begun"),
            p.intended_at,
            p.worker,
            "",
            [(_("etag before"), p.etag_before), label],
        )
    ]
    if p.sent_at:
        moments.append(
            Moment(
                "done",
                _("Sent to Google"),
                p.sent_at,
                p.worker,
                "",
                [(_("operation"), p.operation_name)],
            )
        )
    if p.written_at:
        moments.append(
            Moment(
                "done",
                _("Written"),
                p.written_at,
                p.worker,
                "",
                [(_("operation"), p.operation_name)],
            )
        )
    if p.verified_at:
        evidence = [(_("etag after"), p.etag_after), (_("revision digest"), p.revision_digest)]
        moments.append(
            Moment(
                "done", _("Verified: read back and equal"), p.verified_at, p.worker, "", evidence
            )
        )
    if p.is_postponed:
        moments.append(
            Moment(
                "now",
                _("Waited for Google's quota; nothing was written"),
                p.ended_at,
                p.worker,
                str(p.failed_because),
            )
        )
    elif p.state in {Publication.State.FAILED, Publication.State.VOIDED}:
        moments.append(
            Moment(
                "failed",
                _("Writing failed") if p.state == "failed" else _("Writing voided"),
                p.ended_at,
                p.worker,
                str(p.failed_because),
            )
        )
    return moments
