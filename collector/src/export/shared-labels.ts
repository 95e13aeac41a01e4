// Labels that many series have in common, held once: a histogram is some fifteen series of one source.
import type { Label } from './prometheus-naming.ts';

/** Labels of points, as those of their source; beyond it each series has its own. */
const MAX_OF_POINTS = 100;
/** With names and bounds of histograms, as they may change. */
const MAX_IN_ALL = 600;

/** The labels of one metric's series. */
export class SharedLabels {
  readonly #held = new Map<string, Label>();

  /** Gives labels as they are held already. */
  ofPoint(labels: readonly Label[]): Label[] {
    return labels.map((label) => this.#hold(label, MAX_OF_POINTS));
  }

  /** Gives a label that the points of the metric have none of, as `le`. */
  ofPart(name: string, value: string): Label {
    return this.#hold([name, value], MAX_IN_ALL);
  }

  #hold(label: Label, most: number): Label {
    const key = `${label[0]} ${label[1]}`;
    const known = this.#held.get(key);
    if (known === undefined && this.#held.size < most) this.#held.set(key, label);
    return known ?? label;
  }
}
