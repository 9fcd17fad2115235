"""Send a span for each request, from each worker, to an OpenTelemetry collector."""

import os


def post_fork(server, worker):
    """Set up tracing in each worker, because it starts a thread."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
        OTLPSpanExporter,
    )
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    # This adds a middleware to your settings, before the worker imports your project.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
    DjangoInstrumentor().instrument()
