"""Who a request is by, as the flows and the audit want to know it."""

from hashlib import sha256

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from audit.events import Actor

# What our own ways of signing in write into the session; those of allauth are in its records.
SIGNED_IN_BY = "signed_in_by"


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person, how they were authenticated, and the hash of their session."""
    user = request.user
    assert user.is_authenticated
    methods = get_authentication_records(request, user)
    return Actor(
        kind="person",
        id=str(user.pk),
        name=user.full_name or user.email,
        email=user.email,
        ip=request.META.get("REMOTE_ADDR", ""),
        authenticated_by=", ".join(sorted({str(method.get("method", "")) for method in methods}))
        or request.session.get(SIGNED_IN_BY, ""),
        session=sha256((request.session.session_key or "").encode()).hexdigest()[:16],
        request_id=getattr(request, "request_id", ""),
    )
