// Two cases in one process, many short pairs in turns, by CPU time: how benches of the SDK compare.
// Many short pairs instead of few long ones: what disturbs a shared machine lasts longer than a pair of some milliseconds,
// so it mostly meets both cases alike. With 41 pairs of 50 ms the medians moved by 0.15, so by 0.02.
import { bounded, type Limit } from '../bounds.ts';
import { type Figure, summary } from '../figure.ts';

/** What is measured: a call whose promise, where it gives one, is awaited. */
export type Case = () => unknown;

/** CPU nanoseconds a call of both cases. */
export interface Pair {
  readonly oursNs: number;
  readonly rawNs: number;
}

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
const PASSES = IS_QUICK ? 61 : 301;
const CALLS = 2000;
const WARM_UP_PASSES = 20;
/** Collected now and then between pairs, so that no case pays for the garbage of many others. */
const PASSES_BETWEEN_COLLECTIONS = 20;

/** How a comparison is made where the defaults do not fit. */
export interface PairOptions {
  readonly calls?: number;
  /** Between pairs now and then, not measured. */
  readonly rest?: () => unknown;
}

/** Measures pair by pair; which case goes first alternates. */
export async function compare(ours: Case, raw: Case, { calls = CALLS, rest }: PairOptions = {}): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let pass = -WARM_UP_PASSES; pass < PASSES; pass++) {
    if (pass % PASSES_BETWEEN_COLLECTIONS === 0) {
      await rest?.();
      globalThis.gc?.();
    }
    const areOursFirst = pass % 2 === 0;
    const first = await cpuNs(areOursFirst ? ours : raw, calls);
    const second = await cpuNs(areOursFirst ? raw : ours, calls);
    const [oursNs, rawNs] = areOursFirst ? [first, second] : [second, first];
    if (pass >= 0) pairs.push({ oursNs, rawNs });
  }
  return pairs;
}

/** Ours in terms of raw, as the median of all pairs. @param limit none where it only informs */
export function ratio(name: string, pairs: readonly Pair[], limit?: Limit): Figure {
  return bounded({ name, unit: '×', ...summary(pairs.map(({ oursNs, rawNs }) => oursNs / rawNs)) }, limit);
}

/** What ours takes beyond raw, nanoseconds a call. */
export function extra(name: string, pairs: readonly Pair[], limit?: Limit): Figure {
  return bounded({ name, unit: 'ns', ...summary(pairs.map(({ oursNs, rawNs }) => oursNs - rawNs)) }, limit);
}

async function cpuNs(call: Case, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) {
    const result = call();
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}
