"""View decorators: resolve the tenant from the URL, ask the table of rights, 404 for outsiders."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from tenants import access
from tenants.models import Tenant, User
from tenants.rights import Act


class TenantRequest(HttpRequest):
    tenant: Tenant
    user: User


class SignedInRequest(HttpRequest):
    user: User


View = Callable[..., HttpResponse]


def tenant_page(
    act: Act = Act.READ_TENANT, *, methods: tuple[str, ...] = ("GET",)
) -> Callable[[View], View]:
    """Opens a tenant's page to people who may do the act there; 404 for whoever may not see the tenant."""

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: Any, tenant: str, **kwargs: Any) -> HttpResponse:
            request.tenant = access.visible_tenant(request.user.pk, tenant)
            if act != Act.READ_TENANT:
                access.require(request.user.pk, act, tenant=request.tenant)
            return view(request, **kwargs)

        return _with_methods(methods, opened)

    return decorate


def platform_page(act: Act, *, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """Opens a page across tenants to people who may do the act."""

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: Any, **kwargs: Any) -> HttpResponse:
            access.require(request.user.pk, act)
            return view(request, **kwargs)

        return _with_methods(methods, opened)

    return decorate


def _with_methods(methods: tuple[str, ...], view: View) -> View:
    allowed = [*methods, *(["HEAD"] if "GET" in methods else [])]
    limited: View = require_http_methods(allowed)(view)
    return limited
