"""Change requests and what people and checks say of them. Transitions only set fields; flows do everything else."""

from approvals.models.changes import ChangeRequest, Item, LaterRemoval
from approvals.models.judgements import Answer, Comment, Finding, Vote
from approvals.models.outcomes import ChangePublication, Proof, Reminder

__all__ = [
    "Answer",
    "ChangePublication",
    "ChangeRequest",
    "Comment",
    "Finding",
    "Item",
    "LaterRemoval",
    "Proof",
    "Reminder",
    "Vote",
]
