"""Parts of URLs, parsed before the views: views receive clean values. Importing this module makes them known to Django."""

from django.urls import register_converter


class Sha256Converter:
    """A SHA-256 fingerprint in lower hex without colons."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class TenantConverter:
    """A tenant's short name."""

    regex = "[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Sha256Converter, "sha256")
register_converter(TenantConverter, "tenant")
