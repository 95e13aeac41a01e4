// Figures that tell at a glance what this sidecar costs and saves, and how well what it observes uses what it has.
import type { CardinalityAnswer } from '../limit/contract.ts';
import type { DataPoint } from '../model/data-point.ts';
import type { Clock } from '../pipeline/contract.ts';
import type { Telemetry } from '../pipeline/telemetry.ts';
import type { KpisAnswer } from './metrics-answers.ts';
import { Pace } from './pace.ts';
import { totalOf } from './point-books.ts';
import { senderOf } from './resource-history.ts';
import { readReuse, type SeriesView } from './reuse.ts';

export interface KpiSources {
  readonly telemetry: Telemetry;
  readonly series: SeriesView;
  /** Of this process, resident, in bytes. */
  memory(): { readonly nowBytes: number; readonly peakBytes: number };
  /** Undefined where limits are off. */
  readonly cardinality: (() => CardinalityAnswer) | undefined;
}

/** As often as a total may change its pace; reading them costs some microseconds. */
const EVERY_MS = 10_000;
const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3600;
const MAX_SENDERS = 20;
/** A histogram of pauses: its count is that of collections. @see OpenTelemetry semantic conventions, V8 JS metrics */
const COLLECTIONS = 'v8js.gc.duration';
const LOOP_DELAY = 'nodejs.eventloop.delay.p99';
const LOOP_UTILIZATION = 'nodejs.eventloop.utilization';

/** Instruments whose pace is watched; those of several components are added up. */
const WATCHED = [
  ['monitoring', 'points'],
  ['monitoring', 'points_saved'],
  ['scrape', 'points'],
  ['scrape', 'points_saved'],
  ['monitoring', 'cpu'],
  ['monitoring', 'cpu_saved'],
] as const;
type Watched = `${(typeof WATCHED)[number][0]}.${(typeof WATCHED)[number][1]}`;

/** Watches running totals from `start` on, and answers with their pace. */
export class Kpis {
  readonly #sources: KpiSources;
  readonly #clock: Clock;
  readonly #totals = new Pace();
  readonly #collections = new Pace();
  #cancel = (): void => {};

  constructor(sources: KpiSources, clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    this.#cancel();
    this.#record();
    this.#cancel = this.#clock.every(EVERY_MS, () => this.#record());
  }

  async stop(): Promise<void> {
    this.#cancel();
  }

  answer(): KpisAnswer {
    this.#record();
    const { series, memory } = this.#sources;
    return {
      paceSeconds: this.#totals.seconds('monitoring.points' satisfies Watched),
      gc: this.#gc(),
      memory: memory(),
      ...this.#monitoringCpu(),
      ...this.#points(),
      ...this.#series(),
      reuse: readReuse(series),
      eventLoops: this.#eventLoops(),
    };
  }

  #record(): void {
    const { telemetry, series } = this.#sources;
    const nowMs = this.#clock.monotonicMs();
    for (const [stage, name] of WATCHED)
      this.#totals.record(`${stage}.${name}`, nowMs, totalOf(telemetry, stage, name));
    for (const [key, { count }] of collectionsBySender(series.newest(COLLECTIONS)))
      this.#collections.record(key, nowMs, count);
  }

  #pace(name: Watched): number {
    return this.#totals.perSecond(name) ?? 0;
  }

  #gc(): KpisAnswer['gc'] {
    const bySender = collectionsBySender(this.#sources.series.newest(COLLECTIONS));
    return [...bySender]
      .flatMap(([key, { service, instance }]) => {
        const perSecond = this.#collections.perSecond(key);
        return perSecond === undefined ? [] : [{ service, instance, perHour: perSecond * HOUR_SECONDS }];
      })
      .sort((a, b) => b.perHour - a.perHour)
      .slice(0, MAX_SENDERS);
  }

  #monitoringCpu(): Pick<KpisAnswer, 'monitoringCpu'> {
    if (totalOf(this.#sources.telemetry, 'monitoring', 'cpu') === 0) return {};
    return {
      monitoringCpu: { usedRatio: this.#pace('monitoring.cpu'), savedRatio: this.#pace('monitoring.cpu_saved') },
    };
  }

  #points(): Pick<KpisAnswer, 'points'> {
    const perDayAfter = (this.#pace('monitoring.points') + this.#pace('scrape.points')) * DAY_SECONDS;
    const saved = (this.#pace('monitoring.points_saved') + this.#pace('scrape.points_saved')) * DAY_SECONDS;
    const perDayBefore = perDayAfter + saved;
    if (perDayBefore === 0) return {};
    return { points: { perDayBefore, perDayAfter, savedRatio: saved / perDayBefore } };
  }

  #series(): Pick<KpisAnswer, 'series'> {
    const cardinality = this.#sources.cardinality?.();
    if (cardinality === undefined) return {};
    const { metrics, totalSeries } = cardinality;
    const listed = metrics.reduce((sum, { series }) => sum + series, 0);
    // Estimates may lie a little below what is known to exist; of metrics beyond the list, all within budget, it is taken.
    const before = metrics.reduce((sum, each) => sum + Math.max(each.distinctSeries, each.series), 0);
    return { series: { before: before + Math.max(0, totalSeries - listed), after: totalSeries } };
  }

  #eventLoops(): KpisAnswer['eventLoops'] {
    const bySender = new Map<string, KpisAnswer['eventLoops'][number]>();
    const add = (name: string, key: 'delayP99Seconds' | 'utilizationRatio'): void => {
      for (const { metric, value, hasNoValue } of this.#sources.series.newest(name)) {
        if (hasNoValue || value.type !== 'number') continue;
        const sender = senderOf(metric.resource);
        bySender.set(metric.resource.key, { ...sender, ...bySender.get(metric.resource.key), [key]: value.value });
      }
    };
    add(LOOP_DELAY, 'delayP99Seconds');
    add(LOOP_UTILIZATION, 'utilizationRatio');
    return [...bySender.values()]
      .sort((a, b) => (b.delayP99Seconds ?? 0) - (a.delayP99Seconds ?? 0))
      .slice(0, MAX_SENDERS);
  }
}

/** Collections of every sender, all kinds together. */
function collectionsBySender(
  points: Iterable<DataPoint>,
): Map<string, { service: string; instance: string; count: number }> {
  const bySender = new Map<string, { service: string; instance: string; count: number }>();
  for (const { metric, value, hasNoValue } of points) {
    if (hasNoValue || value.type === 'number') continue;
    const known = bySender.get(metric.resource.key) ?? { ...senderOf(metric.resource), count: 0 };
    bySender.set(metric.resource.key, { ...known, count: known.count + value.count });
  }
  return bySender;
}
