"""An OTLP/HTTP receiver on the stock protobuf package: prints its port, then each request as one line of JSON."""

import base64
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import zstandard
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

INFLATE = {
    "identity": lambda body: body,
    "gzip": gzip.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}
printing = threading.Lock()


def show(line):
    with printing:
        print(json.dumps(line), flush=True)


def spans_of(body):
    """Every span with what stands around it."""
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield {
                    "resource": MessageToDict(resource_spans.resource),
                    "resourceUrl": resource_spans.schema_url,
                    "scope": MessageToDict(scope_spans.scope),
                    "scopeUrl": scope_spans.schema_url,
                    "traceId": span.trace_id.hex(),
                    "spanId": span.span_id.hex(),
                    "traceState": span.trace_state,
                    "span": without_trace_state(span),
                }


def without_trace_state(span):
    rest = type(span)()
    rest.CopyFrom(span)
    rest.ClearField("trace_state")
    return MessageToDict(rest)


def points_of(body):
    """Every data point with what stands around it; attributes by name, because their order says nothing."""
    for resource_metrics in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                kind = metric.WhichOneof("data")
                described = MessageToDict(getattr(metric, kind))
                for point in described.pop("dataPoints", []):
                    yield {
                        "resource": attributes_of(MessageToDict(resource_metrics.resource)),
                        "resourceUrl": resource_metrics.schema_url,
                        "scope": scope_metrics.scope.name,
                        "scopeVersion": scope_metrics.scope.version,
                        "scopeUrl": scope_metrics.schema_url,
                        "name": metric.name,
                        "unit": metric.unit,
                        "description": metric.description,
                        "kind": kind,
                        **described,
                        "attributes": attributes_of(point),
                        "point": {key: value for key, value in point.items() if key != "attributes"},
                    }


def attributes_of(message):
    return {attribute["key"]: attribute["value"] for attribute in message.get("attributes", [])}


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        encoding = self.headers.get("content-encoding", "identity")
        request = {"path": self.path, "type": self.headers["content-type"], "encoding": encoding}
        if self.path == "/v1/traces":
            request["spans"] = list(spans_of(INFLATE[encoding](body)))
        elif self.path == "/v1/metrics":
            request["points"] = list(points_of(INFLATE[encoding](body)))
        else:
            request["body"] = base64.b64encode(body).decode()
        show(request)
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
show({"port": server.server_port})
server.serve_forever()
