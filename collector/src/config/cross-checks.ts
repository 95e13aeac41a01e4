// What no single field can tell: listeners that clash, exports to ourselves, sizes that do not fit the memory.
import type { Config } from './schema.ts';

/** A problem by the path of the key that shows it. */
export interface CrossProblem {
  readonly path: string;
  readonly message: string;
}

interface Listener {
  readonly path: string;
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]']);

/** Finds problems between fields that are sound by themselves. */
export function crossCheck(config: Config): CrossProblem[] {
  const listeners = listenersOf(config);
  return [...clashes(listeners), ...selfExports(config, listeners), ...overcommitted(config)];
}

function listenersOf({ receive, web, export: { prometheus } }: Config): Listener[] {
  const listeners: Listener[] = [{ path: 'receive.http.port', ...receive.http }];
  if (web !== false) listeners.push({ path: 'web.port', ...web });
  if (prometheus !== false) listeners.push({ path: 'export.prometheus.port', ...prometheus });
  return listeners;
}

function clashes(listeners: readonly Listener[]): CrossProblem[] {
  return listeners.flatMap(({ path, port }, i) => {
    // Port 0 lets the system choose, so it clashes with nothing.
    const other = listeners.slice(0, i).find((earlier) => port !== 0 && earlier.port === port);
    return other === undefined ? [] : [{ path, message: `${port} is the port of ${other.path} too` }];
  });
}

/** Kept traces that are sent to our own door would come in again, for ever. */
function selfExports(config: Config, listeners: readonly Listener[]): CrossProblem[] {
  const problems: CrossProblem[] = [];
  for (const [name, { endpoint, traces_endpoint }] of Object.entries(config.export.otlp)) {
    for (const [key, url] of Object.entries({ endpoint, traces_endpoint })) {
      if (url === undefined) continue;
      const { hostname, port, protocol } = new URL(url);
      const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
      const own = listeners.find(
        (listener) => listener.port === number && (LOOPBACK.has(hostname) || hostname === listener.host),
      );
      if (own === undefined) continue;
      const path = `export.otlp.${name}.${key}`;
      problems.push({ path, message: `is our own listener (${own.path}); kept traces would return for ever` });
    }
  }
  return problems;
}

/** Sizes that were set by hand have to fit into the one number together. */
function overcommitted({ memory_limit, receive, sample, store, export: { otlp } }: Config): CrossProblem[] {
  const sizes = [
    receive.http.max_in_flight ?? 0,
    sample === false ? 0 : (sample.max_pending ?? 0),
    ...Object.values(otlp).map(({ max_queue = 0 }) => max_queue),
  ];
  // The store's queue has a default; it counts where anything else was set.
  const storeBytes = store === false ? 0 : store.max_queue;
  const sum = sizes.reduce((total, bytes) => total + bytes, 0);
  if (sum + storeBytes <= memory_limit || (sum === 0 && storeBytes <= memory_limit / 4)) return [];
  const message = `is less than max_pending, max_in_flight and the queues take together (${mebibytes(sum + storeBytes)})`;
  return [{ path: 'memory_limit', message }];
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)}MiB`;
}
