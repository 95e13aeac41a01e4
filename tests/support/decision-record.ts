// A decision as the ledger remembers it; tests say what differs.
import type { DecisionRecord } from '../../collector/src/sample/ledger.ts';

/** A healthy trace of one span that no policy had a say about, decided after the whole wait. */
export const DROPPED: DecisionRecord = {
  kept: false,
  policy: -1,
  thresholdHigh: 0,
  thresholdLow: 0,
  randomHigh: 0,
  randomLow: 7,
  hasRandom: false,
  cause: 'wait',
  wait: -1,
  spanCount: 1,
  longestEntryMs: 0,
  rootMs: -1,
  hasError: false,
  matched: 0,
  capped: false,
  drops: false,
  linked: false,
  cut: false,
  nowMs: 1_800_000_000_000,
};

/** A trace of twelve spans, 230 ms long, that the third policy, a share, did not keep. */
export const OUTSIDE_SHARE: DecisionRecord = {
  ...DROPPED,
  policy: 2,
  cause: 'root',
  spanCount: 12,
  longestEntryMs: 230,
  rootMs: 230,
};
