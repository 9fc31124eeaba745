"""What every page shows: whose pages this person may open, which of them is open, and whether Google is emulated."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tenants.access import platform_roles, visible_tenants
from tenants.models import AccessRole


def house(request: HttpRequest) -> dict[str, Any]:
    context: dict[str, Any] = {
        "is_emulated": bool(settings.GCP_ENDPOINT),
        "languages": settings.LANGUAGES,
        "theme": getattr(request, "theme", ""),
        "request_id": getattr(request, "request_id", ""),
    }
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        roles = platform_roles(user.pk)
        context |= {
            "tenant": getattr(request, "tenant", None),
            "tenants": visible_tenants(user.pk),
            "is_reviewer": AccessRole.REVIEWER in roles,
            "reads_all_audit": bool(roles & {AccessRole.AUDITOR, AccessRole.PLATFORM_ADMIN, AccessRole.REVIEWER}),
        }
    return context
