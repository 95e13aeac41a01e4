// Which metrics there are, and how many series they have, of one and of all together. Folds nothing.
import { type Attributes, attributesKey, NO_ATTRIBUTES } from '../model/attributes.ts';
import { type Metric, metricOf, resourceOf, scopeOf } from '../model/data-point.ts';
import type { Budget } from './budgets.ts';
import { OVERFLOW_ATTRIBUTES } from './fold-plan.ts';
import { FIRST_TARGET } from './folded-streams.ts';
import type { Digest } from './series-digest.ts';
import { Target } from './target.ts';
import { type MetricStream, serviceOf, TrackedMetric } from './tracked-metric.ts';

/** Overflow series that streams of one metric share: one for each unit, kind, temporality and monotonicity. */
const MAX_SHARED = 16;
/** What of a source is left in series that several share. */
const SHARED_IDENTITY = new Set(['service.name', 'service.namespace']);
const NO_SCOPE = scopeOf({ name: '', version: '', attributes: NO_ATTRIBUTES, schemaUrl: '' });

/** Of a series beside its point, which others hold too. */
export const SERIES_BYTES = 250;
/** Of a metric with four attributes of few values. */
const METRIC_BYTES = 4500;

/** Times that the largest metric is answered from memory, and the share of its series that it must still have. */
const ASKED_AT_MOST = 100;
const STILL_LARGE = 3 / 4;

export interface MetricTableOptions {
  readonly maxTotalSeries: number;
  readonly budgets: (service: string, name: string) => Budget;
  readonly digest: Digest;
  /** Of sketches; a whole number of 32 bits. */
  readonly seed: number;
}

