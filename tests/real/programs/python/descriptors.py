"""Prints the fields of the OTLP trace and metrics messages as the stock package has them: message, field, number, type, label, oneof."""

import json

from google.protobuf.descriptor import FieldDescriptor as Field
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

TYPES = {getattr(Field, name): name.removeprefix("TYPE_").lower() for name in dir(Field) if name.startswith("TYPE_")}
messages = {}


def visit(message):
    if message.name in messages:
        return
    messages[message.name] = fields = {}
    for field in message.fields:
        oneof = field.containing_oneof.name if field.containing_oneof else None
        type_name = field.message_type.name if field.message_type else TYPES[field.type]
        fields[field.json_name] = [field.number, type_name, field.is_repeated, oneof]
        if field.message_type:
            visit(field.message_type)


visit(ExportTraceServiceRequest.DESCRIPTOR)
visit(ExportTraceServiceResponse.DESCRIPTOR)
visit(metrics.ExportMetricsServiceRequest.DESCRIPTOR)
visit(metrics.ExportMetricsServiceResponse.DESCRIPTOR)
print(json.dumps(messages))
