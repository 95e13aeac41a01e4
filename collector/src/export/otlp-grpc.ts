// OTLP over gRPC: which method, and what a status means.
// @see OTLP specification, OTLP/gRPC response and throttling
import { FieldCursor } from '../otlp/field-cursor.ts';
import { Malformed } from '../otlp/malformed.ts';
import { readVarint64 } from '../otlp/wire.ts';
import type { Host } from '../pipeline/contract.ts';
import type { OtlpExporterConfig } from './config.ts';
import type { Signal } from './contract.ts';
import { type CallResult, GrpcClient } from './grpc-client.ts';
import { type OtlpAnswer, type OtlpTransport, unanswered } from './otlp-transport.ts';
import { readRejected } from './partial-success.ts';

const METHODS = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
} as const satisfies Record<Signal, string>;

/** Names of google.rpc.Code, by number. */
const CODES = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS',
  'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED',
  'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED',
] as const; // prettier-ignore

/** Codes that ask for another attempt; RESOURCE_EXHAUSTED does only where it says when. */
const RETRYABLE: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Opens a transport. @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
export function otlpGrpc(name: string, config: OtlpExporterConfig, host: Pick<Host, 'clock' | 'log'>): OtlpTransport {
  const { endpoint, timeout, ca_file, cert_file, key_file } = config;
  const tls = { caFile: ca_file, certFile: cert_file, keyFile: key_file };
  const client = new GrpcClient({ endpoint, timeoutMs: timeout, tls, setting: `export.otlp.${name}` }, host);
  return {
    async send({ signal, body, encoding }, headers, cut) {
      const call = { path: METHODS[signal], message: body, encoding, metadata: headers };
      return judge(await client.call(call, cut), signal);
    },
    where: (signal) => `${new URL(endpoint).origin} ${signal}`,
    close: () => client.close(),
  };
}

function judge({ code, message, details, response, isWritten }: CallResult, signal: Signal): OtlpAnswer {
  if (code === undefined) return { ...unanswered(message), isWritten };
  const outcome = CODES[code] ?? 'UNKNOWN';
  if (outcome === 'OK') {
    const rejected = readRejected(response, 'application/x-protobuf');
    return { verdict: 'taken', outcome: 'delivered', why: '', rejected, isWritten };
  }
  const afterMs = retryAfterMs(details);
  const isRetryable = RETRYABLE.has(outcome) || (outcome === 'RESOURCE_EXHAUSTED' && afterMs !== undefined);
  // Whoever takes no traces is no receiver of ours at all: that is a fault to be seen, not a signal to be left out.
  const isUnsupported = outcome === 'UNIMPLEMENTED' && signal !== 'traces';
  const verdict = isRetryable ? 'again' : isUnsupported ? 'unsupported' : 'refused';
  return { verdict, outcome, why: outcome, afterMs, rejected: 0, isWritten };
}

/** Reads the delay of a google.rpc.RetryInfo among the details of a google.rpc.Status. */
function retryAfterMs(status: Uint8Array): number | undefined {
  try {
    // Field 3 of Status: details; fields 1 and 2 of Any: type and value; field 1 of RetryInfo: the delay.
    for (const any of messagesOf(status, 3)) {
      const [type] = messagesOf(any, 1);
      if (type === undefined || !Buffer.from(type).toString().endsWith('/google.rpc.RetryInfo')) continue;
      const [value] = messagesOf(any, 2);
      const [delay] = value === undefined ? [] : messagesOf(value, 1);
      // A delay of nothing is written as an empty message, or not at all.
      return delay === undefined ? 0 : numberOf(delay, 1) * 1000 + numberOf(delay, 2) / 1e6;
    }
  } catch (error) {
    // Details that cannot be read say nothing.
    if (!(error instanceof Malformed)) throw error;
  }
  return undefined;
}

function messagesOf(bytes: Uint8Array, field: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const cursor = new FieldCursor(bytes, 0, bytes.length);
  while (cursor.next()) if (cursor.tag === field * 8 + 2) found.push(bytes.subarray(cursor.start, cursor.end));
  return found;
}

function numberOf(bytes: Uint8Array, field: number): number {
  const cursor = new FieldCursor(bytes, 0, bytes.length);
  let value = 0;
  while (cursor.next()) if (cursor.tag === field * 8) value = Number(readVarint64(bytes, cursor.start, cursor.end));
  return value;
}
