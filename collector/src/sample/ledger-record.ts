// One decision as 13 words: the id first, then what was decided and on which inputs. The same in memory and on disk.
import type { Sake } from './reason.ts';
import type { DecisionCause } from './sample-counts.ts';

/** What is known of a trace when it is decided. */
export interface DecisionRecord {
  kept: boolean;
  /** Index of the policy that decided; -1 where none had a say, also where it was kept for another's sake. */
  policy: number;
  /**
   * The threshold the randomness was compared with, upper and lower 28 bits. Of a linked trace, the last 56 bits of the id
   * of the kept trace that links to it.
   */
  thresholdHigh: number;
  thresholdLow: number;
  randomHigh: number;
  randomLow: number;
  /** The randomness came in the tracestate, not from the trace id. */
  hasRandom: boolean;
  /** What ended the waiting. */
  cause: DecisionCause;
  /** Index of the configured wait whose time it was; -1 where it was a time for all traces. */
  wait: number;
  spanCount: number;
  longestEntryMs: number;
  /** Duration of the span without a parent; -1 where none has come. */
  rootMs: number;
  hasError: boolean;
  /** As TraceFacts has it. */
  matched: number;
  /** A hard limit raised the threshold. */
  capped: boolean;
  /** A policy that drops decided. */
  drops: boolean;
  /** Kept because a kept trace links to it. */
  linked: boolean;
  /** More spans came than a trace may have; the rest was cut off. */
  cut: boolean;
  /** Unix milliseconds; kept to the second. */
  nowMs: number;
}

/** 32-bit words of one record; the first four are the id. */
export const RECORD_WORDS = 13;
export const RECORD_BYTES = RECORD_WORDS * 4;

const THRESHOLD_HIGH = 4;
const THRESHOLD_LOW = 5;
const RANDOM_HIGH = 6;
const RANDOM_LOW = 7;
const SPANS_AND_POLICY = 8;
const MATCHED = 9;
const LONGEST_ENTRY = 10;
const ROOT = 11;
const SECONDS = 12;

/** Halves of a 56-bit value leave the upper 4 bits of their word free for flags. */
const HALF_MASK = 0xfffffff;
const KEPT = 1 << 28;
const ERROR = 1 << 29;
const HAS_RANDOM = 1 << 30;
const CAPPED = 1 << 31;
const DROPS = 1 << 28;
const CUT = 1 << 29;
const LINKED = 1 << 30;
const CAUSE_SHIFT = 28;

const MAX_SPANS = 0xffffff;
const POLICY_SHIFT = 24;

/** Of the wait's index, by one more, so that records without one say so. */
const WAIT_SHIFT = 28;

/** Stand in files of the store: never renumbered. At most 16. */
const CAUSE_CODES: Readonly<Record<DecisionCause, number>> = {
  root: 0,
  wait: 1,
  budget: 2,
  stop: 3,
  error: 4,
  size: 5,
  match: 6,
};
const CAUSES = Object.fromEntries(Object.entries(CAUSE_CODES).map(([cause, code]) => [code, cause])) as Readonly<
  Record<number, DecisionCause>
>;

/** Records by row; `words` and `floats` are two views of the same bytes. */
export interface Records {
  readonly words: Uint32Array;
  readonly floats: Float32Array;
}

export function recordsOver(buffer: ArrayBuffer): Records {
  return { words: new Uint32Array(buffer), floats: new Float32Array(buffer) };
}

/** Writes a record without its id. */
export function writeRecord({ words, floats }: Records, row: number, record: DecisionRecord): void {
  const at = row * RECORD_WORDS;
  words[at + THRESHOLD_HIGH] =
    record.thresholdHigh |
    (record.kept ? KEPT : 0) |
    (record.hasError ? ERROR : 0) |
    (record.hasRandom ? HAS_RANDOM : 0) |
    (record.capped ? CAPPED : 0);
  words[at + THRESHOLD_LOW] =
    record.thresholdLow | (record.drops ? DROPS : 0) | (record.cut ? CUT : 0) | (record.linked ? LINKED : 0);
  words[at + RANDOM_HIGH] = record.randomHigh | (CAUSE_CODES[record.cause] << CAUSE_SHIFT);
  words[at + RANDOM_LOW] = record.randomLow | ((record.wait + 1) << WAIT_SHIFT);
  words[at + SPANS_AND_POLICY] = Math.min(record.spanCount, MAX_SPANS) | ((record.policy + 1) << POLICY_SHIFT);
  words[at + MATCHED] = record.matched;
  floats[at + LONGEST_ENTRY] = record.longestEntryMs;
  floats[at + ROOT] = record.rootMs;
  words[at + SECONDS] = record.nowMs / 1000;
}

export function isKeptRecord({ words }: Records, row: number): boolean {
  return ((words[row * RECORD_WORDS + THRESHOLD_HIGH] ?? 0) & KEPT) !== 0;
}

/** When a row was decided, Unix seconds. */
export function secondsOf({ words }: Records, row: number): number {
  return words[row * RECORD_WORDS + SECONDS] ?? 0;
}

export function readRecord({ words, floats }: Records, row: number): DecisionRecord {
  const word = (i: number): number => words[row * RECORD_WORDS + i] ?? 0;
  const float = (i: number): number => floats[row * RECORD_WORDS + i] ?? 0;
  const first = word(THRESHOLD_HIGH);
  const second = word(THRESHOLD_LOW);
  return {
    kept: (first & KEPT) !== 0,
    policy: (word(SPANS_AND_POLICY) >>> POLICY_SHIFT) - 1,
    thresholdHigh: first & HALF_MASK,
    thresholdLow: second & HALF_MASK,
    randomHigh: word(RANDOM_HIGH) & HALF_MASK,
    randomLow: word(RANDOM_LOW) & HALF_MASK,
    hasRandom: (first & HAS_RANDOM) !== 0,
    cause: CAUSES[word(RANDOM_HIGH) >>> CAUSE_SHIFT] ?? 'wait',
    wait: (word(RANDOM_LOW) >>> WAIT_SHIFT) - 1,
    spanCount: word(SPANS_AND_POLICY) & MAX_SPANS,
    longestEntryMs: float(LONGEST_ENTRY),
    rootMs: float(ROOT),
    hasError: (first & ERROR) !== 0,
    matched: word(MATCHED),
    capped: (first & CAPPED) !== 0,
    drops: (second & DROPS) !== 0,
    linked: (second & LINKED) !== 0,
    cut: (second & CUT) !== 0,
    nowMs: word(SECONDS) * 1000,
  };
}

/** For whose sake a trace was kept; undefined where its policies decided. */
export function sakeOf({ kept, policy, linked }: DecisionRecord): Sake | undefined {
  if (linked) return 'link';
  return kept && policy < 0 ? 'pin' : undefined;
}
