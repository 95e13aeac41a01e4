// Names of what a gRPC call ends with, and when a server wants to be asked again.
// @see google/rpc/code.proto, google/rpc/status.proto, google/rpc/error_details.proto

/** Names of google.rpc.Code, by number. */
export const GRPC_CODES = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS',
  'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED',
  'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED',
] as const; // prettier-ignore

export type GrpcCode = (typeof GRPC_CODES)[number];

const RETRY_INFO = '/google.rpc.RetryInfo';

/** Reads the delay of a RetryInfo in the details of a google.rpc.Status. @returns undefined where there is none to be read */
export function retryAfterMs(status: Uint8Array): number | undefined {
  // Field 3 of Status: details; fields 1 and 2 of Any: type and value; field 1 of RetryInfo: the delay.
  for (const any of messagesOf(status, 3)) {
    const [type, value] = [messagesOf(any, 1), messagesOf(any, 2)].map(([first]) => first);
    if (type === undefined || !Buffer.from(type).toString().endsWith(RETRY_INFO)) continue;
    const [delay] = value === undefined ? [] : messagesOf(value, 1);
    // A delay of nothing is written as an empty message, or not at all.
    if (delay === undefined) return 0;
    const [seconds = 0, nanos = 0] = [1, 2].map((field) => numberOf(delay, field));
    return Math.max(0, seconds * 1000 + nanos / 1e6);
  }
  return undefined;
}

/** A field of a protobuf message: a number or a length-delimited part, those of other types are passed over. */
type Field = readonly [number: number, value: number | Uint8Array];

/** Reads up to what cannot be read. */
function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    // Doubles are exact far beyond any length or delay.
    for (let value = 0, scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const type = tag % 8;
    const number = Math.floor(tag / 8);
    const length = type === 2 ? varint() : { 1: 8, 5: 4 }[type];
    if (type === 0) yield [number, varint()];
    else if (length === undefined || !(at + length <= bytes.length)) return;
    else {
      at += length;
      if (type === 2) yield [number, bytes.subarray(at - length, at)];
    }
  }
}

function messagesOf(bytes: Uint8Array, wanted: number): Uint8Array[] {
  return [...fieldsOf(bytes)].flatMap(([number, value]) =>
    number === wanted && typeof value !== 'number' ? [value] : [],
  );
}

function numberOf(bytes: Uint8Array, wanted: number): number | undefined {
  const [value] = [...fieldsOf(bytes)].flatMap(([number, found]) =>
    number === wanted && typeof found === 'number' && !Number.isNaN(found) ? [found] : [],
  );
  return value;
}
