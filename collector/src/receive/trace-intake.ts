// From the bytes of one inflated trace body to a committed SpanBatch. Synchronous and pure: the time is an argument.
import { Arena } from '../otlp/arena.ts';
import { ContextTable } from '../otlp/context-table.ts';
import { readServiceName } from '../otlp/context-check.ts';
import { Scanner } from '../otlp/scan.ts';
import { SpanBatch } from '../otlp/span-batch.ts';
import { type ByteSource, byteSource } from '../otlp/wire.ts';
import { Duplicates } from './duplicates.ts';
import type { Redaction } from './redaction.ts';

/** Distinct resource and scope pairs held at once. */
const MAX_CONTEXTS = 8192;

export interface TraceIntakeOptions {
  /** Service names that send every span, or `*`. */
  readonly unsampled: readonly string[];
  readonly dimensions: readonly string[];
  readonly duplicateWindowMs: number;
  /** Pinned arena bytes beyond which a body is refused: by then deciding early has freed nothing. */
  readonly maxArenaBytes: number;
  readonly random: () => number;
  /** Applied before a byte is kept; none where no rule is configured. */
  readonly redaction?: Redaction | undefined;
}

/** What became of a body. Only `accepted` leaves spans in the batch. */
export type IntakeOutcome = 'accepted' | 'duplicate' | 'over_budget' | 'contexts_full';

/** The hot path's first half: arena, scan, duplicates, commit. */
export class TraceIntake {
  readonly arena = new Arena();
  readonly contexts: ContextTable;
  /** The batch of the body accepted last; reused by the next. */
  readonly batch: SpanBatch;
  readonly #scanner: Scanner;
  readonly #duplicates: Duplicates | undefined;
  readonly #maxArenaBytes: number;
  readonly #redaction: Redaction | undefined;

  constructor(options: TraceIntakeOptions) {
    const all = options.unsampled.includes('*');
    const unsampled = new Set(options.unsampled);
    this.contexts = new ContextTable(MAX_CONTEXTS, Math.floor(options.random() * 2 ** 32), (bytes) => {
      const serviceName = readServiceName(bytes);
      return { serviceName, unsampled: all || unsampled.has(serviceName) };
    });
    this.batch = new SpanBatch(this.arena, this.contexts);
    this.#scanner = new Scanner(this.contexts, options.dimensions);
    this.#duplicates =
      options.duplicateWindowMs > 0 ? new Duplicates(options.duplicateWindowMs, options.random) : undefined;
    this.#maxArenaBytes = options.maxArenaBytes;
    this.#redaction = options.redaction;
  }

  /**
   * Takes one body in.
   *
   * @param chunks the inflated body in order; not kept
   * @param length sum of the chunks' lengths
   * @returns `accepted` with `batch` committed and owning its spans; else nothing is kept
   * @throws Malformed with nothing kept
   */
  take(chunks: readonly Uint8Array[], length: number, nowMs: number, monotonicMs: number): IntakeOutcome {
    if (this.arena.pinnedBytes + length > this.#maxArenaBytes) return 'over_budget';
    if (this.#redaction === undefined) return this.#take(chunks, length, nowMs, monotonicMs, undefined);
    const original = Buffer.concat(chunks, length);
    const redacted = this.#redaction.redact(original, 'traces', 'protobuf');
    if (this.arena.pinnedBytes + redacted.length > this.#maxArenaBytes) return 'over_budget';
    return this.#take([redacted], redacted.length, nowMs, monotonicMs, byteSource(original));
  }

  /** @param original what repeats are told by where the body was redacted: the bytes that were sent */
  #take(
    chunks: readonly Uint8Array[],
    length: number,
    nowMs: number,
    monotonicMs: number,
    original: ByteSource | undefined,
  ): IntakeOutcome {
    const { arena, batch } = this;
    const { segment, offset } = arena.copy(chunks, length);
    let kept = 0;
    try {
      const source = arena.source(segment);
      this.#scanner.scan(source, offset, offset + length, batch);
      batch.segment = segment;
      batch.receivedMs = nowMs;
      const isRepeat =
        original === undefined
          ? this.#duplicates?.isRepeat(source, offset, length, monotonicMs)
          : this.#duplicates?.isRepeat(original, 0, original.bytes.length, monotonicMs);
      if (isRepeat === true) return 'duplicate';
      if (!this.#scanner.commit(batch)) return 'contexts_full';
      this.#duplicates?.remember(monotonicMs);
      for (let row = 0; row < batch.count; row++) kept += batch.length[row];
      return 'accepted';
    } finally {
      // Also on a fault: whatever is not kept gives its room back.
      arena.settle(segment, offset, length, kept);
    }
  }
}
