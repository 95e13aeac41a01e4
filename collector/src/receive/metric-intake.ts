// From the bytes of one inflated metrics body to its data points, redacted, and told from the bodies of the last minute.
import { AttributeMemory } from '../otlp/attribute-memory.ts';
import { MetricsDecoder } from '../otlp/decode-metrics.ts';
import { giveBackWhole } from '../otlp/give-back.ts';
import { metricsFromJson } from '../otlp/json-metrics.ts';
import { byteSource } from '../otlp/wire.ts';
import type { BodyFormat } from './answer.ts';
import { Duplicates } from './duplicates.ts';
import type { Redaction } from './redaction.ts';

interface MetricIntakeOptions {
  readonly duplicateWindowMs: number;
  readonly random: () => number;
  /** None where no rule is configured. */
  readonly redaction: Redaction | undefined;
}

/** A body that was redacted and turned into protobuf, and is not yet known to be well-formed. */
export interface OpenedMetrics {
  readonly decoder: MetricsDecoder;
  /** What was redacted in it, by rule. */
  readonly redacted: readonly (readonly [rule: string, count: number])[];
  /** Gives back what was made of the body; the decoder reads nothing after it. */
  close(): void;
}

/** Increments of a repeated body would be added twice, so repeats are told here too. */
export class MetricIntake {
  readonly #redaction: Redaction | undefined;
  readonly #duplicates: Duplicates | undefined;
  readonly #memory = new AttributeMemory();
  #last: Promise<unknown> = Promise.resolve();

  constructor({ duplicateWindowMs, random, redaction }: MetricIntakeOptions) {
    this.#redaction = redaction;
    this.#duplicates = duplicateWindowMs > 0 ? new Duplicates(duplicateWindowMs, random) : undefined;
  }

  /**
   * Redacts and converts one body.
   *
   * @param body not kept, but read as long as the decoder is
   * @throws Malformed, Refusal
   */
  open(body: Buffer, format: BodyFormat, nowMs: number): OpenedMetrics {
    const redacted = this.#redaction?.redact(body, 'metrics', format) ?? body;
    const counts = this.#redaction?.found() ?? [];
    const bytes = format === 'json' ? metricsFromJson(redacted) : redacted;
    const decoder = new MetricsDecoder(bytes, nowMs, this.#memory);
    const close = (): void => {
      for (const made of [redacted, bytes]) if (made !== body) giveBackWhole(made);
    };
    return { decoder, redacted: counts, close };
  }

  /**
   * Answers whether the bytes that were sent came before, and remembers them where not: call it once they were read to
   * their end, or what is refused and comes again would pass for a repeat. By what was sent, because what replaces a value
   * under redaction may differ from time to time.
   */
  isRepeat(body: Buffer, monotonicMs: number): boolean {
    const duplicates = this.#duplicates;
    if (duplicates === undefined) return false;
    if (duplicates.isRepeat(byteSource(body), 0, body.length, monotonicMs)) return true;
    duplicates.remember(monotonicMs);
    return false;
  }

  /** Does work on large bodies one at a time: what each holds meanwhile is more than its bytes. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
