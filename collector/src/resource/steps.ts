// Makes even steps of readings that come when they come: intervals adapt, heartbeats repeat. A value holds until the next.

/** The mean of a step that is over. */
export interface ResourceStep {
  /** The step's end; milliseconds since the epoch. */
  readonly timeMs: number;
  readonly value: number;
}

export interface StepOptions {
  /** Steps begin at its multiples. */
  readonly stepMs: number;
  /** How long a value is believed to hold without another. */
  readonly holdMs: number;
}

/** A step of which less is known is left out. */
const LEAST_KNOWN = 0.5;

/** Steps of one series. */
export class ResourceSteps {
  readonly #options: StepOptions;
  #value = NaN;
  #lastMs = NaN;
  #endMs = NaN;
  /** Of the present step: time that is known, and value times time. */
  #knownMs = 0;
  #area = 0;

  constructor(options: StepOptions) {
    this.#options = options;
  }

  /**
   * Takes a reading.
   *
   * @param timeMs not before that of the reading before; one that is, is passed over, as is a value that is no number
   * @returns steps that are over by then, oldest first; no more than hold time has
   */
  take(timeMs: number, value: number): ResourceStep[] {
    if (!Number.isFinite(value) || timeMs < this.#lastMs) return [];
    const steps = Number.isNaN(this.#lastMs) ? [] : this.#advance(timeMs);
    this.#endMs = this.#endOf(timeMs);
    this.#lastMs = timeMs;
    this.#value = value;
    return steps;
  }

  #advance(toMs: number): ResourceStep[] {
    const steps: ResourceStep[] = [];
    const heldMs = Math.min(toMs, this.#lastMs + this.#options.holdMs);
    for (let fromMs = this.#lastMs; fromMs < heldMs;) {
      const untilMs = Math.min(heldMs, this.#endMs);
      this.#knownMs += untilMs - fromMs;
      this.#area += (untilMs - fromMs) * this.#value;
      if (untilMs === this.#endMs) this.#close(steps);
      fromMs = untilMs;
    }
    // What is left of a step when its value was held no longer.
    if (toMs >= this.#endMs) this.#close(steps);
    return steps;
  }

  #close(steps: ResourceStep[]): void {
    if (this.#knownMs >= LEAST_KNOWN * this.#options.stepMs)
      steps.push({ timeMs: this.#endMs, value: this.#area / this.#knownMs });
    this.#knownMs = 0;
    this.#area = 0;
    this.#endMs += this.#options.stepMs;
  }

  #endOf(timeMs: number): number {
    return (Math.floor(timeMs / this.#options.stepMs) + 1) * this.#options.stepMs;
  }
}
