// One sidecar: its stages, metrics page and web page, started from the back and stopped from the front.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config/schema.ts';
import { EvenkeelError } from './errors.ts';
import type { exportInstruments } from './export/instruments.ts';
import { PrometheusPage } from './export/prometheus.ts';
import type { CardinalityAnswer, CardinalityView } from './limit/contract.ts';
import { buildPipeline, type Pipeline } from './pipeline/build.ts';
import type { Clock, Host, Stage } from './pipeline/contract.ts';
import { systemClock } from './pipeline/clock.ts';
import { EventLoop, systemLoopProbe } from './pipeline/event-loop.ts';
import { createHost, type LogSink } from './pipeline/host.ts';
import { checkLocks, exposures } from './pipeline/locks.ts';
import { Telemetry } from './pipeline/telemetry.ts';
import type { collectorInstruments } from './pipeline/own-instruments.ts';
import { collectAll } from './pipeline/own-metrics.ts';
import { importRooms, type Rooms } from './pipeline/rooms.ts';
import { VERSION } from './version.ts';
import { readBooks } from './web/books.ts';
import type { BooksAnswer, HealthAnswer } from './web/api.ts';
import type { webInstruments } from './web/instruments.ts';
import type { Kpis } from './web/kpis.ts';
import type { WebServer } from './web/server.ts';

/** A stage that takes longer to start is named as the culprit. */
const START_WITHIN_MS = 10_000;

/** Where a running sidecar is found; absent what is switched off. */
export interface CollectorUrls {
  readonly otlpHttp: string;
  readonly otlpGrpc?: string;
  readonly metrics?: string;
  readonly page?: string;
}

export interface CollectorOptions {
  readonly clock?: Clock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** One line a call. */
  readonly log?: LogSink;
}

/** A sidecar. `start` once, `stop` any number of times. */
export interface Collector {
  /**
   * @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID, TOKENS_UNUSABLE before anything starts; PORT_IN_USE,
   * LISTEN_FAILED, STORE_UNUSABLE, STORE_FOREIGN, START_TIMEOUT: whatever had started is stopped again
   */
  start(): Promise<CollectorUrls>;
  /** Takes nothing more in, decides and delivers what waits within the configured limit, then closes. */
  stop(): Promise<void>;
  /** What came in is where it went. */
  books(): BooksAnswer;
}

/** Makes a sidecar from a checked configuration, and imports what that one needs. Nothing runs before `start`. */
export async function createCollector(config: Config, options: CollectorOptions = {}): Promise<Collector> {
  return new Sidecar(config, await importRooms(config), options);
}

interface Part {
  readonly name: string;
  readonly stage: Pick<Stage<never>, 'start' | 'stop'>;
}

