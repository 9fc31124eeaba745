"""How allauth behaves here: nobody signs themselves up, names are shown instead of addresses, sign-ins are recorded."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from tenants.models import User
from web.client import address_of


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  (the base class asks for it)
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def authentication_failed(self, request: HttpRequest, **kwargs: Any) -> None:
        from audit import anonymous

        super().authentication_failed(request, **kwargs)
        anonymous.count("sign-in")

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> Any:
        from tenants.actors import actor_of
        from tenants.flows import people

        people.note_sign_in(actor=actor_of(request))
        return super().post_login(request, user, **kwargs)


def display_name(user: User) -> str:
    return str(user)
