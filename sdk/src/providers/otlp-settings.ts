// What the ways of OTLP share: headers, times and certificates as the configuration model has them.
import { readFileSync } from 'node:fs';
import type { OtlpNode, TlsNode } from '../config/model.ts';
import type { SizeLimits } from '../otlp-transport.ts';

export type Signal = 'TRACES' | 'METRICS' | 'LOGS';

/** OTLP waits this long for an answer unless the file or the environment says otherwise (specification). */
const EXPORT_TIMEOUT_MS = 10_000;

/** The longest a timer can wait, where no limit is wanted. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/** Requests at a time; OpenTelemetry's own limit. */
export const CONCURRENCY_LIMIT = 30;

/** A time of 0 is no limit (specification). */
export function limitOf(timeMs: number): number {
  return timeMs === 0 ? NO_LIMIT_MS : timeMs;
}

/** How long an exporter waits for an answer. */
export function timeoutOf(node: OtlpNode): number {
  return limitOf(node.timeout ?? EXPORT_TIMEOUT_MS);
}

/** A size of 0 is no limit. */
export function sizeLimits(node: OtlpNode): SizeLimits {
  return {
    ...(node.max_request_size && { maxRequestBytes: node.max_request_size }),
    ...(node.max_response_size && { maxAnswerBytes: node.max_response_size }),
  };
}

/** Headers by name; those that are named win over those of the list. */
export function headersOf(node: OtlpNode): Record<string, string> {
  const listed = (node.headers_list ?? '').split(',').flatMap((pair): [string, string][] => {
    // Values may have further equals signs, as those in base64.
    const [name = '', ...rest] = pair.split('=');
    const [key, value] = [name, rest.join('=')].map((part) => decodeURIComponent(part.trim()));
    return key && value ? [[key, value]] : [];
  });
  const named = (node.headers ?? []).flatMap(({ name, value }): [string, string][] =>
    value === null ? [] : [[name, value]],
  );
  return Object.fromEntries([...listed, ...named]);
}

/** Reads the files a node names. @throws where one cannot be read */
export function certificates(tls: TlsNode | null | undefined): { ca?: Buffer; key?: Buffer; cert?: Buffer } {
  return {
    ...(tls?.ca_file && { ca: readFileSync(tls.ca_file) }),
    ...(tls?.key_file && { key: readFileSync(tls.key_file) }),
    ...(tls?.cert_file && { cert: readFileSync(tls.cert_file) }),
  };
}
