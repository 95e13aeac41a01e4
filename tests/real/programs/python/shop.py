"""A Python service that sends its spans to the sidecar with the stock OpenTelemetry SDK.

    pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
    OTEL_SERVICE_NAME=shop OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 python shop.py

With OTEL_EXPORTER_OTLP_PROTOCOL=grpc, port 4317 and opentelemetry-exporter-otlp-proto-grpc it speaks gRPC.
"""

import os

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

# Service name and endpoint come from the environment.
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("shop")


@tracer.start_as_current_span("checkout", kind=SpanKind.SERVER)
def checkout(order):
    charge(order)
    return order


@tracer.start_as_current_span("charge", kind=SpanKind.CLIENT)
def charge(order):
    if order % 50 == 0:
        raise ValueError(f"order {order}: the card was refused")


refused = 0
for order in range(int(os.environ.get("ORDERS", "100"))):
    try:
        checkout(order)
    except ValueError:
        refused += 1
print(f"{refused} orders refused")

# Sends what still waits.
provider.shutdown()
