"""Who the client is: one answer for the audit, for limits and for logs."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The client's address, as the outermost of our own proxies saw it.

    Each proxy appends to X-Forwarded-For whom it was asked by, so with ``TRUSTED_PROXY_COUNT`` of our
    own the client is that many from the right; what stands further left anybody may have written.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if not count:
        return direct
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if len(seen) < count:
        return direct
    try:
        return str(ipaddress.ip_address(seen[-count]))
    except ValueError:
        return direct
