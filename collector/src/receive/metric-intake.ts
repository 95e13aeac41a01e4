// From the bytes of one inflated metrics body to its data points. Synchronous and pure: the time is an argument.
import { MetricsDecoder } from '../otlp/decode-metrics.ts';
import { metricsFromJson } from '../otlp/json-metrics.ts';
import { byteSource } from '../otlp/wire.ts';
import type { Host } from '../pipeline/contract.ts';
import type { BodyFormat } from './answer.ts';
import { Duplicates } from './duplicates.ts';
import type { receiveInstruments } from './instruments.ts';
import type { Redaction } from './redaction.ts';

interface MetricIntakeOptions {
  readonly duplicateWindowMs: number;
  readonly random: () => number;
  /** None where no rule is configured. */
  readonly redaction: Redaction | undefined;
  readonly host: Host<keyof typeof receiveInstruments>;
}

/** Redacts, converts and decodes; increments of a repeated body would be added twice, so repeats are told here too. */
export class MetricIntake {
  readonly #options: MetricIntakeOptions;
  readonly #duplicates: Duplicates | undefined;

  constructor(options: MetricIntakeOptions) {
    this.#options = options;
    this.#duplicates =
      options.duplicateWindowMs > 0 ? new Duplicates(options.duplicateWindowMs, options.random) : undefined;
  }

  /**
   * Takes one body.
   *
   * @param body not kept, but read until the last batch was taken
   * @returns its points; undefined for a repeat
   * @throws Malformed with nothing kept
   */
  take(body: Buffer, format: BodyFormat, nowMs: number, monotonicMs: number): MetricsDecoder | undefined {
    const { redaction, host } = this.#options;
    const redacted = redaction === undefined ? body : redaction.redact(body, 'metrics', format);
    const decoder = new MetricsDecoder(format === 'json' ? metricsFromJson(redacted) : redacted, nowMs);
    // By the bytes that were sent: what replaces a value under redaction may differ from time to time.
    if (this.#duplicates?.isRepeat(byteSource(body), 0, body.length, monotonicMs) === true) return undefined;
    this.#duplicates?.remember(monotonicMs);
    redaction?.count(host);
    return decoder;
  }
}
