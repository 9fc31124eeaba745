"""Errors to Sentry and traces to an OpenTelemetry collector: off, unless the extra is installed and its address is set.

Neither is sent what people typed or uploaded: no bodies, no cookies, no local variables, no names.
"""

from typing import Any
from urllib.parse import urlsplit

from jobs import request_ids
from portal import env
from portal.logs import without_bodies


def start_sentry(dsn: str, *, release: str, environment: str) -> None:
    """:raises BadSetting: when SENTRY_DSN is set and the extra ``sentry`` is not installed."""
    if not dsn:
        return
    try:
        import sentry_sdk
    except ImportError:
        raise env.BadSetting(
            "SENTRY_DSN is set, but Sentry's client is not here. Install the portal with its extra sentry."
        ) from None
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment=environment,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,  # they hold queries and log lines
        before_send=without_what_was_sent,
    )


# What an event may say. All else may quote what people sent: the words of a log line, the request that it names.
_TOLD_TO_SENTRY = [
    "event_id",
    "timestamp",
    "level",
    "platform",
    "release",
    "environment",
    "transaction",
    "exception",
    "sdk",
]


def without_what_was_sent(event: Any, _hint: object) -> Any:
    """Leaves the error and where it stood, the method and the path of the request; nothing that people sent."""
    told = {name: event[name] for name in _TOLD_TO_SENTRY if name in event}
    for error in told.get("exception", {}).get("values", []):
        error["value"] = ""  # errors quote what they could not use
    asked = event.get("request", {})
    path = without_bodies(urlsplit(asked.get("url", "")).path)
    told["request"] = {"method": asked.get("method", ""), "url": path}
    told["tags"] = {"request_id": request_ids.current()}
    return told


def start_tracing(endpoint: str, *, version: str) -> None:
    """:raises BadSetting: when the address is set and the extra ``opentelemetry`` is not installed."""
    if not endpoint:
        return
    try:
        from portal import traces
    except ImportError:
        raise env.BadSetting(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not here. "
            "Install the portal with its extra opentelemetry."
        ) from None
    traces.start(endpoint, version=version)
