// Changes that are too small to be told of, however sure they are: they are watched, and nobody is woken.
import { isLike } from '../model/glob.ts';
import { logAt, quantilePlace } from './bins.ts';
import type { BaselineConfig } from './config.ts';
import type { Change, Subject } from './contract.ts';
import { sharesOf } from './density.ts';
import { errorRatio } from './estimate.ts';
import type { Learned } from './learned.ts';
import type { Violations } from './violations.ts';
import type { WatchedOperation } from './watched.ts';

type MinChange = BaselineConfig['min_change'];

/** What a change of one operation must be at least. */
export interface LeastChange {
  /** Added to the median or the mean of durations, whichever is more; milliseconds. */
  readonly latencyMs: number;
  /** Failed calls of all, 0..1. */
  readonly errorRatio: number;
}

/** Finds what counts for an operation: the first override that means it, and what that leaves out from the rest. */
export function leastChangeOf(config: MinChange, { attributes }: Pick<Subject, 'attributes'>): LeastChange {
  const { 'service.name': service = '', 'span.name': name = '' } = attributes;
  const own = config.overrides.find((each) => isLike(each.service, service) && isLike(each.operation, name));
  return { latencyMs: own?.latency ?? config.latency, errorRatio: own?.errors ?? config.errors };
}

/**
 * Chooses what is told of: what was told of until it is over, however small it becomes; what was not once it is large enough.
 *
 * @param violations those that were told of
 */
export function worthTelling(
  config: MinChange,
  { subject, operation }: Pick<WatchedOperation, 'subject' | 'operation'>,
  changes: readonly Change[],
  violations: Pick<Violations, 'isOpen'>,
): { readonly told: readonly Change[]; readonly withheld: readonly ('latency' | 'error')[] } {
  const { learned } = operation;
  const least = leastChangeOf(config, subject);
  const withheld: ('latency' | 'error')[] = [];
  const told = changes.filter((change) => {
    const { kind, severity } = change;
    if (violations.isOpen(kind, subject)) return true;
    if (severity === 'none') return false;
    if ((kind !== 'latency' && kind !== 'error') || learned === undefined) return true;
    if (!isTooSmall(change, learned, least)) return true;
    withheld.push(kind);
    return false;
  });
  return { told, withheld };
}

function isTooSmall(change: Change, learned: Learned, { latencyMs, errorRatio: least }: LeastChange): boolean {
  if (change.kind === 'latency') return latencyMs > 0 && addedMs(change, learned) < latencyMs;
  if (least === 0) return false;
  // The ratio is over a floor that only the estimate knows: of one failed call of one, it is that of all calls.
  const normal = 1 / errorRatio(1, 1, learned).value;
  return change.ratio.value * normal < least;
}

/** @returns milliseconds added to the median, or to the mean where that is more */
export function addedMs({ quantiles, ratio }: Pick<Change, 'quantiles' | 'ratio'>, { density }: Learned): number {
  const shares = sharesOf(density);
  const normalMs = (quantile: number): number => 1000 * Math.exp(logAt(quantilePlace(shares, quantile)));
  const added = quantiles.map((each) => ({ from: each.quantile, ms: normalMs(each.quantile) * (each.ratio - 1) }));
  const [median] = added;
  if (median === undefined) return normalMs(0.5) * (ratio.value - 1);
  // Each quantile moved by something; between two it lies between theirs, below the median and above the last it stays.
  const mean = added.reduce((sum, { from, ms }, i) => {
    const next = added[i + 1];
    const share = (next?.from ?? 1) - from;
    return sum + share * (next === undefined ? ms : (ms + next.ms) / 2);
  }, median.from * median.ms);
  return Math.max(median.ms, mean);
}