/** All metrics. */
export class MetricTable {
  readonly digest: Digest;
  readonly maxTotalSeries: number;
  readonly #budgets: MetricTableOptions['budgets'];
  readonly #seed: number;
  readonly #metrics = new Map<string, TrackedMetric>();
  readonly #streams = new Map<string, MetricStream>();
  #lastStream: MetricStream | undefined;
  #largest: { readonly metric: TrackedMetric | undefined; readonly size: number; asked: number } = {
    metric: undefined,
    size: 0,
    asked: 0,
  };
  #nextTarget = FIRST_TARGET;
  /** Series with a place. */
  total = 0;

  constructor({ maxTotalSeries, budgets, digest, seed }: MetricTableOptions) {
    this.maxTotalSeries = maxTotalSeries;
    this.#budgets = budgets;
    this.digest = digest;
    this.#seed = seed;
  }

  all(): IterableIterator<TrackedMetric> {
    return this.#metrics.values();
  }

  /** The stream of a metric; undefined where there is room for neither it nor its overflow series. */
  streamOf(metric: Metric, monotonicMs: number): MetricStream | undefined {
    if (this.#lastStream?.metric === metric) return this.#lastStream;
    const known = this.#streams.get(metric.key);
    const stream = known ?? this.#newStream(metric, monotonicMs);
    if (stream !== undefined) stream.seenMs = monotonicMs;
    if (known !== undefined) this.#lastStream = known;
    return stream;
  }

  /** Memory of what is known, about. */
  get sizeBytes(): number {
    return this.total * SERIES_BYTES + this.#metrics.size * METRIC_BYTES;
  }

  hasRoom(owner: TrackedMetric): boolean {
    return owner.hasRoom && this.total < this.maxTotalSeries;
  }

  /** The metric with most series, or one that had most a little ago and still has nearly as many: all are looked at for it. */
  largest(): TrackedMetric | undefined {
    const { metric, size, asked } = this.#largest;
    if (metric !== undefined && asked < ASKED_AT_MOST && metric.size >= size * STILL_LARGE) {
      this.#largest.asked++;
      return metric;
    }
    let largest: TrackedMetric | undefined;
    for (const each of this.#metrics.values()) if (each.size > (largest?.size ?? 0)) largest = each;
    this.#largest = { metric: largest, size: largest?.size ?? 0, asked: 0 };
    return largest;
  }

  /** The service with most metrics. */
  mostNames(): { readonly service: string; readonly metrics: number } {
    let most = { service: '', metrics: 0 };
    const counts = new Map<string, number>();
    for (const { service } of this.#metrics.values()) {
      const metrics = (counts.get(service) ?? 0) + 1;
      counts.set(service, metrics);
      if (metrics > most.metrics) most = { service, metrics };
    }
    return most;
  }

  /** Makes a target and gives it a place. */
  addTarget(stream: MetricStream, key: string, attributes: Attributes, usedMs: number): Target {
    return this.#add(stream.owner, key, { metric: stream.metric, attributes, usedMs });
  }

  removeTarget(owner: TrackedMetric, key: string, target: Target): void {
    if (!owner.targets.delete(key)) return;
    this.total--;
    for (const [name, shared] of owner.shared) if (shared === target) owner.shared.delete(name);
    const stream = owner.streams.get(target.metric.key);
    if (stream === undefined) return;
    stream.series--;
    if (stream.overflow !== target) return;
    stream.overflow = undefined;
    owner.overflows--;
  }

  overflowOf(stream: MetricStream): Target | undefined {
    return stream.overflow ?? stream.owner.shared.get(sharedKey(stream.metric));
  }

  /** Makes the overflow series of a stream; where it has no room for one, that of all such streams. */
  addOverflow(stream: MetricStream, usedMs: number): [key: string, target: Target] {
    const { owner } = stream;
    // The first has the place that is kept for it, also where all places together are taken.
    const isOwn = !stream.isForeign && (owner.overflows === 0 || this.hasRoom(owner));
    const metric = isOwn ? stream.metric : sharedMetric(stream.metric);
    const digest = isOwn ? stream.digest : this.digest(metric.key);
    const key = this.digest(digest + attributesKey(OVERFLOW_ATTRIBUTES));
    // Some fold may have led to it already, or one stream's own may be what all would share.
    const target = owner.targets.get(key) ?? this.#add(owner, key, { metric, attributes: OVERFLOW_ATTRIBUTES, usedMs });
    if (isOwn) {
      stream.overflow = target;
      owner.overflows++;
    } else owner.shared.set(sharedKey(metric), target);
    return [key, target];
  }

  #add(owner: TrackedMetric, key: string, described: Pick<Target, 'metric' | 'attributes' | 'usedMs'>): Target {
    const isOverflow = described.attributes === OVERFLOW_ATTRIBUTES;
    const target = new Target({ ...described, id: this.#nextTarget++, isOverflow });
    owner.targets.set(key, target);
    const stream = owner.streams.get(target.metric.key);
    if (stream !== undefined) stream.series++;
    this.total++;
    return target;
  }

  /** Forgets streams and metrics that have nothing left. @param idleBeforeMs monotonic */
  forget(idleBeforeMs: number): void {
    for (const [key, stream] of this.#streams) {
      if (stream.series > 0 || stream.overflow !== undefined || stream.seenMs >= idleBeforeMs) continue;
      this.#streams.delete(key);
      stream.owner.streams.delete(key);
      if (this.#lastStream === stream) this.#lastStream = undefined;
    }
    for (const [key, metric] of this.#metrics) if (metric.isEmpty) this.#metrics.delete(key);
  }

  #newStream(metric: Metric, seenMs: number): MetricStream | undefined {
    const service = serviceOf(metric.resource);
    const name = `${service.length}:${service}${metric.name}`;
    let owner = this.#metrics.get(name);
    if (owner === undefined) {
      if (this.#metrics.size >= this.maxTotalSeries) return undefined;
      owner = new TrackedMetric(service, metric.name, this.#budgets(service, metric.name), this.#seed);
      this.#metrics.set(name, owner);
    }
    const isForeign = owner.streams.size >= owner.budget.maxSeries || this.#streams.size >= this.maxTotalSeries;
    const mayShare = owner.shared.has(sharedKey(metric)) || owner.shared.size < MAX_SHARED;
    if (isForeign && !mayShare) return undefined;
    const digest = this.digest(metric.key);
    const stream: MetricStream = { metric, owner, digest, isForeign, overflow: undefined, series: 0, seenMs };
    if (isForeign) return stream;
    owner.streams.set(metric.key, stream);
    this.#streams.set(metric.key, stream);
    return stream;
  }
}

/** What tells metrics of one name apart whose values must not be added. */
function sharedKey({ unit, kind, temporality, isMonotonic }: Metric): string {
  return [kind, temporality, isMonotonic, unit].join(' ');
}

/** The metric of a service as a whole. */
function sharedMetric(metric: Metric): Metric {
  const attributes = metric.resource.attributes.filter(([key]) => SHARED_IDENTITY.has(key));
  return metricOf({ ...metric, resource: resourceOf(attributes), scope: NO_SCOPE });
}
