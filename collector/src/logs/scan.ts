// Finds the records of a logs request and what decides on them: trace id and severity. Judges structure and text on the way.
// Makes no object a record; what surrounds the records is copied once a scope.
import { checkAttribute, checkValue } from '../otlp/attributes.ts';
import { copyInto } from '../otlp/columns.ts';
import { checkResourceSpans, checkScopeSpans } from '../otlp/context-check.ts';
import { Malformed } from '../otlp/malformed.ts';
import {
  at,
  type ByteSource,
  byteSource,
  fault,
  FIXED32,
  FIXED64,
  isText,
  LENGTH,
  readTag,
  readVarint32,
  skipUnknown,
  VARINT,
} from '../otlp/wire.ts';

/** ResourceLogs in the request. */
const RESOURCE_LOGS = 0x0a;
/** ScopeLogs in ResourceLogs and LogRecord in ScopeLogs. */
const REPEATED = 0x12;
/** Bit n for field n, where a wrong wire type is a fault. */
const REQUEST_FIELDS = 0b10;
const CONTAINER_FIELDS = 0b100;
const RECORD_FIELDS = 0b1_1111_1110_1110;

/** Fields of LogRecord. @see opentelemetry-proto 1.10, logs.proto */
const SEVERITY_NUMBER = (2 << 3) | VARINT;
const SEVERITY_TEXT = (3 << 3) | LENGTH;
const BODY = (5 << 3) | LENGTH;
const ATTRIBUTE = (6 << 3) | LENGTH;
const TRACE_ID = (9 << 3) | LENGTH;
const EVENT_NAME = (12 << 3) | LENGTH;
/** By field number, the wire type of each known field: times, counts, flags and span id are only passed over. */
const WIRE_TYPES = [-1, FIXED64, VARINT, LENGTH, -1, LENGTH, LENGTH, VARINT, FIXED32, LENGTH, LENGTH, FIXED64, LENGTH];

/** SEVERITY_NUMBER_WARN. */
const WARN = 13;
const TRACE_ID_BYTES = 16;
/** Values of a record are nested so deep in the request. */
const RECORD_DEPTH = 4;

/**
 * How severity texts of WARN and more begin, for records without a number: loggers that nobody has mapped to
 * OpenTelemetry's numbers send the text alone.
 */
const SEVERE_TEXT = /^(?:warn|err|crit|fatal|severe|alert|emerg|panic)/i;
/** Letters of the longest of them; what follows does not matter. */
const SEVERE_LETTERS = 6;

const FIRST_CAPACITY = 1024;
/** More records than this have less than 64 bytes each in the largest body, which no record of a logger has. */
const MAX_RECORDS = 262_144;
/** Services have a scope a library; what gateways gather from thousands of services is passed on whole. */
const MAX_SCOPES = 4096;
/** Resources and scopes from which a request is refused, as one of traces is: empty ones cost time and no bytes. */
const MAX_CONTAINERS = 65_536;
/** What surrounds records is written again whenever some of them leave, so it must be small beside them. */
const MAX_AROUND_BYTES = 64 * 1024;

/** What surrounds the records of one scope: all fields of ScopeLogs, and of ResourceLogs, but those that repeat. */
export interface Scope {
  /** Index of its resource; scopes of one resource stand together. */
  readonly resource: number;
  readonly bytes: Buffer;
}

/** The records of one request, in columns that are reused by the next `read`. */
export class LogScan {
  /** All records of the request, also those beyond the columns. */
  count = 0;
  /** False where the request has so many records or scopes that it is passed on whole. */
  isSplittable = true;
  start = new Uint32Array(FIRST_CAPACITY);
  end = new Uint32Array(FIRST_CAPACITY);
  /** Where the 16 bytes of the trace id stand; -1 where there is none, or all are zero. */
  traceAt = new Int32Array(FIRST_CAPACITY);
  /** 1 where the severity is WARN or above. */
  isSevere = new Uint8Array(FIRST_CAPACITY);
  /** 1 where all text is UTF-8 and what surrounds the record is small: it can be sent beside records of other requests. */
  isFit = new Uint8Array(FIRST_CAPACITY);
  /** Index of each record's scope; records of one scope stand together. */
  scope = new Uint32Array(FIRST_CAPACITY);
  readonly scopes: Scope[] = [];
  readonly resources: Buffer[] = [];
  #containers = 0;

  /** Reads a request. @throws Malformed on a structural fault */
  read(body: Buffer): void {
    this.count = this.scopes.length = this.resources.length = 0;
    this.#containers = 0;
    this.isSplittable = true;
    const source = byteSource(body);
    for (let p = 0; p < body.length;) {
      const tag = readTag(body, p, body.length);
      p = skipUnknown(body, at, body.length, tag, tag === RESOURCE_LOGS ? 0 : REQUEST_FIELDS);
      if (tag === RESOURCE_LOGS) this.#resourceLogs(source, body, at, p);
    }
  }

