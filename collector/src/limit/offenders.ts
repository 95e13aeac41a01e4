// Words for the log: which metrics had too many series, and by which attribute. Pure.
import type { TrackedMetric } from './tracked-metric.ts';

/** A line of the log names so many; the page has them all. */
const MAX_NAMED = 5;
const MAX_EXAMPLES = 3;
/** The log holds repeats of a code back for a minute; what comes meanwhile is named together after it. */
const EACH_MS = 60_000;

/** Gathers metrics until they are named. */
export class Offenders {
  readonly #metrics = new Set<TrackedMetric>();
  #atMs = -Infinity;
  /** Something was folded, and nothing was for a while. */
  isNews = false;

  add(metric: TrackedMetric): void {
    this.isNews ||= this.#metrics.size === 0;
    if (this.#metrics.size < MAX_NAMED) this.#metrics.add(metric);
  }

  /** What to say now; undefined where that is nothing, or not yet. */
  message(monotonicMs: number): string | undefined {
    this.isNews = false;
    if (this.#metrics.size === 0 || monotonicMs < this.#atMs) return undefined;
    this.#atMs = monotonicMs + EACH_MS;
    const named = [...this.#metrics].map(wordsFor).join('; ');
    this.#metrics.clear();
    return `too many series, totals stay exact: ${named}`;
  }
}

function wordsFor(metric: TrackedMetric): string {
  const { service, name, offender, plan, budget } = metric;
  const of = service === '' ? name : `${name} of ${service}`;
  const values = metric.attributes().find(({ key }) => key === offender);
  if (values === undefined)
    return `${of} has more than ${budget.maxSeries}; new ones are counted in its overflow series`;
  const examples = values.examples.slice(0, MAX_EXAMPLES).map((each) => JSON.stringify(each));
  const into = plan.stepOf(offender) === 'template' ? 'became templates' : 'were folded';
  return `${of} by attribute ${JSON.stringify(offender)} with ${values.distinctValues} values as ${examples.join(', ')}, which ${into}`;
}
