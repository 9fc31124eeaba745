"""What or whom a change waits for, since when, and the way out."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals.judging.schedule import freeze_now, opens_at
from approvals.limits import decides_by_itself
from approvals.models import ChangeRequest
from approvals.states import State
from approvals.votes import counting_votes, reviewers_of, uploaders, votes_needed
from certs.models import TrustConfig
from certs.trust_configs.drift import open_case
from certs.trust_configs.publications import hindrance_of
from certs.trust_configs.remedies import remedy
from gcp.errors import CloudExhausted
from jobs.models import JobState
from jobs.queue import tried_in_vain
from pages.changes.records import is_on_its_way
from pages.silence import silence_of


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
    if (
        trust_config.state == TrustConfig.State.DRIFTED
        and change.kind == ChangeRequest.Kind.REGULAR
    ):
        return _drifted(change)
    if change.held_code:
        said = (
            _("It could not be checked: “%(words)s”.")
            if change.state == State.SUBMITTED
            else _("It could not be written: “%(words)s”.")
        )
        words = said % {"words": change.hindrance}
        return Waiting(
            words,
            change.held_at or change.state_since,
            remedy(change.hindrance, trust_config),
            is_trouble=True,
        )
    if trust_config.blocked_at and change.state == State.APPROVED:
        why = hindrance_of(trust_config)
        words = _("Google refuses the worker: “%(words)s”.") % {"words": why}
        return Waiting(
            words,
            trust_config.blocked_at,
            remedy(why, trust_config),
            is_trouble=True,
        )
    return _pause(change) if trust_config.waiting_code and change.state == State.APPROVED else None


def _pause(change: ChangeRequest) -> Waiting:
    """The worker waits and tries again by itself."""
    why = hindrance_of(change.trust_config)
    code, said = why.code, {"words": why}
    if code == CloudExhausted.code:
        words = _("Google's quota is used up for the moment: %(words)s") % said
        return Waiting(
            words,
            change.state_since,
            _("Nothing to do; the worker goes on when there is room again."),
        )
    if code == "unexpected":
        words = _("The portal failed in the middle: %(words)s") % said
        way_out = _(
            "It is tried again by itself. Whoever runs the portal finds the cause in the worker's log."
        )
        return Waiting(words, change.state_since, way_out, is_trouble=True)
    words = _("Google does not answer as needed: %(words)s") % said
    return Waiting(
        words,
        change.state_since,
        _("The worker tries again by itself, a little later each time."),
        is_trouble=True,
    )


def _drifted(change: ChangeRequest) -> Waiting:
    case = open_case(change.trust_config)
    what: str | Promise = _("Live was changed outside the portal, and nothing is written over it.")
    if decides_by_itself(change):
        what = _(
            "Mode B has stopped here: live was changed outside the portal, and nothing is written over it."
        )
    way_out = _(
        "Somebody must adopt what is live or put back what was, on the page of the trust config."
    )
    if case is not None and case.unknown_revision is not None:
        way_out = _(
            "The database is older than Google's last write. An admin of the platform decides on the page of the trust config."
        )
    return Waiting(what, case.found_at if case else change.state_since, way_out, is_trouble=True)


def _scheduled(change: ChangeRequest) -> Waiting | None:
    """An approved change whose time has not come."""
    if change.follows is not None and change.waits_for_first:
        follows = _(
            "It follows change #%(number)s, which is not applied yet or is being undone."
        ) % {"number": change.follows.number}
        return Waiting(
            follows,
            change.state_since,
            _("Nothing to do; it is checked again when its time comes."),
        )
    at = timezone.now()
    opens = opens_at(change, at)
    if opens is None:
        return Waiting(
            _("No change window of this environment opens within a year."),
            change.state_since,
            _(
                "Ask a platform admin for a window, or withdraw the change and submit it to be written at once."
            ),
            is_trouble=True,
        )
    if opens <= at:
        return None
    words = _("It will be written on %(when)s.") % {"when": f"{opens:%Y-%m-%d %H:%M} UTC"}
    way_out: str | Promise = _(
        "Nothing to do; it is checked again when its time comes. It can be withdrawn until then."
    )
    if freeze := freeze_now(change.trust_config.environment):
        way_out = _("Frozen until %(until)s: %(reason)s") % {
            "until": f"{freeze.ends_at:%Y-%m-%d %H:%M} UTC",
            "reason": freeze.reason,
        }
    return Waiting(words, change.state_since, way_out)


def _nobody_works(change: ChangeRequest) -> Waiting | None:
    """A worker is waited for, and none of its queue gives a sign."""
    words = silence_of(change.trust_config.environment.queue, change.state_since)
    if not words:
        return None
    way_out = _("Whoever runs the portal must see to it; this goes on by itself then.")
    return Waiting(words, change.state_since, way_out, is_trouble=True)


def _tried_in_vain(change: ChangeRequest) -> Waiting | None:
    """The check was tried more than once, and Google or a machine of ours did not do its part."""
    job = tried_in_vain("validate_change", str(change.pk))
    if job is None:
        return None
    words = _("The check was tried %(count)s times: “%(words)s”.") % {
        "count": job.attempt_count,
        "words": job.last_error,
    }
    way_out: str | Promise = _("It is tried again by itself, next at %(when)s.") % {
        "when": f"{job.due_at:%H:%M:%S} UTC"
    }
    if job.state == JobState.RUNNING:
        way_out = _("It is being tried again now.")
    elif job.state == JobState.FAILED:
        way_out = _("It was given up. It is asked for anew by itself within minutes.")
    return Waiting(words, change.state_since, way_out, is_trouble=True)


def _too_few(change: ChangeRequest) -> Waiting | None:
    """Not as many people may vote as must: it would wait for ever."""
    able = {user.pk for user in reviewers_of(change.trust_config.environment)} - uploaders(change)
    able |= {vote.voter_id for vote in counting_votes(change) if vote.voter_id}
    needed = votes_needed(change)
    if len(able) >= needed:
        return None
    words = _("It needs %(needed)s approvals, and no more than %(count)s can be given.") % {
        "needed": needed,
        "count": len(able),
    }
    way_out = _("A platform admin must give somebody else the reviewer's role.")
    return Waiting(words, change.state_since, way_out, is_trouble=True)


def _orderly_wait(change: ChangeRequest) -> Waiting:
    if change.awaits_answer:
        words = _("%(name)s must answer what the checks found.") % {"name": change.responsible}
        return Waiting(
            words,
            change.planned_at or change.state_since,
            _("Answer the findings below, or withdraw the change."),
            is_trouble=True,
        )
    if change.state == State.SUBMITTED:
        return (
            _nobody_works(change)
            or _tried_in_vain(change)
            or Waiting(
                _("A worker reads what is live and checks the change."),
                change.state_since,
                _("Nothing to do; it takes seconds."),
            )
        )
    if change.state == State.VALIDATED:
        return _too_few(change) or Waiting(
            _("Security reviewers must decide."),
            change.state_since,
            _("Any of the people named under Votes can."),
        )
    if (
        change.kind == ChangeRequest.Kind.REGULAR
        and not is_on_its_way(change)
        and (waiting := _scheduled(change))
    ):
        return waiting
    return _nobody_works(change) or _at_work(change)


def _at_work(change: ChangeRequest) -> Waiting:
    if change.kind == ChangeRequest.Kind.ADOPTION:
        return Waiting(
            _("A worker reads live once more and takes it over."),
            change.state_since,
            _("Nothing to do; it takes seconds."),
        )
    return Waiting(
        _("A worker writes it to Google."),
        change.state_since,
        _("Nothing to do; it takes seconds to minutes."),
    )
