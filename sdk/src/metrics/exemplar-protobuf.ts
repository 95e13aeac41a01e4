// Puts exemplars into a serialised OTLP/protobuf request: appended to their points, lengths around them written anew,
// every other byte as it was.
import type { AttributeValue } from '@opentelemetry/api';
import { type PlacedExemplars, placeOf, type PointExemplar } from './exemplar-join.ts';

const LENGTH_DELIMITED = 2;

/** Field numbers on the way to a point. @see opentelemetry/proto/metrics/v1/metrics.proto */
const RESOURCE_METRICS = 1;
const SCOPE_METRICS = 2;
const METRICS = 2;
const DATA_POINTS = 1;

/** By the field of the metric's data, the field of exemplars in its points: gauge, sum, histogram, exponential histogram. */
const EXEMPLARS_BY_DATA: ReadonlyMap<number, number> = new Map([
  [5, 5],
  [7, 5],
  [9, 8],
  [10, 11],
]);

/** @param request one resource's metrics, as the SDK's serializer writes them */
export function addToProtobuf(request: Uint8Array, exemplars: PlacedExemplars): Uint8Array {
  const metricOf = (s: number, m: number): Change => {
    return (metric) =>
      changed(metric, (data) => {
        const field = EXEMPLARS_BY_DATA.get(data);
        if (field === undefined) return undefined;
        let p = 0;
        return (points) =>
          changed(points, (each) => {
            if (each !== DATA_POINTS) return undefined;
            const own = exemplars.get(placeOf(s, m, p++));
            return own && ((point) => Buffer.concat([point, ...own.map((one) => message(field, exemplarBytes(one)))]));
          });
      });
  };
  const scopeOf = (s: number): Change => {
    let m = 0;
    return (scope) => changed(scope, (field) => (field === METRICS ? metricOf(s, m++) : undefined));
  };
  let s = 0;
  return changed(request, (field) => {
    if (field !== RESOURCE_METRICS) return undefined;
    return (resource) => changed(resource, (each) => (each === SCOPE_METRICS ? scopeOf(s++) : undefined));
  });
}

/** Makes a message of a message. */
type Change = (message: Uint8Array) => Uint8Array;

/** Copies a message, with those of its messages changed for which there is a change. Anything else stays as it is. */
function changed(source: Uint8Array, changeOf: (field: number) => Change | undefined): Uint8Array {
  const parts: Uint8Array[] = [];
  /** Up to here everything was copied. */
  let copied = 0;
  for (let p = 0; p < source.length;) {
    const tag = varint(source, p);
    const value = skip(source, tag.end, tag.value & 7);
    const change = (tag.value & 7) === LENGTH_DELIMITED ? changeOf(tag.value >>> 3) : undefined;
    if (change !== undefined) {
      const before = source.subarray(value.start, value.end);
      const after = change(before);
      if (after !== before) {
        parts.push(source.subarray(copied, tag.end), varintBytes(after.length), after);
        copied = value.end;
      }
    }
    p = value.end;
  }
  if (copied === 0) return source;
  return Buffer.concat([...parts, source.subarray(copied)]);
}

function varint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  let p = start;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[p++] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return { value, end: p };
  }
}

/** Where the value of a field is: for one with a length without it. */
function skip(bytes: Uint8Array, start: number, wireType: number): { start: number; end: number } {
  if (wireType === 0) return { start, end: varint(bytes, start).end };
  if (wireType === 1) return { start, end: start + 8 };
  if (wireType === 5) return { start, end: start + 4 };
  const length = varint(bytes, start);
  return { start: length.end, end: length.end + length.value };
}

function exemplarBytes({ value, isInteger, timeMs, spanContext, filteredAttributes }: PointExemplar): Buffer {
  const parts = [fixed64(2, BigInt(Math.round(timeMs)) * 1_000_000n)];
  parts.push(isInteger ? fixed64(6, BigInt(Math.trunc(value))) : double(3, value));
  if (spanContext !== undefined) {
    parts.push(message(4, Buffer.from(spanContext.spanId, 'hex')), message(5, Buffer.from(spanContext.traceId, 'hex')));
  }
  for (const [key, each] of Object.entries(filteredAttributes)) {
    if (each === undefined) continue;
    parts.push(message(7, Buffer.concat([message(1, Buffer.from(key)), message(2, anyValue(each))])));
  }
  return Buffer.concat(parts);
}

function anyValue(value: AttributeValue | null | undefined): Uint8Array {
  if (typeof value === 'string') return message(1, Buffer.from(value));
  if (typeof value === 'boolean') return Uint8Array.of(2 << 3, value ? 1 : 0);
  if (typeof value === 'number' && !Number.isInteger(value)) return double(4, value);
  if (typeof value === 'number') return Buffer.concat([Uint8Array.of(3 << 3), bigVarint(BigInt(value))]);
  if (!Array.isArray(value)) return new Uint8Array(0);
  return message(5, Buffer.concat(value.map((each) => message(1, anyValue(each)))));
}

function message(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varintBytes(field * 8 + LENGTH_DELIMITED), varintBytes(bytes.length), bytes]);
}

function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9, field * 8 + 1);
  bytes.writeBigInt64LE(value, 1);
  return bytes;
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9, field * 8 + 1);
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function varintBytes(value: number): Uint8Array {
  return bigVarint(BigInt(value));
}

/** Negative ones as protobuf has them: in 64 bits. */
function bigVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  bytes.push(Number(left));
  return Uint8Array.from(bytes);
}
