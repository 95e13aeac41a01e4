// The contract every stage keeps, and the little a stage may ask of its surroundings.
// Deliberately small: no registry, no lookup by name, no lifecycle beyond start and stop.
import type { z } from 'zod';
import type { MetricFamily } from '../model/metric-family.ts';

/** Takes batches. `consume` resolves when the batch is accepted, not when it is delivered. */
export interface Consumer<In> {
  /**
   * Accepts one batch. The batch belongs to the caller: a consumer reads or copies what it needs
   * before it returns its promise, because columns and bytes are reused right after.
   */
  consume(batch: In): Promise<void>;
}

/** A running stage. */
export interface Stage<In> extends Consumer<In> {
  /** Opens sockets, files and timers, within the pipeline's time limit. */
  start?(): Promise<void>;
  /** Flushes to the next stage, then closes. May come before `start`, and twice. */
  stop?(): Promise<void>;
  /** What this stage exposes on the metrics page beside its own instruments; called at each scrape. */
  collect?(): Iterable<MetricFamily>;
}

/** How one instrument of a stage is exposed. */
export interface InstrumentSpec {
  readonly kind: 'counter' | 'gauge';
  /** UCUM unit, as in `By`, `s`, `{span}`. */
  readonly unit: string;
  readonly description: string;
  /** Attribute keys; each lists its closed set of values, or `'config'` where configuration names them. */
  readonly attributes?: Readonly<Record<string, readonly string[] | 'config'>>;
}

/** Own metrics of a stage, as data. The name a stage counts under must be a key here. */
export type Instruments = Readonly<Record<string, InstrumentSpec>>;

/** Attributes of one own measurement; values come from the closed set its instrument declares. */
export type MeasurementAttributes = Readonly<Record<string, string>>;

/** Wall clock and timers. The only way to the time. */
export interface Clock {
  /** Milliseconds since the Unix epoch; may step when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds that never go back; the origin is arbitrary. */
  monotonicMs(): number;
  /** Calls back every `intervalMs` until the returned function is called. Never keeps the process alive. */
  every(intervalMs: number, callback: () => void): () => void;
  /** Calls back once after `delayMs`, unless the returned function is called first. */
  after(delayMs: number, callback: () => void): () => void;
}

/** What a stage may ask of its surroundings. Nothing is looked up elsewhere. */
export interface Host<Name extends string = string> {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  random(): number;
  /** One line to the operator. Repeats of one `code` are held back for a minute and counted. */
  log(severity: 'info' | 'warning' | 'error', code: string, message: string): void;
  /** Adds to a counter. */
  count(name: Name, value: number, attributes?: MeasurementAttributes): void;
  /** Sets a gauge. */
  record(name: Name, value: number, attributes?: MeasurementAttributes): void;
}

/**
 * A stage as data: its YAML key, its instruments, and how to make one. Its configuration is a type here: the schema behind
 * it stands in `config.ts` of its room, which nothing that runs imports.
 */
export interface StageDef<C extends z.ZodType, I extends Instruments, In, Out> {
  /** YAML key, folder and part of metric names. */
  readonly name: string;
  readonly instruments: I;
  /** Makes the stage without any effect: no timer, no socket, no file. */
  create(config: z.output<C>, host: Host<keyof I & string>, next: Consumer<Out>): Stage<In>;
}
