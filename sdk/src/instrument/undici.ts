// Connections of undici: levels from what its dispatchers say of themselves, the rest from its diagnostics channels, which
// tell of all dispatchers of a process, those of the built-in fetch too.
import type { Attributes } from '@opentelemetry/api';
import { ATTRIBUTE, RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../names.ts';
import type { Undo } from './claims.ts';
import { errorType, isObject, listen, member, numberOf, Shared, subscribe } from './methods.ts';
import { record, secondsSince } from './readings.ts';
import { serverOfOrigin } from './servers.ts';
import { countRequest, reportConnections, readings } from './connection-readings.ts';

/** Attempts to connect to one server that are timed at once. */
const MAX_CONNECTING = 1000;

/** Reads an Agent, a Pool, a Client or another dispatcher with `stats`. */
export function watchDispatcher(dispatcher: object, origin: string | undefined): (Undo | undefined)[] {
  // A pool and a client do not say where they lead, but for their events.
  let server = origin === undefined ? undefined : serverOfOrigin(origin);
  const leave = readings.add(dispatcher, (target, report) => {
    const stats = member(target, 'stats');
    if (numberOf(stats, 'running') !== undefined) {
      const levels = levelsOf(stats);
      // It may have connected before it was watched.
      if (server !== undefined || levels.active + levels.idle > 0) reportConnections(report, levels, server ?? {});
    } else if (isObject(stats))
      for (const [each, of] of Object.entries(stats)) reportConnections(report, levelsOf(of), serverOfOrigin(each));
  });
  return [
    leave,
    listen(dispatcher, 'connect', (url) => {
      server ??= serverOfOrigin(url);
    }),
    channels.want(),
  ];
}

/** @param stats of a pool, which counts connections, or of a client, which is one */
function levelsOf(stats: unknown): { active: number; idle: number; pending: number } {
  const running = numberOf(stats, 'running') ?? 0;
  const connected = member(stats, 'connected');
  const pending = numberOf(stats, 'pending') ?? 0;
  if (typeof connected !== 'number') {
    const isActive = connected === true && running > 0;
    return { active: isActive ? 1 : 0, idle: connected === true && !isActive ? 1 : 0, pending };
  }
  const idle = Math.min(numberOf(stats, 'free') ?? 0, connected);
  return { active: connected - idle, idle, pending };
}

const channels = new Shared(listenToChannels);

/** What is known of a request that is under way. */
interface Request {
  readonly startMs: number;
  isReused?: boolean;
}

function listenToChannels(): Undo[] {
  const connecting = new Connecting();
  const requests = new WeakMap<object, Request>();
  const used = new WeakSet<object>();
  const end = (request: unknown, error?: unknown): void => {
    const known = isObject(request) ? requests.get(request) : undefined;
    if (known === undefined) return;
    requests.delete(request as object);
    record(RESOURCE_METRIC.connectionRequestDuration, secondsSince(known.startMs), {
      ...serverOfOrigin(member(request, 'origin')),
      ...(known.isReused !== undefined && { [RESOURCE_ATTRIBUTE.connectionReused]: known.isReused }),
      ...failure(error),
    });
  };
  return [
    subscribe('undici:client:beforeConnect', (message) => connecting.begin(member(message, 'connectParams'))),
    subscribe('undici:client:connectError', (message) =>
      connecting.end(member(message, 'connectParams'), member(message, 'error')),
    ),
    subscribe('undici:client:connected', (message) => {
      const server = connecting.end(member(message, 'connectParams'));
      const openedMs = performance.now();
      const socket = member(message, 'socket');
      if (isObject(socket))
        listen(socket, 'close', () => record(RESOURCE_METRIC.httpConnectionDuration, secondsSince(openedMs), server));
    }),
    subscribe('undici:request:create', (message) => {
      const request = member(message, 'request');
      if (isObject(request)) requests.set(request, { startMs: performance.now() });
    }),
    subscribe('undici:client:sendHeaders', (message) => {
      const [request, socket] = [member(message, 'request'), member(message, 'socket')];
      if (!isObject(socket) || !isObject(request)) return;
      const isReused = used.has(socket);
      used.add(socket);
      countRequest(serverOfOrigin(member(request, 'origin')), isReused);
      const known = requests.get(request);
      if (known !== undefined) known.isReused = isReused;
    }),
    subscribe('undici:request:trailers', (message) => end(member(message, 'request'))),
    subscribe('undici:request:error', (message) => end(member(message, 'request'), member(message, 'error'))),
  ];
}

function failure(error: unknown): Attributes {
  return error === undefined ? {} : { [ATTRIBUTE.errorType]: errorType(error) };
}

/**
 * Attempts to connect, in the order in which they began.
 *
 * Beginning and end have nothing in common but the server. Where several are under way they may be taken for each other,
 * which leaves their sum as it is. The last that began ends first: of a client that is destroyed while it connects nothing
 * more is heard, and that must not be the start of all that follow.
 */
class Connecting {
  readonly #startsMs = new Map<string, number[]>();

  begin(params: unknown): void {
    const origin = originOf(params);
    const starts = this.#startsMs.get(origin);
    if (starts === undefined && this.#startsMs.size < MAX_CONNECTING) this.#startsMs.set(origin, [performance.now()]);
    else if (starts !== undefined && starts.push(performance.now()) > MAX_CONNECTING) starts.shift();
  }

  /** @returns attributes of the server */
  end(params: unknown, error?: unknown): Attributes {
    const origin = originOf(params);
    const server = serverOfOrigin(origin);
    const starts = this.#startsMs.get(origin);
    const startMs = starts?.pop();
    if (starts?.length === 0) this.#startsMs.delete(origin);
    if (startMs !== undefined)
      record(RESOURCE_METRIC.connectionConnectTime, secondsSince(startMs), { ...server, ...failure(error) });
    return server;
  }
}

function originOf(params: unknown): string {
  return `${String(member(params, 'protocol'))}//${String(member(params, 'host'))}`;
}
