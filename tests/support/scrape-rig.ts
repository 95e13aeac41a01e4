// The stage that scrapes, with targets that are real servers and play whatever a test wants of them.
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { scrapeConfig } from '../../collector/src/scrape/config.ts';
import { scrapeInstruments } from '../../collector/src/scrape/instruments.ts';
import { ScrapeStage } from '../../collector/src/scrape/stage.ts';
import { testHost, type TestHost } from './test-host.ts';

export type Play = (request: IncomingMessage, response: ServerResponse) => void;

/** Tells of requests that came and scrapes that are over. */
const changes = new EventEmitter();

/** Waits for requests and ends of scrapes until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await once(changes, 'change');
}

export interface ScrapeTarget {
  readonly address: string;
  /** Headers of each request. */
  readonly asked: readonly IncomingHttpHeaders[];
  /** Connections that were opened. */
  readonly connections: number;
  /** Changes what is answered. Text is a page in the older format. */
  answer(next: string | Play): void;
}

/** A target that ends with the test. */
export async function startTarget(answer: string | Play, tls?: TlsOptions): Promise<ScrapeTarget> {
  let current = answer;
  let connections = 0;
  const asked: IncomingHttpHeaders[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(request.headers);
    if (typeof current === 'string')
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(current);
    else current(request, response);
    changes.emit('change');
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get connections() {
      return connections;
    },
    answer: (next) => {
      current = next;
    },
  };
}

export interface ScrapeRig extends TestHost<typeof scrapeInstruments> {
  readonly stage: ScrapeStage;
  /** Everything that was passed on. */
  readonly points: DataPoint[];
  /** Scrapes that began. */
  readonly begun: number;
  /** Scrapes of a job that are over. */
  over(job: string): number;
  /** Lets time pass to the next timer: that of a scrape, or the end of the patience with one. */
  step(): void;
  /** Lets time pass until each of the jobs was scraped once more; none may hang. @returns points of this time */
  scrape(...jobs: readonly string[]): Promise<DataPoint[]>;
}

/** Starts the stage with these jobs; it ends with the test. */
export async function startScraping(...jobs: readonly Record<string, unknown>[]): Promise<ScrapeRig> {
  const surroundings = testHost('scrape', scrapeInstruments);
  const { clock } = surroundings;
  const points: DataPoint[] = [];
  const overs = new Map<string, number>();
  let begun = 0;
  let armed = 0;
  const after = clock.after.bind(clock);
  clock.after = (delayMs, callback) => {
    armed++;
    return after(delayMs, callback);
  };
  const consume = async (batch: { readonly points: readonly DataPoint[] }): Promise<void> => {
    points.push(...batch.points);
  };
  const host: typeof surroundings.host = {
    ...surroundings.host,
    count: (name, value, attributes = {}) => {
      surroundings.host.count(name, value, attributes);
      const { job } = attributes;
      if ((name !== 'scrapes' && name !== 'failed') || job === undefined || value === 0) return;
      // One of the two is counted by each scrape; what is done after it is done by the next turn.
      setImmediate(() => {
        overs.set(job, (overs.get(job) ?? 0) + 1);
        changes.emit('change');
      });
    },
  };
  const over = (job: string): number => overs.get(job) ?? 0;
  const step = (): void => {
    armed = 0;
    const untilNextMs = clock.untilNextOnce();
    if (untilNextMs === undefined) throw new Error('nothing is going to be scraped');
    clock.advance(untilNextMs);
    // Patience is timed from the moment a scrape begins.
    begun += armed;
  };
  const stage = new ScrapeStage(scrapeConfig.parse({ jobs }), host, { consume });
  await stage.start();
  onTestFinished(() => stage.stop());
  return {
    ...surroundings,
    stage,
    points,
    get begun() {
      return begun;
    },
    over,
    step,
    scrape: async (...names) => {
      const from = points.length;
      const wanted = names.map((name) => [name, over(name) + 1] as const);
      while (!wanted.every(([name, count]) => over(name) >= count)) {
        step();
        await until(() => [...overs.values()].reduce((sum, each) => sum + each, 0) === begun);
      }
      return points.slice(from);
    },
  };
}
