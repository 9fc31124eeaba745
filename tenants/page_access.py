"""The door of every page of a tenant: the slug in the URL becomes a tenant that this person may see, or a 404."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from tenants import access
from tenants.models import AccessRole, Tenant, User


class TenantRequest(HttpRequest):
    tenant: Tenant
    user: User


class SignedInRequest(HttpRequest):
    user: User


View = Callable[..., HttpResponse]


def tenant_page(*roles: AccessRole, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
    """Opens a tenant's page to people with one of the roles there (without roles: to everyone who may see the tenant)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: Any, tenant: str, **kwargs: Any) -> HttpResponse:
            request.tenant = access.visible_tenant(request.user.pk, tenant)
            if roles:
                access.require(request.user.pk, request.tenant, *roles)
            return view(request, **kwargs)

        return require_http_methods([*methods, *(["HEAD"] if "GET" in methods else [])])(gated)

    return decorate


def platform_page(
    *roles: AccessRole, methods: tuple[str, ...] = ("GET",), in_one_environment: bool = False
) -> Callable[[View], View]:
    """Opens a page across tenants to people with one of the roles for the whole platform.

    ``in_one_environment`` lets those in whose role holds in one environment only.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: Any, **kwargs: Any) -> HttpResponse:
            if not (
                in_one_environment and access.platform_roles_anywhere(request.user.pk) & set(roles)
            ):
                access.require_platform(request.user.pk, *roles)
            return view(request, **kwargs)

        return require_http_methods([*methods, *(["HEAD"] if "GET" in methods else [])])(gated)

    return decorate
