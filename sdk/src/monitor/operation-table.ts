// Statistics by name, of so many names and no more: what comes later is counted together.
import { createRedaction } from '../bound/redaction.ts';
import { withoutSecrets } from '../bound/secrets.ts';
import { DurationStatistics, type DurationSummary, isDuration } from './duration-statistics.ts';

/** Name under which calls are counted for which there was no place. */
export const OVERFLOW_NAME = '(other)';

/** Names are given by programs; longer ones are cut. */
const MAX_NAME_CHARS = 200;
/** What stands where a name is cut is seen whole. */
const MAX_READ_CHARS = 1000;
/** Kept of what a program says of its slowest call. */
const MAX_ENTRIES = 16;
const MAX_TEXT_CHARS = 200;

export type Scalar = string | number | boolean;

/** The slowest call. */
export interface SlowestCall {
  readonly durationMs: number;
  /** Milliseconds since the epoch, when it had ended. */
  readonly atMs: number;
  /** What was said of it: at most 16 texts, numbers and booleans, texts of at most 200 characters. */
  readonly metadata: Readonly<Record<string, Scalar>>;
}

export interface NamedSummary extends DurationSummary {
  readonly name: string;
  readonly slowest: SlowestCall | undefined;
}

/** As telemetry's own, without what a program adds to that. */
const redaction = createRedaction();

interface Entry {
  readonly statistics: DurationStatistics;
  slowest: SlowestCall | undefined;
}

/** Statistics of operations by name. */
export class OperationTable {
  readonly #maxNames: number;
  readonly #entries = new Map<string, Entry>();
  #overflow: Entry | undefined;
  #refused = 0;

  /** @param maxNames beside the one that holds what is beyond */
  constructor(maxNames: number) {
    this.#maxNames = maxNames;
  }

  /** Records without a duration. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Counts a call.
   *
   * @returns the name it was counted under; undefined where it was refused
   */
  record(
    name: unknown,
    durationMs: number,
    isError: boolean,
    atMs: number,
    metadata?: Readonly<Record<string, unknown>>,
  ): string | undefined {
    if (!isDuration(durationMs) || typeof name !== 'string') {
      this.#refused++;
      return undefined;
    }
    const [entry, known] = this.#entry(name);
    const isSlowest = entry.statistics.count === 0 || durationMs > entry.statistics.maxMs;
    entry.statistics.record(durationMs, isError);
    if (isSlowest) entry.slowest = { durationMs, atMs, metadata: scalarsOf(metadata) };
    return known;
  }

  /** @returns undefined for what was never counted */
  summary(name: string): NamedSummary | undefined {
    if (typeof name !== 'string') return undefined;
    const entry = name === OVERFLOW_NAME ? this.#overflow : this.#entries.get(clean(name));
    return entry && summaryOf(clean(name), entry);
  }

  /** What took the most time in all first; what had no place last. */
  summaries(): NamedSummary[] {
    const all = [...this.#entries].map(([name, entry]) => summaryOf(name, entry));
    all.sort((a, b) => b.totalMs - a.totalMs);
    return this.#overflow === undefined ? all : [...all, summaryOf(OVERFLOW_NAME, this.#overflow)];
  }

  clear(): void {
    this.#entries.clear();
    this.#overflow = undefined;
    this.#refused = 0;
  }

  #entry(whole: string): [Entry, string] {
    const known = this.#entries.get(whole);
    if (known !== undefined) return [known, whole];
    const name = clean(whole);
    const found = this.#entries.get(name);
    if (found !== undefined) return [found, name];
    if (this.#entries.size >= this.#maxNames) return [(this.#overflow ??= newEntry()), OVERFLOW_NAME];
    const made = newEntry();
    this.#entries.set(name, made);
    return [made, name];
  }
}

function clean(name: string): string {
  return withoutSecrets(name.slice(0, MAX_READ_CHARS)).slice(0, MAX_NAME_CHARS);
}

function newEntry(): Entry {
  return { statistics: new DurationStatistics(), slowest: undefined };
}

function summaryOf(name: string, { statistics, slowest }: Entry): NamedSummary {
  return { name, ...statistics.summary(), slowest: slowest && withoutSecretsIn(slowest) };
}

/** When it is asked for: most of the slowest calls so far are not the slowest for long. */
function withoutSecretsIn(slowest: SlowestCall): SlowestCall {
  return { ...slowest, metadata: redaction.cleaned(slowest.metadata) };
}

/** Holds on to no object of the program. */
function scalarsOf(metadata: Readonly<Record<string, unknown>> = {}): Record<string, Scalar> {
  const kept: [string, Scalar][] = [];
  try {
    for (const key in metadata) {
      if (kept.length >= MAX_ENTRIES) break;
      const value = metadata[key];
      if (typeof value === 'string') kept.push([key.slice(0, MAX_TEXT_CHARS), value.slice(0, MAX_TEXT_CHARS)]);
      else if (typeof value === 'number' || typeof value === 'boolean')
        kept.push([key.slice(0, MAX_TEXT_CHARS), value]);
    }
  } catch {
    // A getter that throws says nothing.
  }
  return Object.fromEntries(kept);
}
