// Says what policies that learn from traffic made of a trace. What they had learned by then is not remembered, so this
// is told from how the decision came out.
import { durationText, type Finding } from './explain-condition.ts';
import type { DecisionRecord } from './ledger-record.ts';
import type { PolicyConfig } from './policy-config.ts';

/** Thresholds are two halves of 28 bits. */
const HALF_RANGE = 2 ** 28;

/**
 * @param decided whether this policy decided
 * @param slowBit of `matched`, for relative_latency
 * @returns undefined where nothing can be told
 */
export function findLearning(
  config: PolicyConfig,
  decided: boolean,
  slowBit: number,
  record: DecisionRecord,
): Finding | undefined {
  switch (config.type) {
    case 'relative_latency': {
      const holds = (record.matched & slowBit) !== 0;
      const entry = `its longest entry span took ${durationText(record.longestEntryMs)}`;
      return { holds, text: `${holds ? 'an' : 'no'} entry span was slow for its own operation; ${entry}` };
    }
    case 'floor':
      return findFirst(decided, record, `${first(config.traces)} of its key in a minute`);
    case 'new_path':
      return findFirst(decided, record, `${first(config.traces)} of its path in ${durationText(config.within)}`);
    case 'violation':
      return findViolation(config.ratio, decided, record);
    case 'by_key':
      return decided ? { holds: true, text: 'its key was kept at this share' } : undefined;
    default:
      return undefined;
  }
}

/** In violation it would have decided, had nothing kept a larger share; what was left of its share after one is not remembered. */
function findViolation(ratio: number, decided: boolean, record: DecisionRecord): Finding | undefined {
  if (decided) return { holds: true, text: 'its operation was in violation, or had been shortly before' };
  const isLarger = record.policy >= 0 && 1 - record.thresholdHigh / HALF_RANGE >= ratio;
  return isLarger || record.drops ? undefined : { holds: false, text: 'its operation was not in violation' };
}

function first(traces: number): string {
  return traces === 1 ? 'the first' : `among the first ${traces}`;
}

/** One that keeps the first of their kind would have decided, had this been one of them, unless something stronger did. */
function findFirst(decided: boolean, record: DecisionRecord, place: string): Finding | undefined {
  if (decided) return { holds: true, text: `it was ${place}` };
  const { kept, policy, thresholdHigh, thresholdLow, capped, drops } = record;
  const isLeftToChance = policy < 0 ? !kept : thresholdHigh !== 0 || thresholdLow !== 0;
  return drops || capped || !isLeftToChance ? undefined : { holds: false, text: `it was not ${place}` };
}
