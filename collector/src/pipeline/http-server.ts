// Listening, locks and closing, alike for every HTTP server of the sidecar.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { Server as TlsServer, type TLSSocket } from 'node:tls';
import { isAddress, isLoopback, plainHost } from '../config/addresses.ts';
import type { ListenerTls, Locks } from '../config/listener.ts';
import { EvenkeelError } from '../errors.ts';
import { BearerTokens } from './bearer.ts';
import { capRequests, type ListenerHost } from './connection-cap.ts';
import type { Host } from './contract.ts';
import { listenerFiles, openTls } from './tls.ts';

/** A client that does not finish its handshake within this is cut. */
const HANDSHAKE_WITHIN_MS = 10_000;

/** Where a server listens and what locks it. */
export interface ListenerConfig extends Locks {
  readonly host: string;
  readonly port: number;
}

/** An HTTP server with its locks. `start` once; `stop` may come before, and twice. */
export class HttpListener {
  readonly #config: ListenerConfig;
  readonly #setting: string;
  readonly #host: ListenerHost;
  readonly #server: Server | HttpsServer;
  readonly #tokens: BearerTokens | undefined;
  #stopTls = (): void => {};
  /** Once started, with the port the system chose where 0 was asked for. */
  url = '';

  /** @param setting the block of its configuration, as in `receive.http` */
  constructor(
    setting: string,
    config: ListenerConfig,
    host: ListenerHost,
    serve: RequestListener,
    options: ServerOptions = {},
  ) {
    this.#config = config;
    this.#setting = setting;
    this.#host = host;
    const { tls, auth } = config;
    this.#server =
      tls === undefined
        ? createServer(options, serve)
        : createTlsServer({ ...options, ...tlsServerOptions(tls) }, serve);
    capRequests(this.#server, setting, host);
    this.#tokens = auth === undefined ? undefined : new BearerTokens(auth, `${setting}.auth`, host);
  }

  /** Milliseconds a connection is kept between two requests. */
  set keepAliveMs(value: number) {
    this.#server.keepAliveTimeout = value;
  }

  /** Tokens that let in; undefined where none are asked for. */
  get tokens(): BearerTokens | undefined {
    return this.#tokens;
  }

  /** Judges the token of a request; without `auth` every request is admitted. */
  admits(request: IncomingMessage): boolean {
    return this.#tokens === undefined || this.#tokens.admits(request.headers.authorization);
  }

  /**
   * Tells whether a web page may have led a browser here, by a name of its own that was made to point at this machine
   * (DNS rebinding). Locked listeners are safe, as the page has no token and no certificate for its name. One bound
   * beyond loopback is reached by names nobody here knows, so nothing is said of it.
   *
   * @param names it is asked for by, beside addresses, localhost and its configured host
   */
  mayBeMisled(request: IncomingMessage, names: readonly string[]): boolean {
    const { host, tls, auth } = this.#config;
    if (tls !== undefined || auth !== undefined || !isLoopback(plainHost(host))) return false;
    // Every browser says which name it asks for; health checks over HTTP/1.0 say none.
    if (request.headers.host === undefined) return false;
    return !isOwnName(request, [host, ...names]);
  }

  /** @throws PORT_IN_USE, LISTEN_FAILED, CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID, TOKENS_UNUSABLE */
  async start(): Promise<void> {
    this.#tokens?.open();
    const server = this.#server;
    this.#stopTls = lockServer(server, this.#config.tls, this.#setting, this.#host);
    this.url = await listen(server, this.#config, `${this.#setting}.port`);
  }

  async stop(withinMs: number): Promise<void> {
    this.#stopTls();
    this.#tokens?.close();
    await stopServer(this.#server, withinMs);
  }
}

/** What a request under a foreign name is told, with 403. */
export const FOREIGN_NAME = 'this address is served under its own name only';

/**
 * Tells whether a request names this server by an address, by localhost or by one of its names. Under any other name a
 * web page of that name could read what it answers.
 */
export function isOwnName({ headers }: IncomingMessage, names: readonly string[]): boolean {
  const asked = hostAsked(headers.host);
  return isAddress(asked) || isLoopback(asked) || names.some((name) => plainHost(name) === asked);
}

/** Host of a `host` header in its plain form, without port; empty where it is none. */
export function hostAsked(header: string | undefined): string {
  const [host = ''] = /^[\w.-]+|^\[[\da-f:.]+\]/i.exec(header ?? '') ?? [];
  return /^(:\d+)?$/.test((header ?? '').slice(host.length)) ? plainHost(host) : '';
}

/** What a TLS server is made with; certificates come by `setSecureContext`, before it listens and whenever they change. */
export function tlsServerOptions({ client_ca_file }: ListenerTls): {
  handshakeTimeout: number;
  requestCert: boolean;
  rejectUnauthorized: boolean;
} {
  const isClientAsked = client_ca_file !== undefined;
  return { handshakeTimeout: HANDSHAKE_WITHIN_MS, requestCert: isClientAsked, rejectUnauthorized: isClientAsked };
}

/**
 * Gives a TLS server its certificates, now and whenever their files change, before it listens. Does nothing without `tls`.
 *
 * @param setting the block of its configuration, as in `receive.http`
 * @returns stops looking at the files
 * @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID
 */
export function lockServer(
  server: NetServer,
  tls: ListenerTls | undefined,
  setting: string,
  host: Pick<Host, 'clock' | 'log'>,
): () => void {
  if (tls === undefined || !(server instanceof TlsServer)) return () => {};
  const { material, stop } = openTls(listenerFiles(tls), `${setting}.tls`, host, (renewed) =>
    server.setSecureContext(renewed),
  );
  server.setSecureContext(material);
  logFailedHandshakes(server, setting, host);
  return stop;
}

/** Says why clients do not get in; they themselves only see a closed connection. */
function logFailedHandshakes(server: TlsServer, setting: string, { log }: Pick<Host, 'log'>): void {
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    // A connection that just goes away, as a health check's, says nothing.
    const { authorizationError: refused = null } = socket;
    if (refused === null && error.code === 'ECONNRESET') return;
    log('warning', `TLS_CLIENT_${setting}`, `a client did not get in at ${setting}: ${String(refused ?? error.code)}`);
  });
}

/**
 * Listens, and turns the usual failures into one clear error.
 *
 * @param setting the configuration key of the port, named in the error
 * @returns the URL served, with the port the system chose where 0 was asked for
 * @throws PORT_IN_USE, LISTEN_FAILED
 */
export function listen(
  server: NetServer,
  { host, port }: { host: string; port: number },
  setting: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // Stays: a failing accept later on is the system's trouble, and must not end the process.
    server.on('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'LISTEN_FAILED';
      reject(new EvenkeelError(code, `${host}:${port} (${setting})`, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      const name = host.includes(':') ? `[${host}]` : host;
      resolve(`${server instanceof TlsServer ? 'https' : 'http'}://${name}:${bound}`);
    });
  });
}

/** What is asked of a server at its end. */
export interface Stoppable {
  readonly listening: boolean;
  close(closed: () => void): unknown;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

/** Takes no new connection, lets open requests end for at most `withinMs`, then cuts what is left. */
export function stopServer(server: Stoppable, withinMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), withinMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
