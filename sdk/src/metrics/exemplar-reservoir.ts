// A few measurements of one series, each with the trace it was made in. Bounded, and cheap where nothing is stored.
import type { SpanContext } from '@opentelemetry/api';

/** A measurement that was counted in a point. */
export interface SeriesExemplar {
  readonly value: number;
  /** Unix milliseconds. */
  readonly timeMs: number;
  /** Absent where it was made outside of any trace. */
  readonly spanContext: SpanContext | undefined;
}

/** Of one series between two collections. */
export const MAX_EXEMPLARS = 4;

/**
 * Keeps the largest measurement, which is what people look for, and of all a sample in which each is as likely.
 *
 * @see OpenTelemetry specification, SimpleFixedSizeExemplarReservoir; Vitter 1985, algorithm R
 */
export class ExemplarReservoir {
  readonly #size: number;
  readonly #random: () => number;
  #largest: SeriesExemplar | undefined;
  readonly #sample: SeriesExemplar[] = [];
  #seen = 0;

  /** @param size at most MAX_EXEMPLARS; the largest has one place if there are several */
  constructor(size: number = MAX_EXEMPLARS, random: () => number = Math.random) {
    this.#size = size;
    this.#random = random;
  }

  /** Whether nothing came since the last collection. */
  get isEmpty(): boolean {
    return this.#seen === 0;
  }

  offer(value: number, spanContext: SpanContext | undefined): void {
    this.#seen++;
    const room = this.#size > 1 ? this.#size - 1 : 1;
    const isLargest = this.#size > 1 && (this.#largest === undefined || value > this.#largest.value);
    const place = this.#seen <= room ? this.#seen - 1 : Math.floor(this.#random() * this.#seen);
    if (!isLargest && place >= room) return;
    const exemplar = { value, spanContext, timeMs: Date.now() };
    // The largest before may still be in the sample, as any other; it is not put there for having been the largest.
    if (isLargest) this.#largest = exemplar;
    if (place < room) this.#sample[place] = exemplar;
  }

  /**
   * Takes out what was measured up to a point's end, in ascending order of time; what is younger is left for the next.
   *
   * @param untilMs Unix milliseconds
   */
  take(untilMs: number): SeriesExemplar[] {
    const all = new Set(this.#sample);
    if (this.#largest !== undefined) all.add(this.#largest);
    const taken = [...all].filter(({ timeMs }) => timeMs <= untilMs).sort((a, b) => a.timeMs - b.timeMs);
    const rest = this.#sample.filter(({ timeMs }) => timeMs > untilMs);
    this.#sample.length = 0;
    this.#sample.push(...rest);
    this.#largest = this.#largest !== undefined && this.#largest.timeMs > untilMs ? this.#largest : undefined;
    this.#seen = rest.length;
    return taken;
  }
}
