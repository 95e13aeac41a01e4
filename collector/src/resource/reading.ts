// What a point says of its series: a level that holds from its time on, or what was so between the point before and it.
// Counters that begin anew are seen by their start, or by being less than they were.
import type { DataPoint, Metric } from '../model/data-point.ts';

/** What is watched of a metric. */
export type Quantity = 'value' | 'rate' | 'mean';

/** A level, where `fromMs` is absent; else what was so from then until `timeMs`. */
export interface Reading {
  readonly value: number;
  readonly timeMs: number;
  readonly fromMs?: number;
}

/** What is watched of a metric where nothing is said. @returns undefined where its points have no such value */
export function quantityOf({ kind, temporality, isMonotonic }: Metric, as: Quantity | 'auto'): Quantity | undefined {
  const isCounted = kind === 'histogram' || kind === 'exponential_histogram' || kind === 'summary';
  // What was added to and taken from since the last point says nothing of how much there is.
  const isLevel = kind === 'gauge' || (kind === 'sum' && !isMonotonic && temporality === 'cumulative');
  const isCounter = isCounted || (kind === 'sum' && isMonotonic);
  if (as === 'auto') return isLevel ? 'value' : isCounted ? 'mean' : isCounter ? 'rate' : undefined;
  if (as === 'value') return isLevel ? as : undefined;
  return (as === 'mean' ? isCounted : isCounter) ? as : undefined;
}

/** A point that is so much before the one before it is of a clock that was set back. */
const SET_BACK_MS = 150_000;

/** Of a counter: what came last. */
export class Counted {
  #timeMs = NaN;
  #startMs = 0;
  #sum = 0;
  #count = 0;

  /** @returns undefined for the first point, one that is not later than the one before, or a mean of nothing */
  take({ metric, value, startMs, timeMs }: DataPoint, quantity: 'rate' | 'mean'): Reading | undefined {
    const sum = value.type === 'number' ? value.value : value.sum;
    const count = value.type === 'number' ? 0 : value.count;
    if (timeMs < this.#timeMs - SET_BACK_MS) this.#timeMs = NaN;
    if (sum === undefined || !Number.isFinite(sum) || timeMs <= this.#timeMs) return undefined;
    const isDelta = metric.temporality === 'delta';
    const isAnew =
      sum < this.#sum || count < this.#count || (startMs > this.#startMs && startMs >= this.#timeMs) || isDelta;
    // What began since the last point counts from its beginning on; before it there was nothing that is known.
    const fromMs = isAnew ? startMs : this.#timeMs;
    const isKnown = isAnew ? startMs > 0 && (isDelta || !Number.isNaN(this.#timeMs)) : !Number.isNaN(this.#timeMs);
    const [added, calls] = isAnew ? [sum, count] : [sum - this.#sum, count - this.#count];
    this.#timeMs = timeMs;
    this.#startMs = startMs;
    this.#sum = sum;
    this.#count = count;
    if (!isKnown || fromMs >= timeMs) return undefined;
    if (quantity === 'mean') return calls > 0 ? { value: added / calls, fromMs, timeMs } : undefined;
    return { value: (added * 1000) / (timeMs - fromMs), fromMs, timeMs };
  }
}
