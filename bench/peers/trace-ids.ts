// Finds trace ids in OTLP bodies of anyone: fields may come in any order, as the OpenTelemetry Collector's do.

/** From the request through resource and scope to a span's trace id; all are length-delimited. */
const PATH = [0x0a, 0x12, 0x12, 0x0a];
/** What follows a tag of these wire types, in bytes. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
const VARINT = 0;

/** Where every span's trace id begins. The body is taken to be well formed. */
export function traceIdPlaces(body: Buffer): number[] {
  const places: number[] = [];
  collect(body, 0, body.length, 0, places);
  return places;
}

function collect(body: Buffer, start: number, end: number, depth: number, places: number[]): void {
  for (let p = start; p < end;) {
    const tag = body[p] ?? 0;
    while ((body[p++] ?? 0) >= 128);
    const fixed = FIXED_BYTES[tag & 7];
    if (fixed !== undefined) {
      p += fixed;
      continue;
    }
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = body[p++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128 || shift > 63) break;
    }
    if ((tag & 7) === VARINT) continue;
    if (tag === PATH[depth]) {
      if (depth === PATH.length - 1) places.push(p);
      else collect(body, p, p + value, depth + 1, places);
    }
    p += value;
  }
}
