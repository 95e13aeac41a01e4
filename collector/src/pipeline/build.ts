// Wires the fixed order, from export back to receive. Each room is here once, and nowhere else but in `rooms.ts`, which
// imports it.
import { createHash, randomBytes } from 'node:crypto';
import { thisMachine } from '../config/machine.ts';
import { longestWaitMs } from '../config/longest-wait.ts';
import type { Config } from '../config/schema.ts';
import type { AlertStage } from '../alert/stage.ts';
import type { BaselineStage } from '../baseline/stage.ts';
import type { ViolationGroup } from '../baseline/contract.ts';
import type { ExportStage } from '../export/stage.ts';
import type { LogsStage } from '../logs/stage.ts';
import type { MeasureStage } from '../measure/stage.ts';
import type { MetricBatch } from '../model/data-point.ts';
import type { ReceiveConfig } from '../receive/config.ts';
import type { ReceiveStage } from '../receive/stage.ts';
import type { ReportStage } from '../report/stage.ts';
import type { RemoteSamplingStage } from '../remote-sampling/stage.ts';
import type { ResourceStage } from '../resource/stage.ts';
import { readSource } from '../otlp/context-check.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { SampleStage } from '../sample/stage.ts';
import type { KeptBatch, LogsBody } from '../sample/contract.ts';
import type { StoreStage } from '../store/stage.ts';
import { VERSION } from '../version.ts';
import type { TargetStage } from '../target/stage.ts';
import type { Consumer, Stage } from './contract.ts';
import { buildOperations } from './build-operations.ts';
import { buildMetrics, type MetricStages } from './build-metrics.ts';
import { buildResources } from './build-resources.ts';
import { buildReport } from './build-report.ts';
import { DataLossWatch } from './data-loss.ts';
import { bySignal, fanout } from './fanout.ts';
import { keepAlerts } from './keep-alerts.ts';
import { createHost, type Surroundings } from './host.ts';
import { tracesBetween } from './kept-traces.ts';
import { lossSources } from './loss-sources.ts';
import { configuredSizes, type MemoryShares, memoryShares } from './memory.ts';
import { ownResource } from './own-resource.ts';
import { type Rooms, ROOMS } from './rooms.ts';
import { Trail } from './trail.ts';

/** Slices of the hard caps and steps of the clock add to the wait of a trace; records that follow it outlast them. */
const AFTER_DECISION_MS = 5000;
/** After a change of a violation every reading of the host is handed on for so long. */
const URGENT_MS = 60_000;

/** The stages of one sidecar. `inOrder` is the order of the flow: stopped from the front, started from the back. */
export interface Pipeline {
  readonly receive: ReceiveStage;
  readonly measure: MeasureStage | undefined;
  readonly baseline: BaselineStage | undefined;
  readonly target: TargetStage | undefined;
  readonly alert: AlertStage | undefined;
  readonly remoteSampling: RemoteSamplingStage | undefined;
  readonly resources: ResourceStage | undefined;
  readonly sample: SampleStage;
  /** Where logs follow their trace. */
  readonly logs: LogsStage | undefined;
  readonly report: ReportStage | undefined;
  readonly store: StoreStage | undefined;
  readonly export: ExportStage;
  readonly metrics: MetricStages;
  readonly inOrder: readonly { readonly name: string; readonly stage: Stage<never> }[];
}

