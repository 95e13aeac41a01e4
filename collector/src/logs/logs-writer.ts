// Frames log records as OTLP: raw bytes are copied, only what stands around them is written.
import type { LogScan } from './scan.ts';
import { ProtobufWriter, varintLength } from '../otlp/writer.ts';

const RESOURCE_LOGS = 1;
/** ScopeLogs in ResourceLogs, LogRecord in ScopeLogs. */
const REPEATED = 2;

/** Bytes that content of a field takes with its tag and length. */
export function framedLength(length: number): number {
  return 1 + varintLength(length) + length;
}

/** Writes one request. All lengths are told beforehand, so that nothing has to be moved once it is written. */
export class LogsWriter {
  readonly #writer = new ProtobufWriter(64 * 1024);

  /** @param scopesLength framed, of all scopes that follow */
  resource(bytes: Uint8Array, scopesLength: number): void {
    this.#open(RESOURCE_LOGS, bytes, scopesLength);
  }

  /** @param recordsLength framed, of all records that follow */
  scope(bytes: Uint8Array, recordsLength: number): void {
    this.#open(REPEATED, bytes, recordsLength);
  }

  record(source: Uint8Array, start: number, end: number): void {
    this.#writer.content(REPEATED, source, start, end);
  }

  /** Writes some records of a request as a request of its own. @param rows of the scan, in their order */
  request(
    body: Uint8Array,
    { scopes, resources, scope, start, end }: LogScan,
    rows: Uint32Array,
  ): Uint8Array<ArrayBuffer> {
    const lengths = new Float64Array(scopes.length);
    for (const row of rows) lengths[scope[row]] += framedLength(end[row] - start[row]);
    const inAll = new Float64Array(resources.length);
    scopes.forEach(({ resource, bytes }, s) => {
      if (lengths[s] > 0) inAll[resource] += framedLength(bytes.length + lengths[s]);
    });
    let lastScope = -1;
    let lastResource = -1;
    for (const row of rows) {
      const s = scope[row];
      if (s !== lastScope) {
        const { resource, bytes } = scopes[s];
        if (resource !== lastResource) this.resource(resources[resource], inAll[resource]);
        this.scope(bytes, lengths[s]);
        lastScope = s;
        lastResource = resource;
      }
      this.record(body, start[row], end[row]);
    }
    return this.take();
  }

  /** What was written, as a copy that belongs to the caller; then begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const body = this.#writer.take();
    this.#writer.reset();
    return body;
  }

  #open(field: number, bytes: Uint8Array, length: number): void {
    this.#writer.varint((field << 3) | 2);
    this.#writer.varint(bytes.length + length);
    this.#writer.raw(bytes);
  }
}
