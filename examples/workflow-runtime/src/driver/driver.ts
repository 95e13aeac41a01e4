// Keeps the runtime busy over its own API, as a few people would. Timers are for pacing only.
import { once } from 'node:events';
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

const WHOLE_TREE: DriverRequest = { method: 'POST', path: '/runs', body: {} };

const namesSchema = z.array(z.object({ name: z.string() }));

const runSchema = z.object({ id: z.string() });

/** Indexes the whole tree once and then asks on and on, one request at a time; of a run it waits for the end. */
export function startDriver(options: DriverOptions): Driver {
  const { random, requestsPerSecond } = options;
  const stopping = new AbortController();
  let names: readonly string[] = [];

  async function turn(): Promise<void> {
    const request = names.length === 0 ? WHOLE_TREE : nextRequest(random, names);
    const answer = await send(options.url, request);
    if (request.path === '/runs') await runEnds(options.url, runSchema.parse(answer).id, stopping.signal);
    if (request !== WHOLE_TREE) return;
    const packages = await send(options.url, { method: 'GET', path: '/packages?limit=500' });
    // None where the run failed; then the next turn starts another.
    names = [...new Set(namesSchema.parse(packages).map(({ name }) => name))];
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

/** Follows a run over a WebSocket, which is closed when the run has ended. */
async function runEnds(url: string, id: string, stopping: AbortSignal): Promise<void> {
  const socket = new WebSocket(new URL(`/runs/${id}/events`, url.replace(/^http/, 'ws')));
  try {
    await once(socket, 'close', { signal: AbortSignal.any([stopping, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]) });
  } finally {
    socket.close();
  }
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
