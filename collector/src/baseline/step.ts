// One second of one operation, as the watch takes it.

/** Calls that ended within one second. Reused by its owner from step to step. */
export interface Step {
  /** End of the second, in milliseconds since the epoch. */
  timeMs: number;
  calls: number;
  errors: number;
  /** Bins that hold calls, and how many each; `kinds` of each, the rest is old. */
  readonly bins: Uint16Array;
  readonly counts: Uint32Array;
  kinds: number;
  /** The same bin again is found here: 1 + its index in `bins`, 0 where it is not. */
  readonly at: Uint16Array;
}

/** Makes an empty step. @param bins how many there are */
export function emptyStep(bins: number): Step {
  const [timeMs, calls, errors, kinds] = [0, 0, 0, 0];
  return {
    timeMs,
    calls,
    errors,
    bins: new Uint16Array(bins),
    counts: new Uint32Array(bins),
    kinds,
    at: new Uint16Array(bins),
  };
}

/** Adds a call. */
export function addCall(step: Step, bin: number, isError: boolean): void {
  addCalls(step, bin, isError, 1);
}

/** Adds calls that are alike. */
export function addCalls(step: Step, bin: number, isError: boolean, count: number): void {
  step.calls += count;
  if (isError) step.errors += count;
  const at = step.at[bin] ?? 0;
  if (at > 0) {
    step.counts[at - 1] += count;
    return;
  }
  step.bins[step.kinds] = bin;
  step.counts[step.kinds] = count;
  step.at[bin] = ++step.kinds;
}

/** Empties a step for the next second. */
export function clearStep(step: Step): void {
  for (let i = 0; i < step.kinds; i++) step.at[step.bins[i] ?? 0] = 0;
  step.calls = 0;
  step.errors = 0;
  step.kinds = 0;
}
