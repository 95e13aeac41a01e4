// Makes even steps of readings that come when they come: intervals adapt, heartbeats repeat. A level holds until the next
// reading; what was counted between two readings is spread evenly over the time between them.

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

/** A span of so many times as long as a level is held says nothing of when things were counted in it. */
const MOST_HOLDS = 4;

/** Steps of one series. */
export class ResourceSteps {
  readonly #options: StepOptions;
  #value = NaN;
  /** When the value was read, up to when it counts already, and the end of the present step. */
  #readMs = -Infinity;
  #atMs = NaN;
  #endMs = NaN;
  /** Of the present step: time that is known, and value times time. */
  #knownMs = 0;
  #area = 0;

  constructor(options: StepOptions) {
    this.#options = options;
  }

  /**
   * Takes a level, which holds from its time on.
   *
   * @param timeMs not before that of the reading before; one that is, is passed over, as is a value that is no number. One
   * that is before what `advance` was told counts from there on
   * @returns steps that are over by then, oldest first; no more than hold time has
   */
  take(timeMs: number, value: number): ResourceStep[] {
    if (!Number.isFinite(value)) return [];
    // A clock was set back: what was before is of another time.
    if (timeMs < this.#atMs - this.#options.holdMs) this.#begin();
    if (timeMs < this.#readMs) return [];
    const steps = this.advance(timeMs);
    if (Number.isNaN(this.#atMs)) this.#move(timeMs);
    this.#readMs = timeMs;
    this.#value = value;
    return steps;
  }

  /** Takes what was so throughout a time that is over, and holds nothing after it. One that is too long says nothing. @returns as `take` */
  takeSpan(fromMs: number, toMs: number, value: number): ResourceStep[] {
    const steps = this.take(fromMs, value);
    // Known to its end, however long a level is believed to hold.
    this.#readMs = toMs - fromMs > MOST_HOLDS * this.#options.holdMs ? -Infinity : toMs;
    steps.push(...this.advance(toMs));
    this.end();
    return steps;
  }

  /** Lets time pass without a reading. @returns as `take` */
  advance(toMs: number): ResourceStep[] {
    const steps: ResourceStep[] = [];
    if (Number.isNaN(this.#atMs) || toMs <= this.#atMs) return steps;
    const heldMs = Math.min(toMs, this.#readMs + this.#options.holdMs);
    for (let fromMs = this.#atMs; fromMs < heldMs;) {
      const untilMs = Math.min(heldMs, this.#endMs);
      this.#knownMs += untilMs - fromMs;
      this.#area += (untilMs - fromMs) * this.#value;
      if (untilMs === this.#endMs) this.#close(steps);
      fromMs = untilMs;
    }
    // What is left of a step when its value was held no longer.
    if (toMs >= this.#endMs) this.#close(steps);
    this.#move(toMs);
    return steps;
  }

  /** Says that the value holds no longer than what was told already. */
  end(): void {
    this.#readMs = -Infinity;
  }

  #begin(): void {
    this.#atMs = NaN;
    this.#readMs = -Infinity;
    this.#knownMs = 0;
    this.#area = 0;
  }

  #close(steps: ResourceStep[]): void {
    if (this.#knownMs >= LEAST_KNOWN * this.#options.stepMs)
      steps.push({ timeMs: this.#endMs, value: this.#area / this.#knownMs });
    this.#knownMs = 0;
    this.#area = 0;
    this.#endMs += this.#options.stepMs;
  }

  #move(timeMs: number): void {
    this.#atMs = timeMs;
    this.#endMs = (Math.floor(timeMs / this.#options.stepMs) + 1) * this.#options.stepMs;
  }
}
