"""The one table of states and moves. Code, tests, docs/states.md and the page that draws it all read it from here."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    SUBMITTED = "submitted", _("Submitted")
    VALIDATED = "validated", _("Validated")
    APPROVED = "approved", _("Approved")
    APPLIED = "applied", _("Written and read back")
    ROLLED_BACK = "rolled_back", _("Rolled back")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN = (State.SUBMITTED, State.VALIDATED, State.APPROVED)


@dataclass(frozen=True)
class Move:
    """A method of ChangeRequest, from which states it leads to which, and what makes it happen."""

    method: str
    sources: tuple[State, ...]
    target: State
    cause: str | Promise


MOVES = (
    Move(
        "mark_validated",
        (State.SUBMITTED,),
        State.VALIDATED,
        _("a worker read live and the checks found nothing blocking"),
    ),
    Move("mark_approved", (State.VALIDATED,), State.APPROVED, _("the last vote needed was cast")),
    Move(
        "mark_returned",
        (State.APPROVED,),
        State.VALIDATED,
        _("votes are needed again; the cause is recorded"),
    ),
    Move(
        "mark_applied", (State.APPROVED,), State.APPLIED, _("the write was read back and verified")
    ),
    Move(
        "mark_rolled_back",
        (State.APPLIED,),
        State.ROLLED_BACK,
        _("the change that inverts it was verified"),
    ),
    Move(
        "mark_rejected",
        OPEN,
        State.REJECTED,
        _("the checks, a reviewer, time or the end of its drift case ended it"),
    ),
    Move(
        "mark_withdrawn",
        OPEN,
        State.WITHDRAWN,
        _("withdrawn by whoever asks for it, or with the change that it follows"),
    ),
)


def move(method: str) -> Move:
    return next(move for move in MOVES if move.method == method)
