// A whole collector inside the test's own process: real sockets on free ports, time and randomness of the test.
import { onTestFinished } from 'vitest';
import { type Collector, type CollectorUrls, createCollector } from '../../collector/src/collector.ts';
import { parseConfig } from '../../collector/src/config/load.ts';
import type { Clock } from '../../collector/src/pipeline/contract.ts';
import { systemClock } from '../../collector/src/pipeline/clock.ts';
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import { ManualClock } from './clock.ts';
import { eventually } from './eventually.ts';
import { type Answered, post, send } from './http.ts';
import { seeded } from './random.ts';

export interface RunningCollector {
  readonly collector: Collector;
  readonly urls: Required<CollectorUrls>;
  readonly clock: ManualClock;
  /** Lines it logged. */
  readonly log: readonly string[];
  books(): BooksAnswer;
  /** Posts a trace body. */
  traces(body: Uint8Array | string, headers?: Record<string, string>): Promise<Answered>;
  /** The metrics page as text, as a person sees it. */
  metrics(headers?: Record<string, string>): Promise<string>;
  /** Waits until no exporter has anything queued; lets retries come due meanwhile. */
  delivered(): Promise<void>;
  /** Stops it while time goes on. */
  stop(): Promise<void>;
}

export interface CollectorShape {
  /** Default: the store is off. */
  readonly storePath?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly seed?: number;
  /** Unix milliseconds at which its clock begins. */
  readonly beginsMs?: number;
  /** Runs on the machine's clock instead; `clock` then moves nothing. */
  readonly realTime?: boolean;
}

/** Starts a collector from YAML, on free ports; it ends with the test. */
export async function startCollector(yaml = '', shape: CollectorShape = {}): Promise<RunningCollector> {
  const clock = new ManualClock(shape.beginsMs);
  const log: string[] = [];
  const collector = await createCollector(configOf(yaml, shape), {
    clock: clockOf(shape, clock),
    random: seeded(shape.seed ?? 1),
    log: (line) => log.push(line),
  });
  const urls = { otlpGrpc: '', metrics: '', page: '', ...(await collector.start()) };
  const running: RunningCollector = {
    collector,
    urls,
    clock,
    log,
    books: () => collector.books(),
    traces: (body, headers) => post(`${urls.otlpHttp}/v1/traces`, body, headers),
    metrics: async (headers = {}) => (await send(urls.metrics, { headers })).body.toString(),
    delivered: async () => {
      await eventually(
        () => `delivery; books: ${JSON.stringify(collector.books().exporters)}`,
        () => collector.books().memory.holders['export queues'] === 0 || void clock.advance(1000),
      );
    },
    stop: async () => {
      let stopped = false;
      const stopping = collector.stop().finally(() => (stopped = true));
      await eventually('the collector to stop', () => stopped || void clock.advance(100));
      await stopping;
    },
  };
  onTestFinished(() => running.stop());
  return running;
}

function clockOf({ realTime }: CollectorShape, manual: ManualClock): Clock {
  return realTime === true ? systemClock : manual;
}

function configOf(yaml: string, { storePath, environment }: CollectorShape): ReturnType<typeof parseConfig> {
  const store = storePath === undefined ? [['store', 'false']] : [['store.path', JSON.stringify(storePath)]];
  const ports = ['receive.http.port', 'receive.grpc.port', 'web.port', 'export.prometheus.port'];
  // What the host does meanwhile is no part of a test that does not ask for it.
  const host = yaml.includes('monitoring') ? [] : [['monitoring', 'false']];
  const settings = [...ports.map((port) => [port, '0']), ...store, ...host];
  const overrides = settings.map(([path = '', value = '']) => ({ path: path.split('.'), value }));
  return parseConfig(yaml, 'test.yaml', overrides, environment);
}
