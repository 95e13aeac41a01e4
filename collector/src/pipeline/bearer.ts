// Bearer tokens of one listener: compared in constant time, files read again when they change. Beside it the
// one token that an exporter sends. No token is logged.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ListenerAuth } from '../config/listener.ts';
import { isToken, MAX_TOKENS, TOKEN_RULE } from '../config/tokens.ts';
import { EvenkeelError } from '../errors.ts';
import type { Host } from './contract.ts';
import { stateOf, watchFiles } from './watch-files.ts';

/** What a refused request is told, beside 401; @see RFC 6750, section 3 */
export const CHALLENGE = { 'www-authenticate': 'Bearer realm="evenkeel"' } as const;

/** Knows the tokens by their hashes. */
export class BearerTokens {
  readonly #auth: ListenerAuth;
  readonly #setting: string;
  readonly #host: Pick<Host, 'clock' | 'log'>;
  /** SHA-256 of each token: of one length, so that a comparison tells nothing of it. */
  #hashes: readonly Buffer[] = [];
  #stop: (() => void) | undefined;

  /** @param setting the block that names them, as in `receive.http.auth` */
  constructor(auth: ListenerAuth, setting: string, host: Pick<Host, 'clock' | 'log'>) {
    this.#auth = auth;
    this.#setting = setting;
    this.#host = host;
  }

  /** Reads the tokens and watches their file. Until then nobody is admitted. @throws as `readTokens` */
  open(): void {
    const { token_file } = this.#auth;
    const paths = token_file === undefined ? [] : [token_file];
    const known = stateOf(paths);
    this.#read();
    if (paths.length > 0)
      this.#stop ??= watchFiles({ paths, setting: this.#setting, known }, this.#host, () => this.#read());
  }

  /** Ends the watch; the tokens stay. */
  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Judges the value of an `authorization` header or metadata entry. */
  admits(authorization: string | undefined): boolean {
    const presented = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    return presented !== undefined && this.find(presented) !== undefined;
  }

  /** @returns the hash of the token where it is one of ours */
  find(token: string): Buffer | undefined {
    const presented = hashOf(token);
    let found: Buffer | undefined;
    // All are compared, so that the time does not tell which one it was.
    for (const hash of this.#hashes) if (timingSafeEqual(hash, presented)) found = hash;
    return found;
  }

  /** Hashes of the tokens that let in now. */
  hashes(): readonly Buffer[] {
    return this.#hashes;
  }

  #read(): void {
    this.#hashes = readTokens(this.#auth, this.#setting).map(hashOf);
  }
}

/**
 * Reads the tokens of a block: those written there and those in its file, one a line.
 *
 * @throws TOKENS_UNUSABLE with setting and path, never with a token
 */
export function readTokens({ tokens, token_file }: ListenerAuth, setting: string): string[] {
  if (token_file === undefined) return tokens;
  const fail = (why: string, cause?: unknown): never => {
    throw new EvenkeelError('TOKENS_UNUSABLE', `${token_file} (${setting}.token_file) ${why}`, { cause });
  };
  let text = '';
  try {
    text = readFileSync(token_file, 'utf8');
  } catch (cause) {
    fail('cannot be read', cause);
  }
  const lines = text.split('\n').map((line) => line.trim());
  const found = lines.filter((line) => line !== '');
  if (found.length === 0) fail('holds no token');
  const wrong = lines.findIndex((line) => line !== '' && !isToken(line));
  if (wrong >= 0) fail(`line ${wrong + 1}: ${TOKEN_RULE}`);
  if (found.length + tokens.length > MAX_TOKENS) fail(`brings more than ${MAX_TOKENS} tokens`);
  return [...tokens, ...found];
}

/**
 * Reads the one token that an exporter sends. A receiver may give out shorter ones than we would let in.
 *
 * @throws TOKENS_UNUSABLE with setting and path, never with the token
 */
export function readSentToken(path: string, setting: string): string {
  const where = `${path} (${setting}.token_file)`;
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new EvenkeelError('TOKENS_UNUSABLE', `${where} cannot be read`, { cause });
  }
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new EvenkeelError('TOKENS_UNUSABLE', `${where} must hold one token of visible ASCII characters`);
  return token;
}

/** The token of one exporter, read again when its file changes. */
export class SentToken {
  #token: string;
  readonly stop: () => void;

  /** @throws as `readSentToken` */
  constructor(path: string, setting: string, host: Pick<Host, 'clock' | 'log'>) {
    const known = stateOf([path]);
    this.#token = readSentToken(path, setting);
    this.stop = watchFiles({ paths: [path], setting, known }, host, () => {
      this.#token = readSentToken(path, setting);
    });
  }

  /** The value of an `authorization` header. */
  get authorization(): string {
    return `Bearer ${this.#token}`;
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
