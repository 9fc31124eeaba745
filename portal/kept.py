"""A cache in the database: where limits are counted while Redis is away, over all web processes as before."""

from datetime import timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from portal.models import KeptEntry
from portal.signed_json import MISS, SignedJson

# Of what is kept without an end. Counts of attempts are kept for minutes.
_LONGEST = timedelta(days=30)


class TableCache(BaseCache):
    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._serializer = SignedJson()

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        value = self._living(key, version).values_list("value", flat=True).first()
        found = MISS if value is None else self._serializer.loads(value.encode())
        return default if found is MISS else found

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        _forget()
        KeptEntry.objects.update_or_create(
            key=self.make_key(key, version), defaults=self._fields(value, timeout)
        )

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        _forget()
        try:
            with transaction.atomic():
                KeptEntry.objects.create(
                    key=self.make_key(key, version), **self._fields(value, timeout)
                )
        except IntegrityError:
            return False
        return True

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._living(key, version).update(expires_at=self._end(timeout)))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(KeptEntry.objects.filter(key=self.make_key(key, version)).delete()[0])

    def clear(self) -> None:
        KeptEntry.objects.all().delete()

    def _living(self, key: Any, version: int | None) -> QuerySet[KeptEntry]:
        return KeptEntry.objects.filter(key=self.make_key(key, version), expires_at__gt=Now())

    def _fields(self, value: Any, timeout: Any) -> dict[str, Any]:
        told = self._serializer.dumps(value).decode()
        return {"value": told, "expires_at": self._end(timeout)}

    def _end(self, timeout: Any) -> Any:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return Now() + (_LONGEST if seconds is None else timedelta(seconds=seconds))


def _forget() -> None:
    KeptEntry.objects.filter(expires_at__lte=Now()).delete()
