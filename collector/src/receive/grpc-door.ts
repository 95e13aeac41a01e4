// The server of OTLP/gRPC: connections, their limits, their health and their end. On node:http2, because a gRPC library
// reads and inflates messages before it asks (docs/adr/008).
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import { BearerTokens } from '../pipeline/bearer.ts';
import { capCalls } from '../pipeline/connection-cap.ts';
import { listen, lockServer, stopServer, tlsServerOptions } from '../pipeline/http-server.ts';
import type { GrpcConfig } from './config.ts';
import { FRAME_BYTES } from './grpc-answer.ts';
import { otlpGrpc } from './otlp-grpc.ts';
import type { BodyPath } from './take-body.ts';

const SETTING = 'receive.grpc';

/** Calls of one connection at once. Exporters send one or a few at a time; more wait at the sender. */
const MAX_CONCURRENT_STREAMS = 100;
/** A call carries a handful of short headers and perhaps a token. */
const MAX_HEADER_BYTES = 16 * 1024;

/** How often connections are looked at: one that has not answered a ping since is dead. */
const LOOK_EVERY_MS = 60_000;
/** Five times the longest usual export interval; a client whose connection ends between calls opens another unseen. */
const IDLE_MS = 300_000;

interface Connection {
  lastCallMs: number;
  openCalls: number;
  isPinged: boolean;
}

/** Takes calls between `start` and `stop`; `stop` may come before, and twice. */
export class GrpcDoor {
  readonly #config: GrpcConfig;
  readonly #host: BodyPath['host'];
  readonly #server: Http2Server | Http2SecureServer;
  readonly #tokens: BearerTokens | undefined;
  readonly #connections = new Map<ServerHttp2Session, Connection>();
  #stopTls = (): void => {};
  #stopLooking = (): void => {};
  /** Once started, with the port the system chose where 0 was asked for. */
  url = '';

  /** @param maxInFlightBytes what bodies of all doors may take */
  constructor(config: GrpcConfig, maxInFlightBytes: number, path: Omit<BodyPath, 'limitKey'>) {
    this.#config = config;
    this.#host = path.host;
    const { tls, auth } = config;
    const settings = { maxConcurrentStreams: MAX_CONCURRENT_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES };
    this.#server =
      tls === undefined ? createServer({ settings }) : createSecureServer({ settings, ...tlsServerOptions(tls) });
    this.#tokens = auth === undefined ? undefined : new BearerTokens(auth, `${SETTING}.auth`, path.host);
    const serve = otlpGrpc({
      ...path,
      limitKey: `${SETTING}.max_body`,
      // A compressed message and what it inflates to are held at once; there has to be room for both.
      maxMessageBytes: Math.min(config.max_body, Math.floor(maxInFlightBytes / 2) - FRAME_BYTES),
      requestTimeoutMs: config.request_timeout,
      admits: (authorization) => this.#tokens === undefined || this.#tokens.admits(authorization),
    });
    capCalls(this.#server, SETTING, path.host);
    this.#server.on('session', (session: ServerHttp2Session) => {
      const connection = this.#watch(session);
      session.on('stream', (stream, headers) => {
        connection.openCalls++;
        connection.lastCallMs = path.host.clock.monotonicMs();
        stream.once('close', () => connection.openCalls--);
        serve(stream, headers);
      });
    });
  }

  /** @throws PORT_IN_USE, LISTEN_FAILED, CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID, TOKENS_UNUSABLE */
  async start(): Promise<void> {
    const host = this.#host;
    const server = this.#server;
    this.#tokens?.open();
    this.#stopTls = lockServer(server, this.#config.tls, SETTING, host);
    this.url = await listen(server, this.#config, `${SETTING}.port`);
    this.#stopLooking = host.clock.every(LOOK_EVERY_MS, () => this.#look());
  }

  /** Takes no new call, lets open ones end for at most `withinMs`, then cuts what is left. */
  async stop(withinMs: number): Promise<void> {
    this.#stopLooking();
    this.#stopTls();
    this.#tokens?.close();
    const each = (end: (session: ServerHttp2Session) => void): void => [...this.#connections.keys()].forEach(end);
    await stopServer(
      {
        listening: this.#server.listening,
        close: (closed) => this.#server.close(closed),
        // Tells the client to send no more here, and ends the connection after its last open call.
        closeIdleConnections: () => each((session) => session.close()),
        closeAllConnections: () => each((session) => session.destroy()),
      },
      withinMs,
    );
  }

  #watch(session: ServerHttp2Session): Connection {
    const connection = { lastCallMs: this.#host.clock.monotonicMs(), openCalls: 0, isPinged: false };
    this.#connections.set(session, connection);
    session.once('close', () => this.#connections.delete(session));
    // Whoever speaks something else, or goes away half-way, only ends his own connection.
    session.on('error', () => {});
    return connection;
  }

  /** Ends connections that are dead or idle, and asks the others for a sign of life. */
  #look(): void {
    const nowMs = this.#host.clock.monotonicMs();
    for (const [session, connection] of this.#connections) {
      if (connection.isPinged) session.destroy();
      else if (connection.openCalls === 0 && nowMs - connection.lastCallMs >= IDLE_MS) session.close();
      else {
        connection.isPinged = true;
        session.ping(() => (connection.isPinged = false));
      }
    }
  }
}
