"""Traces for an OpenTelemetry collector. Imported only where its address is set; needs the extra ``opentelemetry``."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.propagators import textmap
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import AttributeValue

from portal.logs import without_bodies

# What a span may say of itself. Statements come without their parameters.
_TOLD = frozenset(
    {
        *("http.method", "http.request.method", "http.route", "http.target", "url.path"),
        *("http.url", "url.full"),
        *("http.status_code", "http.response.status_code"),
        *(
            "db.system",
            "db.system.name",
            "db.name",
            "db.namespace",
            "db.statement",
            "db.query.text",
        ),
        *("celery.action", "celery.state", "celery.task_name", "messaging.destination"),
    }
)
# People search in queries, and links that sign somebody in are addresses.
_ADDRESSES = frozenset({"http.url", "http.target", "url.full", "url.path"})


class Nothing(textmap.TextMapPropagator):
    """No trace is begun, silenced or named by what a client sends, and no header of ours names one."""

    def extract(
        self,
        carrier: textmap.CarrierT,  # noqa: ARG002
        context: Context | None = None,
        getter: textmap.Getter[textmap.CarrierT] = textmap.default_getter,  # noqa: ARG002
    ) -> Context:
        return context or Context()

    def inject(
        self,
        carrier: textmap.CarrierT,
        context: Context | None = None,
        setter: textmap.Setter[textmap.CarrierT] = textmap.default_setter,
    ) -> None: ...

    @property
    def fields(self) -> set[str]:
        return set()


class CutExporter(OTLPSpanExporter):
    """Sends spans without what people sent: no queries of addresses, no words of errors, nothing that looks like a body."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return super().export([_cut(span) for span in spans])


def _cut(span: ReadableSpan) -> ReadableSpan:
    attributes = {
        name: _cut_value(name, value)
        for name, value in (span.attributes or {}).items()
        if name in _TOLD
    }
    return ReadableSpan(
        name=without_bodies(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cut_value(name: str, value: AttributeValue) -> AttributeValue:
    if not isinstance(value, str):
        return value
    return without_bodies(urlsplit(value).path if name in _ADDRESSES else value)


def start(endpoint: str, *, version: str) -> None:
    """Spans of requests, jobs and queries (without their parameters), as OTLP over HTTP."""
    named = Resource.create({"service.name": "countersign", "service.version": version})
    provider = TracerProvider(resource=named)
    provider.add_span_processor(BatchSpanProcessor(CutExporter(f"{endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)
    propagate.set_global_textmap(Nothing())
    # Behind what answers probes, which ask by any name of the host.
    DjangoInstrumentor().instrument(middleware_position=1)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    PsycopgInstrumentor().instrument()
