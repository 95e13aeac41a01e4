// The bodies that every peer is sent: 512 spans of 614 bytes, traces of 1 to 40 spans over about three requests.
// Made once and kept in a file, because the sender and the sink, which are other processes, need the same.
import { readFileSync, writeFileSync } from 'node:fs';
import { pick, seeded } from '../../tests/support/random.ts';
import { bodyOf, type TestSpan, traceIdPlaces, traffic, type TrafficShape } from '../../tests/support/traffic.ts';
import { BODY_SPANS } from '../core/dataset.ts';

/** 199 680 spans. */
export const BODIES = 390;
/** A quarter of the traces with up to 40 spans and the rest with up to 9 make 8 spans a trace. */
const SMALL = { traces: 800, maxSpans: 9 };
const LARGE = { traces: 200, maxSpans: 40 };
/** Parts of a trace come from several services, whose flushes are this many bodies apart at most. */
const PARTS = 3;
const PART_DISTANCE_SPANS = BODY_SPANS;
const SHAPE = { attributes: 13, attributeSet: 'http', steady: true, errorRatio: 0.01, slowRatio: 0.02 } as const;
const ID_BYTES = 16;

/** The index of a file of bodies; traces are numbered. */
interface WorkloadIndex {
  readonly lengths: readonly number[];
  /** For every body, the trace of each of its spans, in their order on the wire. */
  readonly traces: readonly (readonly number[])[];
  /** For every body, the traces that a span of it makes everyone keep: an error, or a root of more than a second. */
  readonly forced: readonly (readonly number[])[];
  /** For every body, which of its spans are roots, by place. */
  readonly roots: readonly (readonly number[])[];
}

/** Bodies and what is known of them. */
export interface Workload extends WorkloadIndex {
  readonly bodies: readonly Buffer[];
  /** Where the trace ids stand. */
  readonly places: readonly (readonly number[])[];
}

/** Writes a workload to two files. @param skewSeconds how far the clocks of every other service are ahead */
export function writeWorkload(file: string, skewSeconds: number): void {
  const numbers = new Map<string, number>();
  const index = { lengths: [], traces: [], forced: [], roots: [] } as {
    lengths: number[];
    traces: number[][];
    forced: number[][];
    roots: number[][];
  };
  const bodies = Array.from(spansOfBodies(skewSeconds), (spans) => {
    // The order on the wire: requestOf groups spans by service, in the order in which services appear.
    const services = [...new Set(spans.map(({ service }) => service))];
    const ordered = services.flatMap((service) => spans.filter((span) => span.service === service));
    const numberOf = ({ traceId }: TestSpan): number => {
      const key = traceId.toString('latin1');
      if (!numbers.has(key)) numbers.set(key, numbers.size);
      return numbers.get(key) ?? 0;
    };
    const body = Buffer.from(bodyOf(ordered));
    index.lengths.push(body.length);
    index.traces.push(ordered.map(numberOf));
    index.forced.push(ordered.filter(isForced).map(numberOf));
    index.roots.push(ordered.flatMap(({ parentSpanId }, i) => (parentSpanId.length === 0 ? [i] : [])));
    return body;
  });
  writeFileSync(file, Buffer.concat(bodies));
  writeFileSync(`${file}.json`, JSON.stringify(index));
}

/** Reads what `writeWorkload` wrote. */
export function readWorkload(file: string): Workload {
  const all = readFileSync(file);
  const index = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as WorkloadIndex;
  let at = 0;
  const bodies = index.lengths.map((length) => all.subarray(at, (at += length)));
  return { ...index, bodies, places: bodies.map(traceIdPlaces) };
}

/** Bytes 4 to 15 of each trace id, by trace number; the first four are new each time a body is sent again. */
export function traceTails({ bodies, places, traces }: Workload): string[] {
  const tails: string[] = [];
  bodies.forEach((body, b) =>
    (places[b] ?? []).forEach((place, s) => {
      tails[traces[b]?.[s] ?? 0] = body.toString('latin1', place + 4, place + ID_BYTES);
    }),
  );
  return tails;
}

function isForced({ parentSpanId, startNs, endNs, statusCode }: TestSpan): boolean {
  return statusCode === 2 || (parentSpanId.length === 0 && endNs - startNs > 1_000_000_000n);
}

function* spansOfBodies(skewSeconds: number): Generator<TestSpan[]> {
  const random = seeded(17);
  let waiting: { at: number; span: TestSpan }[] = [];
  for (let round = 0, made = 0, taken = 0; taken < BODIES; round++) {
    for (const trace of tracesOf(round)) {
      const parts = Array.from({ length: PARTS }, (_, part) => made + part * PART_DISTANCE_SPANS);
      for (const span of trace) waiting.push({ at: parts[pick(random, PARTS)] ?? 0, span: skewed(span, skewSeconds) });
      made += trace.length;
    }
    waiting.sort((a, b) => a.at - b.at);
    // Later rounds may still add spans near the end.
    while (waiting.length > BODY_SPANS * (PARTS + 1) && taken < BODIES) {
      yield waiting.slice(0, BODY_SPANS).map(({ span }) => span);
      waiting = waiting.slice(BODY_SPANS);
      taken++;
    }
  }
}

/** A thousand traces, large ones among small ones. */
function tracesOf(round: number): TestSpan[][] {
  const make = (shape: Pick<TrafficShape, 'traces' | 'maxSpans'>, seed: number): TestSpan[][] =>
    traffic({ ...SHAPE, ...shape, seed: seed + round * 2 });
  const large = make(LARGE, 1);
  const every = SMALL.traces / LARGE.traces;
  return make(SMALL, 2).flatMap((trace, i) => (i % every === 0 ? [large[i / every] ?? [], trace] : [trace]));
}

function skewed(span: TestSpan, skewSeconds: number): TestSpan {
  const isAhead = Number(span.service.replace(/\D/g, '')) % 2 === 1;
  if (!isAhead || skewSeconds === 0) return span;
  const skewNs = BigInt(skewSeconds) * 1_000_000_000n;
  return { ...span, startNs: span.startNs + skewNs, endNs: span.endNs + skewNs };
}
