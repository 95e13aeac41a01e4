// What of a metric is folded, and where that leaves the attributes of a series. Pure.
import { type Attribute, type Attributes, canonical } from '../model/attributes.ts';
import type { Fold } from './contract.ts';
import type { Templates } from './templates.ts';

/** @see OpenTelemetry specification, Metrics SDK, cardinality limits */
export const OVERFLOW: Attribute = ['otel.metric.overflow', true];
export const OVERFLOW_ATTRIBUTES: Attributes = [OVERFLOW];
/** The word of the configuration for that. */
const TAKE_AWAY = 'overflow';

interface Step {
  readonly into: 'template' | 'value';
  readonly sinceMs: number;
  example: string;
}

/** The folds of one metric: attributes by their key, then new series whole. */
export class FoldPlan {
  readonly #templates: Templates;
  readonly #fold: string;
  readonly #steps = new Map<string, Step>();
  /** New series go to the overflow series whole, since then; Unix milliseconds. */
  overflowSinceMs: number | undefined;

  constructor(templates: Templates, fold: string) {
    this.#templates = templates;
    this.#fold = fold;
  }

  get isEmpty(): boolean {
    return this.#steps.size === 0 && this.overflowSinceMs === undefined;
  }

  stepOf(key: string): Step['into'] | undefined {
    return this.#steps.get(key)?.into;
  }

  /** Folds another attribute, or one that has templates for good. */
  add(key: string, into: Step['into'], sinceMs: number): void {
    this.#steps.set(key, { into, sinceMs, example: into === 'value' ? this.#fold : '' });
  }

  clear(): void {
    this.#steps.clear();
    this.overflowSinceMs = undefined;
  }

  /** Attributes of the series that stands for one; the same object where nothing of it is folded. */
  map(attributes: Attributes): Attributes {
    if (this.#steps.size === 0) return attributes;
    let isChanged = false;
    let isTaken = false;
    const mapped: Attribute[] = [];
    for (const attribute of attributes) {
      const [key, value] = attribute;
      const step = this.#steps.get(key);
      const text = step?.into === 'template' ? this.#templates.of(value) : step && this.#fold;
      if (step === undefined || text === undefined) {
        mapped.push(attribute);
        continue;
      }
      isChanged = true;
      if (step.into === 'value' && this.#fold === TAKE_AWAY) isTaken = true;
      else mapped.push([key, text]);
      if (step.example === '') step.example = text;
    }
    if (!isChanged) return attributes;
    if (isTaken) mapped.push(OVERFLOW);
    return canonical(mapped);
  }

  /** Newest first. */
  folds(): Fold[] {
    const folds: Fold[] = [...this.#steps].map(([key, step]) => ({ key, ...step }));
    if (this.overflowSinceMs !== undefined)
      folds.push({ key: '', into: 'overflow', example: OVERFLOW[0], sinceMs: this.overflowSinceMs });
    return folds.toReversed().sort((a, b) => b.sinceMs - a.sinceMs);
  }
}
