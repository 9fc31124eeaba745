"""What every page shows: whose pages this person may open, which of them is open, and whether Google is emulated."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tenants.access import platform_roles, platform_roles_anywhere, visible_tenants
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
        readers = {AccessRole.AUDITOR, AccessRole.PLATFORM_ADMIN, AccessRole.REVIEWER}
        context |= {
            "tenant": getattr(request, "tenant", None),
            "tenants": visible_tenants(user.pk),
            "reads_queue": bool(platform_roles_anywhere(user.pk) & readers),
            "reads_all_audit": bool(platform_roles(user.pk) & readers),
        }
    return context
