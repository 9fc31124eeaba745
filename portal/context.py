"""What every page shows: whose pages this person may open, which of them is open, and whether Google is emulated."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tenants.access import may, own_tenants
from tenants.rights import Act
from web.secrets import shown_query

LONGEST_MENU = 10  # tenants; more are found by search


def frame(request: HttpRequest) -> dict[str, Any]:
    context: dict[str, Any] = {
        "is_emulated": bool(settings.GCP_ENDPOINT),
        "languages": settings.LANGUAGES,
        "theme": getattr(request, "theme", ""),
        "request_id": getattr(request, "request_id", ""),
        "own_address": f"{request.path}?{query}"
        if (query := shown_query(request).urlencode())
        else request.path,
    }
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        menu = own_tenants(user.pk)
        context |= {
            "tenant": getattr(request, "tenant", None),
            "menu": menu if menu is not None and len(menu) <= LONGEST_MENU else None,
            "reads_queue": may(user.pk, Act.READ_PLATFORM),
            "reads_all_audit": may(user.pk, Act.READ_ALL_AUDIT),
            "operates": may(user.pk, Act.OPERATE),
        }
    return context
