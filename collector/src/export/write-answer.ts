// What the answer to a remote write request means. Pure.
// @see Prometheus Remote-Write Specification 1.0 and 2.0, retries, partial write, required written response headers
import type { PostResult } from './http-client.ts';
import type { RefusalReason } from './instruments.ts';
import { parseRetryAfterMs } from './retry.ts';

export type WriteVersion = '1.0' | '2.0';

/** A request that was sent. */
export interface WriteSent {
  readonly version: WriteVersion;
  /** The other version may be tried. */
  readonly isAuto: boolean;
  /** Samples and histograms together. */
  readonly samples: number;
}

export type WriteVerdict =
  /** Judged for good; `refused` samples were not written. */
  | { readonly kind: 'done'; readonly refused: number; readonly reason: RefusalReason }
  | { readonly kind: 'again'; readonly afterMs: number | undefined }
  /** The receiver does not know 2.0. */
  | { readonly kind: 'older' };

const WRITTEN = 'x-prometheus-remote-write-';

/** Judges an answer. @param nowMs Unix time */
export function judgeWrite(result: PostResult, sent: WriteSent, nowMs: number): WriteVerdict {
  const { httpStatus, headers } = result;
  const isTaken = httpStatus >= 200 && httpStatus < 300;
  const written = sent.version === '2.0' ? writtenSamples(headers) : undefined;
  if (httpStatus === 0 || httpStatus === 429 || httpStatus >= 500)
    return { kind: 'again', afterMs: parseRetryAfterMs(headers['retry-after'], nowMs) };
  // Who takes 2.0 has to say how much was written: else it read an empty request of 1.0, and took nothing.
  if (sent.version === '2.0' && (httpStatus === 415 || (isTaken && written === undefined)) && sent.isAuto)
    return { kind: 'older' };
  const taken = written ?? (isTaken && sent.version === '1.0' ? sent.samples : 0);
  const refused = Math.max(0, sent.samples - taken);
  return { kind: 'done', refused, reason: reasonOf(result.body.toString('utf8')) };
}

/** @returns undefined where the answer says nothing of it */
function writtenSamples(headers: PostResult['headers']): number | undefined {
  const counts = ['samples', 'histograms'].map((what) => headers[`${WRITTEN}${what}-written`]);
  if (counts.every((count) => count === undefined)) return undefined;
  return counts.reduce<number>((sum, count) => sum + (/^\d+$/.test(String(count)) ? Number(count) : 0), 0);
}

/** In the words of Prometheus, Mimir, Thanos and VictoriaMetrics; only a known word is looked at, and none is repeated. */
const REASONS: readonly (readonly [RegExp, RefusalReason])[] = [
  [/out[ -]of[ -]order/i, 'out_of_order'],
  [/out of bounds|too old|too far in the past/i, 'too_old'],
  [/duplicate/i, 'duplicate'],
  [/limit|exceeded/i, 'limit'],
];

function reasonOf(text: string): RefusalReason {
  return REASONS.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
}

/** A receiver that did not know 2.0 may have been replaced by one that does. */
const ASK_AGAIN_AFTER_MS = 3_600_000;

/** Knows which version to speak to one receiver. */
export class WriteProtocol {
  readonly #configured: 'auto' | WriteVersion;
  /** Monotonic. */
  #olderUntilMs = -Infinity;

  constructor(configured: 'auto' | WriteVersion) {
    this.#configured = configured;
  }

  get isAuto(): boolean {
    return this.#configured === 'auto';
  }

  version(nowMs: number): WriteVersion {
    if (this.#configured !== 'auto') return this.#configured;
    return nowMs < this.#olderUntilMs ? '1.0' : '2.0';
  }

  /** Goes on with 1.0 for a while. */
  isOlder(nowMs: number): void {
    this.#olderUntilMs = nowMs + ASK_AGAIN_AFTER_MS;
  }
}