/** Makes every stage. Nothing runs before `start`. */
export function buildPipeline(config: Config, shared: Surroundings, rooms: Rooms): Pipeline {
  const { sampleConfig } = rooms;
  const shares = memoryShares(config.memory_limit, configuredSizes(config));
  for (const { name, instruments } of ROOMS) shared.telemetry.declare(name, instruments);

  const exportTo = rooms.exportStage.create(withSizes(config.export, shares), createHost('export', shared));
  const storeTo = createStore(rooms, config, shared);
  // Examples for series, and who calls whom, are taken from what was kept, so these two stages hear of it too.
  const shown: Consumer<KeptBatch> = { consume: (batch) => operations.kept.consume(batch) };
  const kept = fanout<KeptBatch>(storeTo === undefined ? [exportTo, shown] : [exportTo, storeTo, shown]);
  const sampleTo = rooms.sample.create(
    { ...sampleConfig, max_pending: shares.pendingBytes, max_decisions: shares.maxDecisions },
    createHost('sample', shared),
    kept,
  );
  if (sampleConfig.ledger.max_disk > 0) sampleTo.history.archive = storeTo;
  sampleTo.history.ring = storeTo;
  // What exporters have still to deliver is the one thing that flows back, as a number.
  sampleTo.queueFill = () => exportTo.queueFill();
  exportTo.exemplars.traceState = (traceId) => sampleTo.stateOf(...wordsOf(traceId));
  exportTo.exemplars.waitMs = longestWaitMs(config) + AFTER_DECISION_MS;
  const logsTo = createLogs(rooms, config, shares, shared, sampleTo, exportTo);
  const operations = buildOperations(rooms, config, shared, sampleTo, storeTo?.state);
  if (storeTo !== undefined) lookIntoTraces(operations.baseline, storeTo);
  const own = ownResource(config, thisMachine().hostName, shared.random);
  exportTo.ownResource = own;
  const resources = buildResources(rooms, config, shared, own, storeTo?.state, operations.baseline);
  const reports = buildReport({ rooms, config, shared, operations, store: storeTo, resources });
  const { metricsSeen } = operations.measure ?? {};
  const looking = [metricsSeen, resources, operations.target, ...reports.watchers];
  const watchers = looking.filter((watcher) => watcher !== undefined);
  const metricConfig = { ...config, limit: limitOf(config, shares) };
  const metrics = buildMetrics(metricConfig, shared, rooms, own, exportTo.metrics, watchers);
  operations.listeners.push((group) => readClosely(metrics.stages, group));
  const receiveFrom = rooms.receive.create(
    receiveConfig(config, shares, logsTo !== undefined || sendsLogsByGrpc(config.export)),
    createHost('receive', shared),
    bySignal<SpanBatch, MetricBatch, LogsBody>({
      traces: operations.first,
      metrics: metrics.first,
      logs: logsTo ?? exportTo,
    }),
  );
  // From the system's source: the host's randomness may be the same in two sidecars, which then take each other's for their own.
  const trail = new Trail(randomBytes(8).toString('hex'), shared.clock);
  exportTo.marks = (signal) => trail.headers(signal);
  receiveFrom.originOf = (header, signal) => trail.read(header, signal);
  const { measure, target, baseline, alert, remoteSampling } = operations;
  if (baseline !== undefined) tellChanges(config, receiveFrom, baseline);
  receiveFrom.hadNoRoom = () => baseline?.refused();
  const data_loss = createDataLossWatch(config, shared, exportTo, baseline);
  const kept_alerts = alert && storeTo && keepAlerts(alert, storeTo.state, createHost('alert', shared));
  const watch = { data_loss, target, measure, baseline, alert, kept_alerts, remote_sampling: remoteSampling };
  const front = { receive: receiveFrom, ...metrics.stages, resources, ...watch };
  const stages = { ...front, sample: sampleTo, logs: logsTo, export: exportTo, report: reports.stage, store: storeTo };
  const inOrder = Object.entries(stages).flatMap(([name, stage]) => (stage === undefined ? [] : [{ name, stage }]));
  return { ...stages, remoteSampling, metrics: metrics.stages, inOrder };
}

/** The host is read closely while something is wrong. */
function readClosely({ monitoring }: MetricStages, { severity }: ViolationGroup): void {
  if (severity !== 'none') monitoring?.urgent('all', URGENT_MS);
}

function createStore(rooms: Rooms, { store }: Config, shared: Surroundings): StoreStage | undefined {
  if (store === false) return undefined;
  const max_decision_disk = rooms.sampleConfig.ledger.max_disk;
  return rooms.store?.create({ ...store, max_decision_disk }, createHost('store', shared));
}

