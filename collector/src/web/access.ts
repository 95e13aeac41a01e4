// Who may read and who may write at the page's listener: bearer tokens for programs, a session cookie for browsers.
// Knows nothing of what is served. Sessions are in memory only: a restart ends them.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback, plainHost } from '../config/addresses.ts';
import type { Clock } from '../pipeline/contract.ts';
import { hostAsked, type HttpListener, isOwnName } from '../pipeline/http-server.ts';

/** A working day. */
const SESSION_MS = 12 * 3_600_000;

/** Why a request is not served. */
export interface Denied {
  readonly status: 401 | 403;
  readonly error: string;
}

/** Judges requests. */
export class Access {
  readonly #listener: HttpListener;
  readonly #names: readonly string[];
  readonly #clock: Clock;
  /** From the system's source, because a session must not be guessed; the host's randomness is for sampling. */
  readonly #key = randomBytes(32);

  /** @param names the server may be asked for by, beside addresses and localhost */
  constructor(listener: HttpListener, names: readonly string[], clock: Clock) {
    this.#listener = listener;
    this.#names = names;
    this.#clock = clock;
  }

  /** Whether tokens are asked for at all. */
  get isLocked(): boolean {
    return this.#listener.tokens !== undefined;
  }

  /**
   * Tells whether a request names this server by an address, its configured host or localhost. A foreign name that was
   * made to point here would let any web page read the sidecar (DNS rebinding).
   */
  isOwnName(request: IncomingMessage): boolean {
    return isOwnName(request, this.#names);
  }

  /** Judges what changes nothing. */
  mayRead(request: IncomingMessage): boolean {
    return this.#listener.admits(request) || this.#hasSession(request);
  }

  /**
   * Judges what changes something: no other web page may make a browser do it, and without tokens it is for programs
   * and browsers on this machine only.
   */
  mayWrite(request: IncomingMessage): Denied | undefined {
    // A browser says where a change comes from; a cookie without that is not from a browser of ours.
    return this.#judge(request, () => request.headers.origin !== undefined && this.#hasSession(request));
  }

  /** Tells a page beforehand, by what it reads, how its changes would be judged. */
  couldWrite(request: IncomingMessage): Denied | undefined {
    return this.#judge(request, () => this.#hasSession(request));
  }

  #judge(request: IncomingMessage, isOurPage: () => boolean): Denied | undefined {
    if (!isSameOrigin(request)) return { status: 403, error: 'this comes from another web page' };
    if (!this.isLocked) {
      const isHere = isLoopback(plainHost(request.socket.remoteAddress ?? ''));
      if (isHere && isLoopback(hostAsked(request.headers.host)) && !isForwarded(request)) return undefined;
      return { status: 403, error: 'without web.auth, changes are taken from this machine only' };
    }
    const isLetIn = this.#listener.admits(request) || isOurPage();
    return isLetIn ? undefined : { status: 401, error: 'a token is needed' };
  }

  /** Exchanges a token for a session. @returns the `set-cookie` header, undefined where the token does not let in */
  signIn(token: string): string | undefined {
    const hash = this.#listener.tokens?.find(token);
    if (hash === undefined) return undefined;
    const expiresMs = Math.floor(this.#clock.monotonicMs() + SESSION_MS);
    const secure = this.#listener.url.startsWith('https:') ? '; Secure' : '';
    const value = `${expiresMs}.${this.#sign(expiresMs, hash).toString('base64url')}`;
    return `${this.#cookieName()}=${value}; Path=/; Max-Age=${SESSION_MS / 1000}; HttpOnly; SameSite=Strict${secure}`;
  }

  #hasSession(request: IncomingMessage): boolean {
    const { tokens } = this.#listener;
    const [, expires = '', signature = ''] = /^(\d{1,15})\.([\w-]{43})$/.exec(this.#cookie(request)) ?? [];
    if (tokens === undefined || expires === '' || Number(expires) <= this.#clock.monotonicMs()) return false;
    const presented = Buffer.from(signature, 'base64url');
    // Signed with the token it was given for, so that it ends with its token.
    return tokens.hashes().some((hash) => timingSafeEqual(this.#sign(Number(expires), hash), presented));
  }

  #sign(expiresMs: number, tokenHash: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(`${expiresMs}.`).update(tokenHash).digest();
  }

  #cookie(request: IncomingMessage): string {
    const name = `${this.#cookieName()}=`;
    const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
    return pairs.find((pair) => pair.startsWith(name))?.slice(name.length) ?? '';
  }

  /** Browsers share cookies between the ports of a host, and several sidecars may share a host. */
  #cookieName(): string {
    return `evenkeel_session_${new URL(this.#listener.url).port}`;
  }
}

/** False where a browser says that the request comes from elsewhere; programs say nothing. */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (headers.origin === undefined) return true;
  return URL.parse(headers.origin)?.host === headers.host?.toLowerCase();
}

/** A proxy on this machine speaks for somebody who may be anywhere. */
function isForwarded({ headers }: IncomingMessage): boolean {
  return headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined;
}
