"""How far a change has come, as one line of steps."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from approvals.judging.schedule import may_go
from approvals.models import ChangeRequest
from approvals.states import State
from certs.models import Publication, TrustConfig
from pages.changes.records import is_on_its_way, last_publication_of, proofs_of
from pages.changes.summary import Votes


@dataclass(frozen=True)
class Step:
    """One pill of the progress line."""

    title: str | Promise
    kind: str  # done | now | later | failed


def progress_of(change: ChangeRequest, votes: Votes | None = None) -> list[Step]:
    """Submitted → checked → countersigned → writing → written → verified, with where it stands."""
    publication = last_publication_of(change)
    stage = _stage(change, publication)
    review: str | Promise = _("Review")
    if votes is not None and change.state == State.VALIDATED:
        review = _("Review %(given)s of %(needed)s") % {
            "given": votes.given_count,
            "needed": votes.needed,
        }
    titles: list[str | Promise] = [
        _("Submitted"),
        _("Checks"),
        review,
        _("Approved"),
        _writing_title(change),
        _("Written"),
        _("Verified"),
    ]
    if change.kind == ChangeRequest.Kind.ADOPTION:  # nothing is written
        titles, stage = [*titles[:4], _("Adopted")], min(stage, 5)
    steps = [
        Step(title, "done" if n < stage else "now" if n == stage else "later")
        for n, title in enumerate(titles)
    ]
    if change.state == State.APPLIED:
        steps.append(_effect_step(change))
    if change.state in {State.REJECTED, State.WITHDRAWN, State.ROLLED_BACK}:
        steps = [step for step in steps if step.kind == "done"] + [
            Step(State(change.state).label, "failed")
        ]
    return steps


def _effect_step(change: ChangeRequest) -> Step:
    """That it took effect is said with a proof and not without; why it may have none, is said too."""
    if proofs_of(change):
        return Step(_("Took effect: proven"), "done")
    doubt = change.trust_config.effect_doubt
    if doubt:
        return Step(_("Effect not known: %(why)s") % {"why": doubt}, "later")
    return Step(_("Effect not proven yet"), "later")


def _writing_title(change: ChangeRequest) -> str | Promise:
    """What stands where the writing does, while nothing is being written."""
    if change.state != State.APPROVED or is_on_its_way(change):
        return _("Writing")
    if (
        change.held_code
        or change.trust_config.blocked_at
        or change.trust_config.state != TrustConfig.State.READY
    ):
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
    return 6 if publication and publication.state == Publication.State.WRITTEN else 4


def is_in_flux(change: ChangeRequest) -> bool:
    """Whether the page should look again by itself: a worker is, or soon will be, at work on it."""
    if change.held_code or change.awaits_answer or change.trust_config.blocked_at:
        return False
    if (
        change.trust_config.state != TrustConfig.State.READY
        and change.kind == ChangeRequest.Kind.REGULAR
    ):
        return False
    if change.state == State.APPROVED and not is_on_its_way(change):
        return may_go(change, timezone.now()) and not change.waits_for_first
    return change.state in {State.SUBMITTED, State.APPROVED}


def stage_of(change: ChangeRequest) -> str:
    """Where the change stands, as a word: while it is the same, the rest of its page is right."""
    publication = last_publication_of(change)
    write = f"{publication.revision}-{publication.state}" if publication else ""
    waits = "answer" if change.awaits_answer else change.held_code
    return ".".join((change.state, str(change.voting_round), write, waits)).rstrip(".")


# How often a page in flux looks again: at once while things move, rarely while the writer pauses.
SOONEST, LATEST = 1, 15


def poll_seconds(change: ChangeRequest) -> int:
    """Seconds until the page looks again: a tenth of the time that it has waited already."""
    if change.state == State.VALIDATED:  # people decide, not a worker
        return LATEST
    waited = (timezone.now() - change.state_since).total_seconds()
    return int(max(SOONEST, min(LATEST, waited / 10)))
