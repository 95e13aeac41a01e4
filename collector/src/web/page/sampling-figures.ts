// What the numbers of sampling say: pure readings of what the sidecar answers.
import type { SamplingState, ShadowCounts } from '../../sample/contract.ts';
import { words } from './format.ts';

type Estimate = SamplingState['estimate'];

/**
 * What an estimate is worth. `whole`: nothing was left to chance. `few`: too little was kept by chance to say. `below` and
 * `above`: the whole interval is on that side of the exact count.
 */
export type Worth = 'nothing' | 'few' | 'whole' | 'inside' | 'below' | 'above';

/** Holds an estimate against what was counted. */
export function worthOf({ exact, estimate, low, high, isEnough }: Estimate): Worth {
  if (exact === 0) return 'nothing';
  if (!isEnough) return 'few';
  // Without any trace kept by chance there is no interval, whatever was dropped.
  if (low === high) return estimate === exact ? 'whole' : 'few';
  if (high < exact) return 'below';
  return low > exact ? 'above' : 'inside';
}

/** Places on a scale that shows the interval and the exact count with some room either side, 0..1. */
export interface Range {
  readonly low: number;
  readonly high: number;
  readonly estimate: number;
  readonly exact: number;
}

/** Room either side, in terms of what is shown. */
const MARGIN = 0.2;

/** Lays an interval out; undefined where it has no width. */
export function rangeOf({ exact, estimate, low, high }: Estimate): Range | undefined {
  const from = Math.min(low, exact);
  const width = Math.max(high, exact) - from;
  if (low === high || width <= 0) return undefined;
  const place = (value: number): number => (MARGIN + (value - from) / width) / (1 + 2 * MARGIN);
  return { low: place(low), high: place(high), estimate: place(estimate), exact: place(exact) };
}

const CAUSES: Readonly<Record<string, string>> = {
  memory: 'the memory for waiting spans is nearly full',
  queue: 'an exporter falls behind',
  loopDelayMs: 'the process falls behind',
};

/** Says what there is too much of. */
export function overloadCause(cause: string | undefined): string {
  return cause === undefined ? 'there is too much' : (CAUSES[cause] ?? words(cause));
}

/** A policy with what it kept and what found no room in it. */
interface PolicyRow {
  readonly policy: string;
  readonly traces: number;
  readonly overflowed: number;
}

/** Joins the policies in force, in their order, with what kept traces; what is no policy, as wishes are, comes last. */
export function policyRows(
  policies: SamplingState['policies'],
  keptTraces: readonly { readonly policy: string; readonly traces: number }[],
): PolicyRow[] {
  const kept = new Map(keptTraces.map(({ policy, traces }) => [policy, traces]));
  const inForce = policies.map(({ name, overflowed }) => ({ policy: name, traces: kept.get(name) ?? 0, overflowed }));
  const names = new Set(policies.map(({ name }) => name));
  return [
    ...inForce,
    ...keptTraces.filter(({ policy }) => !names.has(policy)).map((each) => ({ ...each, overflowed: 0 })),
  ];
}

/** Adds up what the shadow made of all traces. */
export function shadowTotals(counts: readonly ShadowCounts[]): ShadowCounts & { readonly all: number } {
  const sum = (read: (each: ShadowCounts) => number): number => counts.reduce((total, each) => total + read(each), 0);
  const totals = {
    bothKeep: sum(({ bothKeep }) => bothKeep),
    wouldKeep: sum(({ wouldKeep }) => wouldKeep),
    wouldDrop: sum(({ wouldDrop }) => wouldDrop),
    bothDrop: sum(({ bothDrop }) => bothDrop),
  };
  return { ...totals, all: totals.bothKeep + totals.wouldKeep + totals.wouldDrop + totals.bothDrop };
}

/** Sorts a copy: where the two differ most comes first, equal ones by what was compared. */
export function byDifference<Counts extends ShadowCounts>(rows: readonly Counts[]): Counts[] {
  const differing = ({ wouldKeep, wouldDrop }: ShadowCounts): number => wouldKeep + wouldDrop;
  return [...rows].sort((a, b) => differing(b) - differing(a) || shadowTotals([b]).all - shadowTotals([a]).all);
}

/** What makes a shadow, for those who have none. */
export const SHADOW_EXAMPLE = `sample:
  shadow:
    policies:
      - { name: errors, type: status }
      - { name: share, type: probabilistic, ratio: 0.05 }`;
