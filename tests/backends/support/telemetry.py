"""OpenTelemetry's SDK in memory: what an application's exporters receive."""

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gofannon_backends.observability import observed


class Telemetry:
    """The spans and metrics of observed services."""

    def __init__(self):
        self.spans = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider(metric_readers=[self.reader])

    def observing(self, service):
        return observed(service, tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def span(self):
        (span,) = self.spans.get_finished_spans()
        return span

    @property
    def metric(self):
        (resource,) = self.reader.get_metrics_data().resource_metrics
        (metric,) = resource.scope_metrics[0].metrics
        return metric

    @property
    def text(self):
        """Everything that the exporters receive."""
        return self.span.to_json() + self.reader.get_metrics_data().to_json()
