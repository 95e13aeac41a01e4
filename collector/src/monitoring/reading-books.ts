// What is counted of readings: points handed on and saved, readings, and what they cost.
import type { Host } from '../pipeline/contract.ts';
import type { monitoringInstruments } from './instruments.ts';
import type { ScheduledReader } from './scheduled-reader.ts';
import { type Component, COMPONENTS } from './series-spec.ts';

interface Sums {
  /** Series there are. */
  live: number;
  /** Points that everything every second would have been, less those handed on, less those counted as saved. */
  owed: number;
}

/** The counters of the stage. */
export class ReadingBooks {
  readonly #host: Host<keyof typeof monitoringInstruments>;
  readonly #sums = new Map<Component, Sums>(COMPONENTS.map((component) => [component, { live: 0, owed: 0 }]));

  constructor(host: Host<keyof typeof monitoringInstruments>) {
    this.#host = host;
  }

  began(component: Component): void {
    this.#of(component).live++;
  }

  ended(component: Component): void {
    this.#of(component).live--;
  }

  /** A point was handed on. */
  gave(component: Component): void {
    this.#of(component).owed--;
    this.#host.count('points', 1, { component });
  }

  read({ reader: { component } }: ScheduledReader, seconds: number): void {
    this.#host.count('readings', 1, { component });
    this.#host.count('cpu', seconds, { component });
  }

  /** Something was not read for so many seconds. */
  skipped({ reader: { component }, costMs }: ScheduledReader, seconds: number): void {
    this.#host.count('cpu_saved', (costMs / 1000) * seconds, { component });
  }

  /** Time has passed. A counter never falls, so what was handed on beyond a second's points is made up for first. */
  passed(seconds: number): void {
    for (const [component, sums] of this.#sums) {
      sums.owed += sums.live * seconds;
      if (sums.owed <= 0) continue;
      this.#host.count('points_saved', sums.owed, { component });
      sums.owed = 0;
    }
  }

  /** Sets the gauges. */
  figures(
    readers: readonly ScheduledReader[],
    intervalMs: (reader: ScheduledReader) => number,
    errorRatio: (component: Component) => number,
  ): void {
    for (const component of COMPONENTS) {
      const own = readers.filter(({ reader }) => reader.component === component);
      if (own.length === 0) continue;
      const { live } = this.#of(component);
      const longest = Math.max(...own.map(intervalMs));
      this.#host.record('interval', longest / 1000, { component });
      if (live > 0) this.#host.record('error_ratio', errorRatio(component), { component });
    }
  }

  #of(component: Component): Sums {
    return this.#sums.get(component) ?? { live: 0, owed: 0 };
  }
}
