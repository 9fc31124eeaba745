"""What starts with every process of the portal."""

from django.apps import AppConfig
from django.conf import settings

from portal import telemetry


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        telemetry.start_sentry(
            settings.SENTRY_DSN,
            release=settings.VERSION,
            environment=settings.COUNTERSIGN_ENV,
        )
        telemetry.start_tracing(settings.OTEL_EXPORTER_OTLP_ENDPOINT, version=settings.VERSION)
