// Wires what metrics go through: from scrapes, readings and the doors to limit, aggregate and export.
import type { AggregateStage } from '../aggregate/stage.ts';
import type { Config } from '../config/schema.ts';
import type { LimitStage } from '../limit/stage.ts';
import type { MetricBatch, Resource } from '../model/data-point.ts';
import type { MonitoringStage } from '../monitoring/stage.ts';
import type { ScrapeStage } from '../scrape/stage.ts';
import type { Consumer } from './contract.ts';
import { systemLoopFigures } from './event-loop.ts';
import { fanout } from './fanout.ts';
import { createHost, type Surroundings } from './host.ts';
import type { Rooms } from './rooms.ts';

/** The stages metrics go through. */
export interface MetricStages {
  readonly scrape: ScrapeStage | undefined;
  readonly monitoring: MonitoringStage | undefined;
  readonly limit: LimitStage | undefined;
  readonly aggregate: AggregateStage | undefined;
}

/**
 * What metrics go through, each room on or off by its key and by whether it has work; whoever has metrics hands them to `first`. What is read of the
 * host and of this process is not limited: a flood of others is when it is needed most.
 *
 * @param watchers look at what has its place among the series, before windows take it in; they hold nothing up
 */
export function buildMetrics(
  config: Config,
  shared: Surroundings,
  rooms: Rooms,
  own: Resource,
  exportTo: Consumer<MetricBatch>,
  watchers: readonly Consumer<MetricBatch>[],
): { readonly first: Consumer<MetricBatch>; readonly stages: MetricStages } {
  const aggregateTo =
    config.aggregate === false
      ? undefined
      : rooms.aggregate?.create(config.aggregate, createHost('aggregate', shared), exportTo);
  const next = fanout([aggregateTo ?? exportTo, ...watchers]);
  const limitTo =
    config.limit === false ? undefined : rooms.limit?.create(config.limit, createHost('limit', shared), next);
  const first = limitTo ?? next;
  const scrapeFrom = rooms.scrape?.create(config.scrape, createHost('scrape', shared), first);
  const monitoringFrom =
    config.monitoring === false
      ? undefined
      : rooms.monitoring?.create(config.monitoring, createHost('monitoring', shared), limitTo?.own ?? next);
  if (aggregateTo !== undefined) aggregateTo.ownInstance = own.attributes;
  if (monitoringFrom !== undefined) {
    monitoringFrom.resource = own;
    monitoringFrom.loop = systemLoopFigures();
  }
  return { first, stages: { scrape: scrapeFrom, monitoring: monitoringFrom, limit: limitTo, aggregate: aggregateTo } };
}
