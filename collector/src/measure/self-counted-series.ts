// Keeps spans of instances that count them themselves in series of their own, which are not shown while the instances' are.
// Whoever watches operations goes on with them: it is only what is told of counts that is not ours to tell.
import type { DataPoint } from '../model/data-point.ts';
import { readSource } from '../otlp/context-check.ts';
import type { Context, ContextTable } from '../otlp/context-table.ts';
import type { SeriesOwner } from './contract.ts';
import { CountedByServices, operationKey, serviceOf } from './counted-by-services.ts';
import { SELF_COUNTED } from './series-key.ts';
import type { SpanMetrics } from './span-metrics.ts';

/** Says whose a series is, and is told of one that is about to be forgotten. */
interface Owners {
  ownerAt(row: number): SeriesOwner;
  readonly expiring: ((row: number) => void) | undefined;
}

/** Joins what services count with the series table. */
export class SelfCountedSeries {
  readonly #metrics: SpanMetrics;
  readonly #owners: Owners;
  readonly #counted = new CountedByServices();

  constructor(metrics: SpanMetrics, owners: Owners) {
    this.#metrics = metrics;
    this.#owners = owners;
    metrics.countsItself = (context) => this.#countsItself(context);
  }

  /** Operations that are counted by their service. */
  get operations(): number {
    return this.#counted.count;
  }

  isShownElsewhere(row: number): boolean {
    if ((this.#metrics.keyOf(row).packed & SELF_COUNTED) === 0) return false;
    const { service, name, kind } = this.#owners.ownerAt(row);
    return this.#counted.covers(service, name, kind);
  }

  /** Looks for span metrics among points. @param nowMs monotonic */
  take(points: readonly DataPoint[], contexts: ContextTable | undefined, nowMs: number): void {
    const begun = this.#counted.take(points, nowMs);
    if (begun.size === 0) return;
    this.#mark(contexts);
    const services = new Set([...begun].map(serviceOf));
    // Until now its spans were counted with those of other instances; these begin at 0.
    this.#forget(nowMs, ({ service, name, kind }, isSelfCounted) => {
      if (isSelfCounted) return false;
      if (kind === '') return services.has(service);
      return begun.has(operationKey(service, name, kind)) || begun.has(operationKey(service, '', ''));
    });
  }

  /** Shows operations again, from 0, whose instances have all stopped counting: what came meanwhile was shown by them. */
  resume(contexts: ContextTable | undefined, nowMs: number): void {
    if (!this.#counted.expire(nowMs)) return;
    this.#mark(contexts);
    this.#forget(nowMs, ({ service, name, kind }, isSelfCounted) => {
      return isSelfCounted && !this.#counted.covers(service, name, kind);
    });
  }

  #mark(contexts: ContextTable | undefined): void {
    for (const context of contexts?.slots ?? []) {
      if (context === undefined) continue;
      this.#metrics.selfCounted[context.id] = this.#countsItself(context) ? SELF_COUNTED : 0;
    }
  }

  #countsItself({ bytes, resourceLength }: Context): boolean {
    if (this.#counted.count === 0) return false;
    const { service, instance } = readSource(bytes.subarray(0, resourceLength));
    return this.#counted.isSender(service, instance);
  }

  #forget(nowMs: number, isMeant: (owner: SeriesOwner, isSelfCounted: boolean) => boolean): void {
    const metrics = this.#metrics;
    for (let row = 0; row < metrics.rows; row++) {
      if (metrics.buckets[row] === undefined) continue;
      const isSelfCounted = (metrics.keyOf(row).packed & SELF_COUNTED) !== 0;
      // As one that has rested for ever.
      if (isMeant(this.#owners.ownerAt(row), isSelfCounted)) metrics.usedMs[row] = -Infinity;
    }
    metrics.expire(nowMs, this.#owners.expiring);
  }
}