class Sidecar implements Collector {
  readonly #telemetry = new Telemetry();
  readonly #clock: Clock;
  readonly #config: Config;
  readonly #pipeline: Pipeline;
  readonly #metrics: PrometheusPage | undefined;
  readonly #eventLoop: EventLoop;
  readonly #web: { readonly server: WebServer; readonly kpis: Kpis } | undefined;
  readonly #startedMs: number;
  readonly #host: Host<keyof typeof collectorInstruments>;
  #status: HealthAnswer['status'] = 'starting';
  #opening: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    config: Config,
    rooms: Rooms,
    { clock = systemClock, random = Math.random, log = () => {} }: CollectorOptions,
  ) {
    this.#config = config;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    const shared = { clock, random, log, telemetry: this.#telemetry };
    this.#host = createHost('collector', shared);
    this.#pipeline = buildPipeline(config, shared, rooms);
    this.#host.record('memory_limit', config.memory_limit);
    const { inOrder, metrics } = this.#pipeline;
    const uptimeSeconds = (): number => (this.#clock.monotonicMs() - this.#startedMs) / 1000;
    const collect = (stages = inOrder): ReturnType<typeof collectAll> =>
      collectAll(stages, this.#telemetry, uptimeSeconds(), this.#eventLoop, metrics.monitoring?.gives);
    const exportTo = this.#pipeline.export;
    exportTo.collectOwn = () => collect(inOrder.filter(({ stage }) => stage !== exportTo));
    this.#eventLoop = new EventLoop(clock, systemLoopProbe());
    const page = config.export.prometheus;
    const pageHost = createHost<keyof typeof exportInstruments>('export', shared);
    const aliases = (): ReturnType<typeof exportTo.aliases> => exportTo.aliases();
    this.#metrics =
      page === false ? undefined : new PrometheusPage(page, () => collect(), this.#startedMs, pageHost, aliases);
    const webHost = createHost<keyof typeof webInstruments>('web', shared);
    this.#web =
      config.web === false || rooms.web === undefined ? undefined : this.#createWeb(config.web, rooms.web, webHost);
  }

  async start(): Promise<CollectorUrls> {
    checkLocks(this.#config);
    try {
      await (this.#opening = this.#open());
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.#status === 'starting') this.#status = 'ok';
    for (const [setting, problem] of exposures(this.#config)) this.#host.log('warning', `EXPOSED_${setting}`, problem);
    const { receive } = this.#pipeline;
    return {
      otlpHttp: receive.url,
      ...(receive.grpcUrl === undefined ? {} : { otlpGrpc: receive.grpcUrl }),
      ...(this.#metrics === undefined ? {} : { metrics: `${this.#metrics.url}/metrics` }),
      ...(this.#web === undefined ? {} : { page: this.#web.server.url }),
    };
  }

  stop(): Promise<void> {
    this.#status = 'stopping';
    return (this.#stopping ??= this.#stopAll());
  }

  books(): BooksAnswer {
    const { sample, logs, store, metrics } = this.#pipeline;
    return readBooks({
      telemetry: this.#telemetry,
      followsLogs: logs !== undefined,
      metricRooms: { limit: metrics.limit !== undefined, aggregate: metrics.aggregate !== undefined },
      pendingSpans: () => sample.pendingSpans(),
      unknownThresholds: () => sample.unknownThresholds(),
      storeStats: () => store?.stats(),
      exporters: () => this.#pipeline.export.exporterNames(),
      memoryLimitBytes: this.#config.memory_limit,
      rssBytes: () => process.memoryUsage.rss(),
    });
  }

  async #open(): Promise<void> {
    // From the back, so that nobody is handed anything before it is ready; the door opens last.
    for (const part of this.#parts().toReversed()) {
      if (this.#status === 'stopping') return;
      await startWithin(part, this.#clock);
    }
  }

  async #stopAll(): Promise<void> {
    // A part that is still starting would open after it was closed.
    await this.#opening?.catch(() => {});
    for (const { name, stage } of this.#parts()) {
      try {
        await stage.stop?.();
      } catch (error) {
        // The others still have to be closed.
        this.#host.log('error', `STOP_${name}`, `${name} did not stop cleanly: ${String(error)}`);
      }
    }
  }

  /** In the order of stopping: first the doors, last what is asked about the others. */
  #parts(): Part[] {
    const parts: Part[] = [...this.#pipeline.inOrder];
    if (this.#metrics !== undefined) parts.push({ name: 'metrics page', stage: this.#metrics });
    // One probe of the loop is enough: each wakes an idle process twenty times a second.
    const isProbed = this.#pipeline.metrics.monitoring?.probesLoop === true;
    if (this.#metrics !== undefined && !isProbed) parts.push({ name: 'event loop', stage: this.#eventLoop });
    if (this.#web !== undefined)
      parts.push({ name: 'figures', stage: this.#web.kpis }, { name: 'web', stage: this.#web.server });
    return parts;
  }

  #createWeb(
    config: Exclude<Config['web'], false>,
    code: NonNullable<Rooms['web']>,
    host: Host<keyof typeof webInstruments>,
  ): { readonly server: WebServer; readonly kpis: Kpis } {
    const {
      measure,
      baseline,
      alert,
      target,
      resources: lines,
      remoteSampling,
      report,
      store,
      metrics,
    } = this.#pipeline;
    const { export: exportTo } = this.#pipeline;
    const cardinality = cardinalityOf(metrics.limit);
    const kpis = new code.Kpis(
      { telemetry: this.#telemetry, series: exportTo, memory: residentMemory, cardinality },
      this.#clock,
    );
    const resources = new code.ResourceHistory(this.#clock, exportTo.ownResource);
    exportTo.watch = (points) => resources.take(points);
    const server = new code.WebServer(
      config,
      host,
      {
        operations: measure,
        traces: store,
        strategies: remoteSampling,
        cardinality,
        reports: report,
        baselines: baseline && new code.StageView(baseline, () => this.#clock.nowMs()),
        alerts: alert && new code.StageAlerts(alert, () => this.#clock.nowMs()),
        targets: target && (() => target.answer()),
        kpis: () => kpis.answer(),
        resources: (service, instance) => resources.answer(service, instance),
        resourceLines: lines && (() => lines.lines()),
        books: () => this.books(),
        why: (traceId) => this.#pipeline.sample.why(traceId),
        sampling: () => this.#pipeline.sample.state(),
        pin: (wish) => this.#pipeline.sample.pin(wish),
        baselineChanges: this.#pipeline.baseline,
        health: () => ({ status: this.#status, version: VERSION }),
      },
      pageFolder(),
    );
    return { server, kpis };
  }
}

/** Both come from the kernel, which counts them apart: the peak may be a little late. */
function residentMemory(): { nowBytes: number; peakBytes: number } {
  const nowBytes = process.memoryUsage.rss();
  return { nowBytes, peakBytes: Math.max(nowBytes, process.resourceUsage().maxRSS * 1024) };
}

/** Undefined where limits are off. */
function cardinalityOf(limit: CardinalityView | undefined): (() => CardinalityAnswer) | undefined {
  return limit === undefined ? undefined : () => limit.cardinality();
}

/** The built page stands beside the built code; from the sources it is found in the build too. */
function pageFolder(): string {
  return join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'page');
}

async function startWithin({ name, stage }: Part, clock: Clock): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(START_WITHIN_MS, () => reject(new EvenkeelError('START_TIMEOUT', name)));
  });
  try {
    await Promise.race([stage.start?.(), late]);
  } finally {
    cancel();
  }
}
