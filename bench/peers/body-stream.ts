// An endless stream of the bodies of a workload, each time with other ids, or disguised as something worse.
import type { Workload } from './workload.ts';

/**
 * What the stream is made to look like: `one-trace`, all spans of a single trace; `long-traces`, every hundredth
 * trace's spans but its root belong to traces that live a minute; `new-names`, no two spans have the same name.
 */
export type Disguise = 'one-trace' | 'long-traces' | 'new-names';

const TRACE_ID_BYTES = 16;
/** Tag and length stand before the span id, which follows the trace id. */
const SPAN_ID_PLACE = TRACE_ID_BYTES + 2;
const LONG_EVERY = 100;
const LONG_LIFE_MS = 60_000;
/** One of a hundred traces of 8 spans at 20 k spans/s. */
const LONG_PER_SECOND = 25;
const NAME_TAG = 0x2a;
/** Serials of traces that live long, out of the way of all others. */
const LONG_SERIAL = 0x40_00_00_00;

/** Hands out bodies, rewritten in place, for good where they are disguised; each must be on its way by the time its workload's number of further ones was handed out. */
export class BodyStream {
  readonly #workload: Workload;
  readonly #disguise: Disguise | undefined;
  readonly #names: readonly (readonly number[])[];
  readonly #startMs = performance.now();
  #serial: number;
  #next = 0;
  #made = 0;

  constructor(workload: Workload, firstSerial: number, disguise?: Disguise) {
    this.#workload = workload;
    this.#serial = firstSerial;
    this.#disguise = disguise;
    const { bodies, places } = workload;
    this.#names =
      disguise === 'new-names' ? bodies.map((body, b) => (places[b] ?? []).map((at) => nameOf(body, at))) : [];
  }

  next(): Buffer {
    const { bodies } = this.#workload;
    if (this.#next === bodies.length) {
      this.#next = 0;
      this.#serial++;
    }
    const b = this.#next++;
    const body = bodies[b] ?? Buffer.alloc(0);
    (this.#workload.places[b] ?? []).forEach((place, s) => this.#renew(body, place, b, s));
    return body;
  }

  #renew(body: Buffer, place: number, b: number, s: number): void {
    body.writeUInt32LE(this.#serial, place);
    const { traces, roots } = this.#workload;
    if (this.#disguise === 'one-trace') {
      body.fill(7, place + 4, place + TRACE_ID_BYTES);
      body.writeUInt32LE(0, place);
      // The bodies would repeat themselves otherwise, and a repeated body is not counted again.
      body.writeUInt32LE(this.#made++, place + SPAN_ID_PLACE);
    } else if (this.#disguise === 'long-traces') {
      const isLong = (traces[b]?.[s] ?? 1) % LONG_EVERY === 0 && roots[b]?.includes(s) === false;
      if (isLong) this.#makeLong(body, place);
    } else if (this.#disguise === 'new-names') {
      const at = this.#names[b]?.[s] ?? 0;
      const length = body[at - 1] ?? 0;
      body.write((this.#made++).toString(36).padStart(length, 'n'), at, length, 'latin1');
    }
  }

  /** One of those alive now, each in its turn. */
  #makeLong(body: Buffer, place: number): void {
    const aliveMs = performance.now() - this.#startMs;
    const newest = Math.floor((aliveMs * LONG_PER_SECOND) / 1000);
    const alive = Math.min(newest, (LONG_LIFE_MS * LONG_PER_SECOND) / 1000) + 1;
    const trace = newest - (this.#made++ % alive);
    body.fill(9, place + 4, place + 12);
    body.writeUInt32LE(Math.imul(trace + 1, 0x9e_37_79_b1) >>> 0, place + 12);
    body.writeUInt32LE(LONG_SERIAL, place);
  }
}

/** Where the text of a span's name begins; all fields before it have lengths. */
function nameOf(body: Buffer, traceIdPlace: number): number {
  let p = traceIdPlace + TRACE_ID_BYTES;
  while (p < body.length && body[p] !== NAME_TAG) p += 2 + (body[p + 1] ?? 0);
  return p + 2;
}
