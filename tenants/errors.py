"""TenantError
├── UnknownTenant   404: it does not exist, or it does not for this person
├── UnknownObject   404: the same for anything else
├── NotAllowed      403: a member without the role; says why
├── NotPossible     409: the request is understood, the state of things forbids it
├── StaleDecision   409: the page showed something else than what would be confirmed
└── BadValue        422: a value that cannot be used; says which and what to do
"""

from django.utils.translation import gettext_lazy as _

from web.errors import Refusal


class TenantError(Refusal):
    code = "tenant"


class UnknownTenant(TenantError):
    code = "unknown-tenant"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("There is no such page, or you may not see it."))


class UnknownObject(TenantError):
    code = "unknown-object"
    status = 404

    def __init__(self) -> None:
        super().__init__(_("There is no such page, or you may not see it."))


class NotAllowed(TenantError):
    code = "not-allowed"
    status = 403


class NotPossible(TenantError):
    code = "not-possible"


class BadValue(TenantError):
    code = "bad-value"
    status = 422


class StaleDecision(TenantError):
    code = "stale-decision"

    def __init__(self) -> None:
        super().__init__(
            _(
                "What this would change is not what the page showed when you opened it. "
                "Look at it again before you decide."
            )
        )