/** Violations name what was changed shortly before them: of a service, or of how this sidecar runs. */
function tellChanges(config: Config, receive: ReceiveStage, baseline: BaselineStage): void {
  receive.contextAdded = ({ bytes, resourceLength }) =>
    baseline.releases.see(readSource(bytes.subarray(0, resourceLength)));
  // A configuration may hold secrets; of its digest nothing can be told but that it is another.
  const fingerprint = createHash('sha256').update(JSON.stringify(config)).digest('hex');
  baseline.releases.sidecarRun = { fingerprint, version: VERSION };
}

/** The ring has traces that tell more of violations. */
function lookIntoTraces(baseline: BaselineStage | undefined, store: StoreStage): void {
  baseline?.investigate({
    between: (subject, fromMs, toMs, limit) => tracesBetween(store, subject, [fromMs, toMs], limit),
  });
}

/** What is lost is said like every other violation; where nothing is watched, the log says it. */
function createDataLossWatch(
  config: Config,
  { clock, telemetry }: Surroundings,
  exportTo: ExportStage,
  baseline: BaselineStage | undefined,
): DataLossWatch | undefined {
  return baseline && new DataLossWatch(clock, baseline.sink, lossSources(config, telemetry, exportTo.queues()));
}

/** The four words of a trace id in hexadecimal digits. */
function wordsOf(traceId: string): [number, number, number, number] {
  const word = (i: number): number => Number.parseInt(traceId.slice(i * 8, i * 8 + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

function receiveConfig(config: Config, shares: MemoryShares, unpacksLogs: boolean): ReceiveConfig {
  const { http } = config.receive;
  return {
    ...config.receive,
    http: { ...http, max_in_flight: shares.inFlightBytes },
    sources: config.sources,
    redaction: config.redaction,
    dimensions: config.measure === false ? [] : config.measure.dimensions,
    max_arena: shares.arenaBytes,
    unpack_logs: unpacksLogs,
  };
}

function createLogs(
  rooms: Rooms,
  config: Config,
  shares: MemoryShares,
  shared: Surroundings,
  decider: SampleStage,
  next: Consumer<LogsBody>,
): LogsStage | undefined {
  if (config.logs === false || rooms.logs === undefined) return undefined;
  const { unseen_wait, max_wait = longestWaitMs(config) + unseen_wait + AFTER_DECISION_MS } = config.logs;
  const options = { ...config.logs, max_held: shares.heldLogBytes, max_wait };
  const stage = rooms.logs.create(options, createHost('logs', shared), next);
  // Decisions flow on to the logs; what is known of a trace is asked as its records come.
  decider.decided = (kept, id0, id1, id2, id3) => stage.decided(kept, id0, id1, id2, id3);
  stage.stateOf = (id0, id1, id2, id3) => decider.stateOf(id0, id1, id2, id3);
  return stage;
}

function limitOf({ limit }: Config, { maxTotalSeries }: MemoryShares): Config['limit'] {
  return limit === false ? false : { ...limit, max_total_series: maxTotalSeries };
}

function withSizes(config: Config['export'], shares: MemoryShares): Config['export'] {
  const sized = <E extends { max_queue?: number | undefined }>(exporters: Record<string, E>): Record<string, E> => {
    const entries = Object.entries(exporters).map(([name, exporter]) => {
      return [name, { ...exporter, max_queue: exporter.max_queue ?? shares.queueBytes }] as const;
    });
    return Object.fromEntries(entries);
  };
  return {
    ...config,
    max_series: shares.maxSeries,
    otlp: sized(config.otlp),
    remote_write: sized(config.remote_write),
  };
}

/** Over gRPC logs go in protobuf only, and compressed by us. */
function sendsLogsByGrpc({ otlp }: Config['export']): boolean {
  return Object.values(otlp).some(({ protocol, signals }) => protocol === 'grpc' && signals.includes('logs'));
}
