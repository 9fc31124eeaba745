"""Rows of a change that several parts of its page show."""

from approvals.models import ChangePublication, ChangeRequest, Proof
from certs.models import Publication
from web.reading import remembered


@remembered
def attempts_of(change: ChangeRequest) -> list[ChangePublication]:
    """The writes that took it along, in the order of their revisions."""
    return list(change.attempts.select_related("publication").order_by("publication__revision"))


def last_publication_of(change: ChangeRequest) -> Publication | None:
    attempts = attempts_of(change)
    return attempts[-1].publication if attempts else None


def is_on_its_way(change: ChangeRequest) -> bool:
    """Whether a write whose outcome is not known yet carries it."""
    return any(each.publication.state in Publication.UNRESOLVED for each in attempts_of(change))


@remembered
def proofs_of(change: ChangeRequest) -> list[Proof]:
    return list(change.proofs.select_related("reported_by"))
