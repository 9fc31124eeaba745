"""TenantError
├── UnknownTenant   404: it does not exist, or it does not for this person
├── UnknownObject   404: the same for anything else
├── NotAllowed      403: a member without the role; says why
├── NotPossible     409: the request is understood, the state of things forbids it
└── BadValue        422: a value that cannot be used; says which and what to do
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


class TenantError(Exception):
    """Has a stable code and a sentence that is safe to show: what happened and what to do."""

    code = "tenant"

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class UnknownTenant(TenantError):
    code = "unknown-tenant"

    def __init__(self) -> None:
        super().__init__(_("There is no such page, or you may not see it."))


class UnknownObject(TenantError):
    code = "unknown-object"

    def __init__(self) -> None:
        super().__init__(_("There is no such page, or you may not see it."))


class NotAllowed(TenantError):
    code = "not-allowed"


class NotPossible(TenantError):
    code = "not-possible"


class BadValue(TenantError):
    code = "bad-value"
