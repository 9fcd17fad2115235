"""Print where OpenTelemetry sends spans, and the name of the service."""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource

print(OTLPSpanExporter()._endpoint, Resource.create().attributes["service.name"])  # noqa: SLF001
