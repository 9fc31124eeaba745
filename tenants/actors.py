"""Who a request is by, as the flows and the audit want to know it."""

from hashlib import sha256

from django.http import HttpRequest

from audit.events import Actor


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person, how they were authenticated, and the hash of their session."""
    user = request.user
    assert user.is_authenticated
    methods = request.session.get("account_authentication_methods", [])
    return Actor(
        kind="person",
        id=str(user.pk),
        name=user.full_name or user.email,
        email=user.email,
        ip=request.META.get("REMOTE_ADDR", ""),
        authenticated_by=", ".join(sorted({str(method.get("method", "")) for method in methods}))
        or request.session.get("signed_in_by", ""),
        session=sha256((request.session.session_key or "").encode()).hexdigest()[:16],
        request_id=getattr(request, "request_id", ""),
    )
