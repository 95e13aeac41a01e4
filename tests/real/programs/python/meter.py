"""A Python service that sends its metrics to the sidecar with the stock OpenTelemetry SDK.

    pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
    OTEL_SERVICE_NAME=meter OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 python meter.py

With OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta each push tells what is new only. With
OTEL_EXPORTER_OTLP_PROTOCOL=grpc, port 4317 and opentelemetry-exporter-otlp-proto-grpc it speaks gRPC.
"""

import os

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)

if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
else:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

# Service name and endpoint come from the environment. It is told when to push.
reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=3_600_000)
views = [
    View(instrument_name="size", aggregation=ExplicitBucketHistogramAggregation([100, 1000, 10000])),
    View(instrument_name="latency", aggregation=ExponentialBucketHistogramAggregation(max_size=160)),
]
provider = MeterProvider(metric_readers=[reader], views=views)
meter = provider.get_meter("meter")

orders = meter.create_counter("orders", "{order}", "Orders taken.")
open_orders = meter.create_up_down_counter("orders.open", "{order}", "Orders that wait.")
temperature = meter.create_gauge("temperature", "Cel", "Of the oven.")
size = meter.create_histogram("size", "By", "Of orders.")
latency = meter.create_histogram("latency", "s", "Of answers.")

n = 0
for push in range(int(os.environ.get("PUSHES", "3"))):
    for _ in range(100):
        n += 1
        currency = {"currency": "EUR" if n % 2 == 0 else "USD"}
        orders.add(n, currency)
        open_orders.add(n % 7 - 3, currency)
        temperature.set(n / 8, currency)
        size.record(n * n, currency)
        latency.record((n * 7 % 50 + 0.3) / 16, currency)
    provider.force_flush()

# Stopped, it would push once more.
os._exit(0)
