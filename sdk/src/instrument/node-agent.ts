// Connections that an agent of Node's http and https keeps.
import type { Attributes } from '@opentelemetry/api';
import { ATTRIBUTE, RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../names.ts';
import type { Undo } from './claims.ts';
import { countRequest, readings, reportConnections } from './connection-readings.ts';
import {
  errorMonitor,
  errorType,
  isObject,
  listen,
  member,
  method,
  replaceMethod,
  Shared,
  subscribe,
} from './methods.ts';
import { record, secondsSince } from './readings.ts';
import { portOf, serverOf } from './servers.ts';

const NONE: Attributes = {};
const agents = new WeakSet<object>();
const channels = new Shared(listenToChannels);
/** Sockets that came to be connected. */
const opened = new WeakSet<object>();

/** Whether it is an agent of Node, or one made like it. */
export function isNodeAgent(agent: object): boolean {
  return ['sockets', 'freeSockets', 'requests'].every((name) => isObject(member(agent, name)));
}

/** Reads an agent, and watches the connections and requests that are its own. */
export function watchAgent(agent: object): (Undo | undefined)[] {
  return [readAgent(agent), ownRequests(agent), watchConnects(agent), channels.want()];
}

function readAgent(agent: object): Undo {
  return readings.add(agent, (target, report) => {
    const [active, idle, pending] = ['sockets', 'freeSockets', 'requests'].map((name) => lengths(member(target, name)));
    for (const key of new Set([...(active?.keys() ?? []), ...(idle?.keys() ?? []), ...(pending?.keys() ?? [])])) {
      const levels = { active: active?.get(key) ?? 0, idle: idle?.get(key) ?? 0, pending: pending?.get(key) ?? 0 };
      reportConnections(report, levels, serverOfKey(key));
    }
  });
}

function ownRequests(agent: object): Undo {
  agents.add(agent);
  return () => agents.delete(agent);
}

function lengths(lists: unknown): Map<string, number> {
  const all = isObject(lists) ? Object.entries(lists) : [];
  return new Map(all.flatMap(([key, list]) => (Array.isArray(list) ? [[key, list.length] as const] : [])));
}

/** @param key as agents name what they connect to: host, port, local address and more, with colons between */
function serverOfKey(key: string): Attributes {
  // Hosts with colons of their own are addresses of IPv6, at least two of them.
  const [, host, port] = /^([^:]+|[\da-f]*:[\da-f:.]*:[\da-f.]*):(\d+):/i.exec(key) ?? [];
  return host === undefined ? serverOf('_OTHER', undefined) : serverOf(host, Number(port));
}

function watchConnects(agent: object): Undo | undefined {
  return replaceMethod(
    agent,
    'createConnection',
    (create) =>
      function (...args) {
        const startMs = performance.now();
        const socket: unknown = Reflect.apply(create, this, args);
        if (isObject(socket)) watchSocket(socket, startMs, serverOfOptions(args[0]));
        return socket;
      },
  );
}

function serverOfOptions(options: unknown): Attributes {
  const [host, port] = [member(options, 'host'), member(options, 'port')];
  return serverOf(typeof host === 'string' ? host : 'localhost', port === undefined ? undefined : Number(port));
}

function watchSocket(socket: object, startMs: number, server: Attributes): void {
  let openedMs: number | undefined;
  listen(socket, member(socket, 'encrypted') === true ? 'secureConnect' : 'connect', () => {
    openedMs = performance.now();
    opened.add(socket);
    record(RESOURCE_METRIC.connectionConnectTime, (openedMs - startMs) / 1000, server);
  });
  listen(socket, errorMonitor(), (error) => {
    if (openedMs !== undefined) return;
    record(RESOURCE_METRIC.connectionConnectTime, secondsSince(startMs), {
      ...server,
      [ATTRIBUTE.errorType]: errorType(error),
    });
  });
  listen(socket, 'close', () => {
    if (openedMs !== undefined) record(RESOURCE_METRIC.httpConnectionDuration, secondsSince(openedMs), server);
  });
}

/** Requests of the process that are those of an agent that is watched. */
function listenToChannels(): Undo[] {
  const startsMs = new WeakMap<object, number>();
  const ownRequest = (message: unknown): object | undefined => {
    const request = member(message, 'request');
    const agent = member(request, 'agent');
    return isObject(request) && isObject(agent) && agents.has(agent) ? request : undefined;
  };
  const end = (request: object | undefined, failure: Attributes): void => {
    const startMs = request && startsMs.get(request);
    if (request === undefined || startMs === undefined) return;
    startsMs.delete(request);
    const server = serverOfRequest(request);
    const isReused = member(request, 'reusedSocket') === true;
    const reused = { [RESOURCE_ATTRIBUTE.connectionReused]: isReused };
    // Without a connection there was none to be used again.
    const socket = member(request, 'socket');
    const isConnected = failure === NONE || isReused || (isObject(socket) && opened.has(socket));
    if (isConnected) countRequest(server, isReused);
    record(RESOURCE_METRIC.connectionRequestDuration, secondsSince(startMs), {
      ...server,
      ...(isConnected && reused),
      ...failure,
    });
  };
  return [
    subscribe('http.client.request.start', (message) => {
      const request = ownRequest(message);
      if (request !== undefined) startsMs.set(request, performance.now());
    }),
    subscribe('http.client.response.finish', (message) => end(ownRequest(message), NONE)),
    subscribe('http.client.request.error', (message) =>
      end(ownRequest(message), { [ATTRIBUTE.errorType]: errorType(member(message, 'error')) }),
    ),
  ];
}

function serverOfRequest(request: object): Attributes {
  const header = method(request, 'getHeader')?.call(request, 'host');
  const [, port] = /:(\d+)$/.exec(typeof header === 'string' ? header : '') ?? [];
  const host = member(request, 'host');
  const address = typeof host === 'string' ? host : 'localhost';
  return serverOf(address, port === undefined ? portOf(member(request, 'protocol')) : Number(port));
}
