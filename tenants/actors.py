"""Who a request is by, as the flows and the audit want to know it."""

from hashlib import sha256

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from audit.events import Actor
from web.client import address_of

# What our own ways of signing in write into the session; those of allauth are in its records.
SIGNED_IN_BY = "signed_in_by"


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person, how they were authenticated, and the hash of their session."""
    user = request.user
    assert user.is_authenticated
    ways = {str(record.get("method", "")) for record in get_authentication_records(request, user)}
    if ours := request.session.get(SIGNED_IN_BY):
        ways.add(str(ours))
    return Actor(
        kind="person",
        id=str(user.pk),
        name=user.full_name or user.email,
        email=user.email,
        ip=address_of(request),
        authenticated_by=", ".join(sorted(ways)),
        session=sha256((request.session.session_key or "").encode()).hexdigest()[:16],
    )
