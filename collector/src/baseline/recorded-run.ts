// A run as recorded: of each operation its figures, and the baseline that would be learned of it. Nothing is judged here.
import { EvenkeelError } from '../errors.ts';
import { binOf, BINS } from './bins.ts';
import { CallBatches } from './call-batches.ts';
import { type Cleaning, type Figures, figuresOf } from './figures.ts';
import type { Learned } from './learned.ts';
import { learn, LEAST_WINDOWS } from './learner.ts';
import { DAY_MS } from './season.ts';
import type { Recorded } from './scan.ts';
import { addCall, clearStep, emptyStep } from './step.ts';
import { joinWindows, LearningWindows, type Window } from './windows.ts';

const STEP_MS = 1000;
/** Each takes some 20 KiB while it is read. */
const MAX_OPERATIONS = 10_000;
/** Where a run is too short for windows of half a minute, so many parts of it take their place. */
const PARTS = 20;

/** Which operation a call was of. Two runs speak of the same where all but the version is the same. */
export interface OperationName {
  readonly name: string;
  readonly service?: string | undefined;
  readonly kind?: string | undefined;
}

export interface RecordedOperation extends OperationName {
  /** The last service.version that was seen. */
  readonly version?: string | undefined;
  readonly figures: Figures;
  readonly learned?: Learned | undefined;
  /** The run was too short for a whole baseline: it holds enough calls at most. */
  readonly isProvisional: boolean;
  /** Calls to be expected in the longest gap that was normal, where that is known. */
  readonly usualMissed?: number | undefined;
}

/** A call, with what else is known of its operation. */
export interface RecordedCall extends Recorded {
  readonly service?: string | undefined;
  readonly kind?: string | undefined;
  readonly version?: string | undefined;
}

/** The same for the same operation. */
export function keyOf({ service, name, kind }: OperationName): string {
  return JSON.stringify([service, name, kind]);
}

export class RecordedRun {
  readonly #operations = new Map<string, Reading>();
  readonly #seasonMs: number;

  constructor(seasonMs = DAY_MS) {
    this.#seasonMs = seasonMs;
  }

  /** Takes a call, in order of their ends; ticks of the clock say nothing here. @throws BAD_RECORDING at too many operations */
  take(call: RecordedCall): void {
    const { operation: name, service, kind } = call;
    if (name === undefined) return;
    const key = keyOf({ name, service, kind });
    let reading = this.#operations.get(key);
    if (reading === undefined) {
      if (this.#operations.size >= MAX_OPERATIONS)
        throw new EvenkeelError('BAD_RECORDING', `it has more than ${MAX_OPERATIONS} operations`);
      reading = new Reading({ name, service, kind });
      this.#operations.set(key, reading);
    }
    reading.take(call);
  }

  /** Ends the run. @returns its operations in order of name */
  end(cleaning: Cleaning): RecordedOperation[] {
    const all = [...this.#operations.values()].map((reading) => reading.end(cleaning, this.#seasonMs));
    return all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }
}

/** One operation while its calls are read. */
class Reading {
  readonly #name: OperationName;
  readonly #batches = new CallBatches();
  readonly #windows = new LearningWindows();
  readonly #step = emptyStep(BINS);
  #version: string | undefined;

  constructor(name: OperationName) {
    this.#name = name;
  }

  take({ timeMs, durationMs = 0, isError = false, version }: RecordedCall): void {
    const step = this.#step;
    const endMs = Math.floor(timeMs / STEP_MS) * STEP_MS + STEP_MS;
    if (endMs > step.timeMs) {
      this.#closeStep();
      step.timeMs = endMs;
    }
    const bin = binOf(durationMs / 1000);
    addCall(step, bin, isError);
    this.#batches.add(timeMs, bin, isError);
    this.#version = version ?? this.#version;
  }

  end(cleaning: Cleaning, seasonMs: number): RecordedOperation {
    this.#closeStep();
    const batches = this.#batches.all();
    const around = {
      seasonMs,
      correlation: this.#windows.clusters.correlation(),
      minuteNoise: this.#windows.minutes.noise(),
    };
    const whole = learn(this.#windows.windows, around, LEAST_WINDOWS);
    const learned = whole ?? learn(partsOf(batches), around, 1);
    const isProvisional = whole === undefined;
    return { ...this.#name, version: this.#version, figures: figuresOf(batches, cleaning), learned, isProvisional };
  }

  #closeStep(): void {
    if (this.#step.calls === 0) return;
    this.#windows.add(this.#step, STEP_MS);
    clearStep(this.#step);
  }
}

function partsOf(batches: readonly Window[]): Window[] {
  const calls = batches.reduce((sum, batch) => sum + batch.calls, 0);
  // Half as many at least: batches are whole.
  const wanted = calls / PARTS;
  const parts: Window[][] = [];
  let size = Infinity;
  for (const batch of batches) {
    if (size >= wanted) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(batch);
    size += batch.calls;
  }
  return parts.map(joinWindows);
}
