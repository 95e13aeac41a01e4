// Connections of one listener: how many there may be, and which of them go first where there are too many. Knows
// nothing of what is spoken on them.
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { Host, Instruments } from './contract.ts';

/** Connections of one listener at once; each costs a socket and some kilobytes. */
const MAX_CONNECTIONS = 2048;

/** Share of them from which on those that only wait have to go, so that the rest is free for who wants to send. */
const CROWDED_RATIO = 0.75;

/** So long a connection may wait for a request all the same: whoever opens one to send does so at once. */
const GRACE_MS = 2000;

/** What a listener asks of its surroundings. Its room declares `connectionInstruments`. */
export type ListenerHost = Pick<Host<keyof ReturnType<typeof connectionInstruments>>, 'clock' | 'log' | 'count'>;

/** Counters of a room's listeners. @param listeners their blocks, as in `receive.http` */
export function connectionInstruments(listeners: readonly string[]) {
  return {
    refused_connections: {
      kind: 'counter',
      unit: '{connection}',
      description: 'Connections refused because as many were open as a listener takes.',
      attributes: { listener: listeners },
    },
    closed_connections: {
      kind: 'counter',
      unit: '{connection}',
      description:
        'Connections closed, while most of what a listener takes were open, because they waited for a request.',
      attributes: { listener: listeners },
    },
  } as const satisfies Instruments;
}

/** Caps the connections of an HTTP server that does not listen yet. @param setting its block, as in `receive.http` */
export function capRequests(
  server: HttpServer | HttpsServer,
  setting: string,
  host: ListenerHost,
  maxConnections = MAX_CONNECTIONS,
): void {
  const cap = new ConnectionCap(server, setting, host, maxConnections);
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    cap.begins(socket);
    response.once('close', () => cap.ends(socket));
  });
}

/** The same for HTTP/2. */
export function capCalls(
  server: Http2Server | Http2SecureServer,
  setting: string,
  host: ListenerHost,
  maxConnections = MAX_CONNECTIONS,
): void {
  const cap = new ConnectionCap(server, setting, host, maxConnections);
  server.on('session', (session: ServerHttp2Session) => {
    const { remoteAddress, remotePort } = session.socket;
    const peer = { remoteAddress, remotePort };
    session.on('stream', (stream: ServerHttp2Stream) => {
      cap.begins(peer);
      stream.once('close', () => cap.ends(peer));
    });
  });
}

/** The other end of a connection, which the layers above its socket know too. */
interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

interface Connection {
  readonly socket: Socket;
  requests: number;
}

/** Keeps a server's connections to their number. Those that wait for a request longest are closed first. */
class ConnectionCap {
  readonly #setting: string;
  readonly #host: ListenerHost;
  readonly #max: number;
  readonly #open = new Map<string, Connection>();
  /** Monotonic time since when a connection waits for a request, the longest first. */
  readonly #waiting = new Map<string, number>();
  #cancelLook: (() => void) | undefined;

  constructor(server: Server, setting: string, host: ListenerHost, maxConnections: number) {
    this.#setting = setting;
    this.#host = host;
    this.#max = maxConnections;
    server.maxConnections = maxConnections;
    // First, so that whoever wraps the socket finds it known.
    server.prependListener('connection', (socket: Socket) => this.#add(socket));
    server.on('drop', () => {
      host.count('refused_connections', 1, { listener: setting });
      const message = `${setting} has ${maxConnections} connections open, as many as it takes, and refuses others`;
      host.log('warning', `CONNECTIONS_${setting}`, message);
      this.#makeRoom();
    });
    server.once('close', () => this.#cancelLook?.());
  }

  /** A request begins on a connection: it stays until the request has ended. */
  begins(peer: Peer): void {
    const key = keyOf(peer);
    const connection = this.#open.get(key);
    if (connection === undefined) return;
    connection.requests++;
    this.#waiting.delete(key);
  }

  /** A request that began has ended. */
  ends(peer: Peer): void {
    const key = keyOf(peer);
    const connection = this.#open.get(key);
    if (connection === undefined || --connection.requests > 0) return;
    this.#waiting.set(key, this.#host.clock.monotonicMs());
  }

  #add(socket: Socket): void {
    const key = keyOf(socket);
    this.#open.set(key, { socket, requests: 0 });
    this.#waiting.set(key, this.#host.clock.monotonicMs());
    socket.once('close', () => {
      // Its port may be in use again where we closed it.
      if (this.#open.get(key)?.socket !== socket) return;
      this.#open.delete(key);
      this.#waiting.delete(key);
    });
    this.#makeRoom();
  }

  /** Closes who waits too long until there is room, and looks again where somebody's grace has yet to end. */
  #makeRoom(): void {
    const wanted = this.#open.size - Math.floor(this.#max * CROWDED_RATIO);
    if (wanted <= 0) return;
    const sinceMs = this.#host.clock.monotonicMs() - GRACE_MS;
    let closed = 0;
    for (const [key, waitsSinceMs] of this.#waiting) {
      if (closed >= wanted || waitsSinceMs > sinceMs) break;
      // Its end comes later; until then it must not be chosen again.
      this.#waiting.delete(key);
      const connection = this.#open.get(key);
      this.#open.delete(key);
      connection?.socket.destroy();
      closed++;
    }
    if (closed > 0) this.#tell(closed);
    if (closed < wanted && this.#waiting.size > 0) this.#lookLater();
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#host.clock.after(GRACE_MS, () => {
      this.#cancelLook = undefined;
      this.#makeRoom();
    });
  }

  #tell(closed: number): void {
    const setting = this.#setting;
    this.#host.count('closed_connections', closed, { listener: setting });
    const share = `more than ${Math.floor(this.#max * CROWDED_RATIO)} of ${this.#max} connections open`;
    this.#host.log(
      'warning',
      `CROWDED_${setting}`,
      `${setting} has ${share}; those that wait for a request are closed`,
    );
  }
}

/** Two connections to one listener differ in it. TLS and HTTP/2 wrap the socket, and know its peer all the same. */
function keyOf({ remoteAddress, remotePort }: Peer): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}
