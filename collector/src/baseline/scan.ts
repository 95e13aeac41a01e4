// Recorded calls through the watch, as they come: what would have been said, and when. Nothing is read ahead.
import { binOf, BINS } from './bins.ts';
import type { Change, Severity, ViolationKind } from './contract.ts';
import { FALSE_ALARM_DAYS } from './defaults.ts';
import { Grouping } from './grouping.ts';
import { Operation, type WatchOptions } from './operation.ts';
import { DAY_MS } from './season.ts';
import { addCall, clearStep, emptyStep, type Step } from './step.ts';

const STEP_MS = 1000;
const MOST_SILENT_STEPS = 86_400;
const SECONDS_PER_FALSE_ALARM = FALSE_ALARM_DAYS * 86_400;

/** The first line, where there is one; all in milliseconds. */
export interface Meta {
  readonly learnUntilMs?: number | undefined;
  readonly seasonMs?: number | undefined;
  readonly endMs?: number | undefined;
}

/** A recorded call, or a tick of the clock where there is no operation. */
export interface Recorded {
  readonly timeMs: number;
  readonly operation?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly isError?: boolean | undefined;
}

/** A change of state, as it is written. */
export interface Said {
  readonly t_ms: number;
  readonly op: string;
  readonly kind: ViolationKind;
  readonly severity: Severity | 'none';
  readonly group: string;
  readonly onset_ms: number;
  readonly ratio_ci: readonly [number, number];
}

interface Watched {
  readonly name: string;
  readonly operation: Operation;
  readonly step: Step;
}

export class Scan {
  readonly #options: WatchOptions;
  readonly #operations = new Map<string, Watched>();
  readonly #say: (said: Said) => void;
  readonly #endMs: number | undefined;
  #stepEndMs = NaN;
  #groups = 0;
  readonly #grouping = new Grouping(() => `g${++this.#groups}`);

  constructor({ learnUntilMs, seasonMs = DAY_MS, endMs }: Meta, say: (said: Said) => void) {
    this.#options = { stepMs: STEP_MS, seasonMs, learnUntilMs, secondsPerFalseAlarm: SECONDS_PER_FALSE_ALARM };
    this.#endMs = endMs;
    this.#say = say;
  }

  /** Takes what was recorded, in order of time; what is earlier than what came before counts with it. */
  take({ timeMs, operation, durationMs = 0, isError = false }: Recorded): void {
    if (Number.isNaN(this.#stepEndMs)) this.#stepEndMs = Math.floor(timeMs / STEP_MS) * STEP_MS + STEP_MS;
    this.#advance(timeMs);
    if (operation === undefined) return;
    let watched = this.#operations.get(operation);
    if (watched === undefined) {
      watched = { name: operation, operation: new Operation(this.#options), step: emptyStep(BINS) };
      this.#operations.set(operation, watched);
    }
    addCall(watched.step, binOf(durationMs / 1000), isError);
  }

  /** Closes what is open, up to the end that was announced. */
  end(): void {
    if (Number.isNaN(this.#stepEndMs)) return;
    this.#advance(this.#endMs ?? this.#stepEndMs);
  }

  /** What is known of an operation. */
  watched(name: string): Operation | undefined {
    return this.#operations.get(name)?.operation;
  }

  /** Closes seconds up to a time. A silence tells nothing new after a day; what is left of it is passed over. */
  #advance(untilMs: number): void {
    for (let step = 0; step < MOST_SILENT_STEPS && untilMs >= this.#stepEndMs; step++) this.#closeStep();
    if (untilMs >= this.#stepEndMs) this.#stepEndMs = Math.floor(untilMs / STEP_MS) * STEP_MS + STEP_MS;
  }

  #closeStep(): void {
    for (const watched of this.#operations.values()) {
      const { step, operation, name } = watched;
      step.timeMs = this.#stepEndMs;
      for (const change of operation.take(step)) this.#tell(name, change);
      clearStep(step);
    }
    this.#stepEndMs += STEP_MS;
  }

  #tell(op: string, { timeMs, kind, severity, onsetMs, ratio }: Change): void {
    const key = `${kind} ${op}`;
    const group = this.#grouping.groupOf(key, onsetMs);
    if (severity === 'none') this.#grouping.close(key);
    const ci = [rounded(ratio.low), rounded(ratio.high)] as const;
    this.#say({ t_ms: timeMs, op, kind, severity, group, onset_ms: onsetMs, ratio_ci: ci });
  }
}

function rounded(value: number): number {
  return Number(Math.min(value, 1e9).toPrecision(5));
}