  #resourceLogs(source: ByteSource, body: Buffer, start: number, end: number): void {
    if (++this.#containers > MAX_CONTAINERS) fault('contexts', start);
    const around = withoutRepeated(body, start, end);
    const isFit = isAllText(around, checkResourceSpans) && around.length <= MAX_AROUND_BYTES;
    if (this.resources.length === MAX_SCOPES) this.isSplittable = false;
    if (this.isSplittable) this.resources.push(around);
    for (let p = start; p < end;) {
      const tag = readTag(body, p, end);
      p = skipUnknown(body, at, end, tag, 0);
      if (tag === REPEATED) this.#scopeLogs(source, body, at, p, isFit);
    }
  }

  #scopeLogs(source: ByteSource, body: Buffer, start: number, end: number, isResourceFit: boolean): void {
    if (++this.#containers > MAX_CONTAINERS) fault('contexts', start);
    const around = withoutRepeated(body, start, end);
    const isFit = isAllText(around, checkScopeSpans) && around.length <= MAX_AROUND_BYTES && isResourceFit;
    if (this.scopes.length === MAX_SCOPES) this.isSplittable = false;
    if (this.isSplittable) this.scopes.push({ resource: this.resources.length - 1, bytes: around });
    for (let p = start; p < end;) {
      const tag = readTag(body, p, end);
      p = skipUnknown(body, at, end, tag, 0);
      if (tag === REPEATED) this.#record(source, at, p, isFit);
    }
  }

  #record(source: ByteSource, start: number, end: number, isAroundFit: boolean): void {
    const { bytes } = source;
    let severity = 0;
    let severityText = '';
    let traceAt = -1;
    let isFit = isAroundFit;
    for (let p = start; p < end;) {
      const tag = readTag(bytes, p, end);
      const value = at;
      p = skipUnknown(bytes, value, end, tag, WIRE_TYPES[tag >>> 3] === (tag & 7) ? 0 : RECORD_FIELDS);
      const content = at;
      if (tag === SEVERITY_NUMBER) severity = readVarint32(bytes, value, p) | 0;
      else if (tag === TRACE_ID) traceAt = p - content === TRACE_ID_BYTES ? content : -1;
      else if (tag === ATTRIBUTE) isFit = checkAttribute(source, content, p, RECORD_DEPTH) && isFit;
      else if (tag === BODY) isFit = checkValue(source, content, p, RECORD_DEPTH) && isFit;
      else if (tag === EVENT_NAME || tag === SEVERITY_TEXT) {
        isFit = isText(source, content, p) && isFit;
        // The number stands before the text in every canonical encoder, so that nearly no text is ever read.
        if (tag === SEVERITY_TEXT && severity === 0) severityText = letters(bytes, content, p);
      }
    }
    const row = this.count++;
    if (row === MAX_RECORDS) this.isSplittable = false;
    if (!this.isSplittable) return;
    if (row === this.start.length) this.#grow();
    this.start[row] = start;
    this.end[row] = end;
    this.traceAt[row] = traceAt >= 0 && !isZero(bytes, traceAt) ? traceAt : -1;
    this.isSevere[row] = severity >= WARN || (severity === 0 && SEVERE_TEXT.test(severityText)) ? 1 : 0;
    this.isFit[row] = isFit ? 1 : 0;
    this.scope[row] = this.scopes.length - 1;
  }

  #grow(): void {
    const capacity = this.start.length * 2;
    this.start = copyInto(new Uint32Array(capacity), this.start);
    this.end = copyInto(new Uint32Array(capacity), this.end);
    this.traceAt = copyInto(new Int32Array(capacity), this.traceAt);
    this.isSevere = copyInto(new Uint8Array(capacity), this.isSevere);
    this.isFit = copyInto(new Uint8Array(capacity), this.isFit);
    this.scope = copyInto(new Uint32Array(capacity), this.scope);
  }
}

/** Copies a container's fields but the one that repeats, which is field 2 in both. */
function withoutRepeated(body: Buffer, start: number, end: number): Buffer {
  const parts: Buffer[] = [];
  let from = start;
  for (let p = start; p < end;) {
    const field = p;
    const tag = readTag(body, p, end);
    p = skipUnknown(body, at, end, tag, tag === REPEATED ? 0 : CONTAINER_FIELDS);
    if (tag !== REPEATED) continue;
    if (field > from) parts.push(body.subarray(from, field));
    from = p;
  }
  if (end > from) parts.push(body.subarray(from, end));
  return Buffer.concat(parts);
}

/** Whether all text of a container is UTF-8. @throws Malformed on a structural fault */
function isAllText(around: Buffer, check: typeof checkResourceSpans): boolean {
  try {
    check(around, 0, around.length);
    return true;
  } catch (error) {
    if (error instanceof Malformed && error.reason === 'utf8') return false;
    throw error;
  }
}

function letters(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + SEVERE_LETTERS)));
}

function isZero(bytes: Uint8Array, start: number): boolean {
  for (let i = start; i < start + TRACE_ID_BYTES; i++) if (bytes[i] !== 0) return false;
  return true;
}
