// Keeps the runtime busy over its own API, as a few people would. Timers are for pacing only.
import { z } from 'zod';
import type { Random } from './random.ts';
import { type DriverRequest, nextRequest } from './requests.ts';

export interface DriverOptions {
  /** Base URL of the API. */
  readonly url: string;
  readonly random: Random;
  /** Mean number of requests per second; the gaps between them vary as those of independent people do. */
  readonly requestsPerSecond: number;
}

export interface Driver {
  /** Sends nothing more; resolves when the request under way has ended. */
  stop(): Promise<void>;
}

/** Longer than any answer should take, so that a hanging API does not hang the driver. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Gaps are cut here: an exponential one may be any length. */
const MAX_GAP_MS = 5000;

const namesSchema = z.array(z.object({ name: z.string() }));

/** Indexes the whole tree once and then asks on and on, one request at a time. */
export function startDriver(options: DriverOptions): Driver {
  const { random, requestsPerSecond } = options;
  const stopping = new AbortController();
  let names: readonly string[] = [];
  let runId: string | undefined;

  async function turn(): Promise<void> {
    if (runId === undefined) {
      const started = await send(options.url, { method: 'POST', path: '/runs', body: {} });
      runId = z.object({ id: z.string() }).parse(started).id;
    } else if (names.length === 0) {
      const run = z
        .object({ state: z.string() })
        .parse(await send(options.url, { method: 'GET', path: `/runs/${runId}` }));
      if (run.state === 'waiting' || run.state === 'running') return;
      const packages = await send(options.url, { method: 'GET', path: '/packages?limit=500' });
      names = [...new Set(namesSchema.parse(packages).map(({ name }) => name))];
      if (names.length === 0) runId = undefined; // The run failed; the next turn starts another.
    } else {
      await send(options.url, nextRequest(random, names));
    }
  }

  const ended = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await turn();
      } catch {
        // What went wrong is on the server's span; the driver is a caller that tries again later.
      }
      await pause(Math.min(MAX_GAP_MS, (-Math.log(1 - random()) * 1000) / requestsPerSecond), stopping.signal);
    }
  })();

  return {
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
}

async function send(url: string, { method, path, body }: DriverRequest): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    method,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, durationMs);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
