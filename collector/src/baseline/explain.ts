// What a violation says for itself, in words.
import type { Explanation, Ratio, Severity, ViolationKind } from './contract.ts';

/** What is known when something is said. */
export interface Told {
  readonly name: string;
  readonly kind: ViolationKind;
  readonly severity: Severity | 'none';
  readonly onsetMs: number;
  readonly timeMs: number;
  readonly ratio: Ratio;
  readonly nats: number;
  readonly calls: number;
  readonly quantiles: Explanation['quantiles'];
  readonly traceIds: readonly string[];
  /** Where it did not end by itself. */
  readonly ended?: 'accepted' | 'reset' | 'forgotten';
  /** What is said of it where its kind does not say it. */
  readonly says?: string;
  /** What to do about it. */
  readonly advice?: string;
}

const ENDED = {
  accepted: 'was accepted as it is',
  reset: 'is learned anew',
  forgotten: 'is not watched any more',
} as const;

const SECONDS_A_DAY = 86_400;
/** Ways in which it could have been said by mistake. */
const WAYS = 20;

export function explain(told: Told): Explanation {
  const { nats, calls, quantiles, traceIds } = told;
  const oneInDays = Math.exp(Math.min(60, nats)) / (SECONDS_A_DAY * WAYS);
  return { summary: summaryOf(told), quantiles, calls, oneInDays, traceIds };
}

function summaryOf({ name, kind, severity, onsetMs, timeMs, ratio, ended, says, advice }: Told): string {
  const since = new Date(onsetMs).toISOString().slice(11, 19);
  const how = ended === undefined ? 'is back to normal' : ENDED[ended];
  if (severity === 'none') return `${name} ${how} after ${Math.round((timeMs - onsetMs) / 1000)} s`;
  if (says !== undefined) return `${name} ${says} since ${since}${advice === undefined ? '' : `. ${advice}`}`;
  if (kind === 'throughput') return `${name} is not called any more since ${since}`;
  if (kind === 'hang') return `${name} begins and does not end since ${since}`;
  const factor = `${shown(ratio.value)} times (${shown(ratio.low)} to ${shown(ratio.high)})`;
  return kind === 'error'
    ? `${name} fails ${factor} as often since ${since}`
    : `${name} takes ${factor} as long since ${since}`;
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
