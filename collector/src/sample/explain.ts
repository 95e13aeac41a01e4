// Why a trace was kept or dropped: from the policies in force and the inputs that are remembered, in words.
// Pure. What a policy learned from traffic is not remembered; of such a policy only its verdict is told.
import { adjustedCount, formatThreshold, type Half56, isBelow, KEEP_ALL, thresholdOf } from '../otlp/trace-state.ts';
import type { DecisionJson, PolicyFinding } from '../web/api.ts';
import { type Condition, conditionMaker } from './conditions.ts';
import type { ConditionConfig } from './condition-config.ts';
import { findPart } from './explain-composite.ts';
import { durationText, findCondition, type Finding } from './explain-condition.ts';
import { findLearning } from './explain-learning.ts';
import { type DecisionRecord, sakeOf } from './ledger-record.ts';
import type { PolicyConfig } from './policy-config.ts';
import { conditionsOf, isLearning } from './policy-parts.ts';
import type { DecisionCause } from './sample-counts.ts';

/** An explanation, without when and where it was found. */
export interface Explanation {
  readonly summary: string;
  readonly decision: Omit<DecisionJson, 'foundIn'>;
  readonly policies: readonly PolicyFinding[];
}

const CAUSE_TEXTS: Readonly<Record<DecisionCause, string>> = {
  root: 'some time after its root span',
  error: 'some time after its first error',
  match: 'some time after a wait of its own came to apply',
  wait: 'after the longest wait',
  budget: 'early, to free memory',
  size: 'at once, because it had grown too large',
  stop: 'when the sidecar stopped',
};

/** What is known beside the record and the policies. */
export interface Known {
  /** Id of the kept trace that links to this one. */
  readonly linkedFrom?: string | undefined;
  /** Names of the configured waits, in order. */
  readonly waits?: readonly string[] | undefined;
}

/** @param configs the policies that were in force, in order */
export function explain(
  configs: readonly PolicyConfig[],
  record: DecisionRecord,
  { linkedFrom, waits = [] }: Known = {},
): Explanation {
  const bits = bitsOf(configs);
  const policies = configs.map((config, i) => explainPolicy(config, i === record.policy, bits, record));
  const random = { high: record.randomHigh, low: record.randomLow };
  const threshold = { high: record.thresholdHigh, low: record.thresholdLow };
  const { kept, cause, spanCount, longestEntryMs, rootMs, hasError, capped, cut, hasRandom } = record;
  const wait = waits[record.wait];
  const when = `${CAUSE_TEXTS[cause]}${wait === undefined ? '' : `, as the wait ${wait} says`}`;
  return {
    summary: `${sakeText(record, linkedFrom) ?? verdictText(configs, policies, record)} It was decided ${when}.`,
    policies,
    decision: {
      kept,
      decidedMs: record.nowMs,
      cause,
      ...(wait === undefined ? {} : { wait }),
      policy: sakeOf(record) ?? configs[record.policy]?.name ?? '',
      // Without a policy, or with one that drops, nothing was compared.
      threshold: isCompared(record) ? formatThreshold(threshold) : '',
      ratio: isCompared(record) ? ratioOf(threshold) : 0,
      randomness: hex14(random),
      keptFromRatio: ratioOf(random),
      explicitRandomness: hasRandom,
      spanCount,
      longestEntryMs,
      ...(rootMs < 0 ? {} : { rootMs }),
      hasError,
      ...(linkedFrom === undefined ? {} : { linkedFrom }),
      capped,
      cut,
    },
  };
}

/** Which bits of `matched` say what, found again as the sampler gave them out: by the configuration alone. */
interface Bits {
  readonly make: (config: ConditionConfig) => Condition;
  /** Of each relative_latency policy, by its name. */
  readonly slow: ReadonlyMap<string, number>;
}

function bitsOf(configs: readonly PolicyConfig[]): Bits {
  let matchers = 0;
  const next = (): number => 1 << matchers++;
  const make = conditionMaker(next);
  for (const each of configs.flatMap(conditionsOf)) make(each);
  const slow = configs.filter(({ type }) => type === 'relative_latency').map(({ name }) => [name, next()] as const);
  return { make, slow: new Map(slow) };
}

function explainPolicy(
  config: PolicyConfig,
  decided: boolean,
  { make, slow }: Bits,
  record: DecisionRecord,
): PolicyFinding {
  const { name, type } = config;
  const found = (finding: PolicyFinding['finding'], text: string): PolicyFinding => ({
    name,
    type,
    finding,
    decided,
    text,
  });
  if (config.if !== undefined && !decided) {
    const restriction = findCondition(config.if, make, record);
    if (!restriction.holds) return found('silent', `it has no say here: ${restriction.text}`);
  }
  if (config.type === 'composite') {
    const part = findPart(config, decided, make, record);
    if (!part.isKnown) return found('unknown', `${part.text}; what share it had by then is not remembered`);
    return part.holds ? explainShare(config, decided, part, record, found) : found('silent', part.text);
  }
  const [condition] = isLearning(config) || config.type === 'probabilistic' ? [] : conditionsOf(config);
  const holding = isLearning(config)
    ? findLearning(config, decided, slow.get(name) ?? 0, record)
    : condition === undefined
      ? ALWAYS
      : findCondition(condition, make, record);
  if (holding === undefined) return found('unknown', 'what it had learned by then is not remembered');
  // Durations are remembered in 24 bits: whoever decided did hold, whatever rounding says.
  if (!holding.holds && !decided) return found('silent', holding.text);
  return config.type === 'drop' ? found('drops', holding.text) : explainShare(config, decided, holding, record, found);
}

const ALWAYS: Finding = { holds: true, text: '' };

/** The threshold a policy names by configuration alone; undefined where it learns it from traffic. */
function ownThreshold(config: PolicyConfig): Half56 | undefined {
  if (config.type === 'by_key' || config.type === 'composite') return undefined;
  return 'ratio' in config && config.ratio < 1 ? thresholdOf(config.ratio) : KEEP_ALL;
}

/** A policy that holds for the trace and keeps a share: the randomness decides. */
function explainShare(
  config: PolicyConfig,
  decided: boolean,
  { text }: Finding,
  record: DecisionRecord,
  found: (finding: PolicyFinding['finding'], text: string) => PolicyFinding,
): PolicyFinding {
  const own = ownThreshold(config);
  const inForce = { high: record.thresholdHigh, low: record.thresholdLow };
  const threshold = decided && !record.drops ? inForce : (own ?? inForce);
  const lead = text === '' ? '' : `${text}; `;
  const isRaised = own !== undefined && isBelow(own.high, own.low, threshold.high, threshold.low);
  const raised = isRaised
    ? `, down from ${percent(ratioOf(own))} by ${record.capped ? 'the hard caps' : 'the budget or overload'}`
    : '';
  if (threshold.high === 0 && threshold.low === 0) return found('keeps', text === '' ? 'keeps every trace' : text);
  const isKept = !isBelow(record.randomHigh, record.randomLow, threshold.high, threshold.low);
  const against = `randomness ${short(hex14({ high: record.randomHigh, low: record.randomLow }))} is ${isKept ? 'not ' : ''}below threshold ${short(formatThreshold(threshold))} (keeps ${percent(ratioOf(threshold))}${raised})`;
  return found(isKept ? 'keeps' : 'below', lead + against);
}

/** What is said of a trace kept for another's sake; undefined for all others. */
function sakeText(record: DecisionRecord, linkedFrom: string | undefined): string | undefined {
  const sake = sakeOf(record);
  if (sake === undefined) return undefined;
  if (sake === 'pin') return 'Kept because somebody asked to keep it.';
  const ending = hex14({ high: record.thresholdHigh, low: record.thresholdLow });
  return `Kept because a kept trace links to it: ${linkedFrom ?? `the one whose id ends in ${ending}`}.`;
}

function verdictText(
  configs: readonly PolicyConfig[],
  policies: readonly PolicyFinding[],
  record: DecisionRecord,
): string {
  const { kept, policy, drops, capped } = record;
  const name = configs[policy]?.name ?? 'a policy that is not configured any more';
  const why = policies[policy]?.text ?? '';
  const clause = why === '' ? '.' : `: ${why}.`;
  if (kept) return `Kept by ${name}${clause}`;
  if (policy < 0) return 'Dropped: no policy had a say.';
  if (drops) return `Dropped by ${name}${clause}`;
  if (capped) return `Dropped by the hard caps, though ${name} keeps it${clause}`;
  return `Dropped: no policy kept it; ${name} kept the largest share${clause}`;
}

function isCompared({ policy, drops }: DecisionRecord): boolean {
  return policy >= 0 && !drops;
}

/** The share that a threshold keeps. */
function ratioOf({ high, low }: Half56): number {
  return 1 / adjustedCount(high, low);
}

function hex14({ high, low }: Half56): string {
  return high.toString(16).padStart(7, '0') + low.toString(16).padStart(7, '0');
}

/** Four digits tell randomness and thresholds apart nearly always. */
function short(digits: string): string {
  return digits.length > 4 ? `${digits.slice(0, 4)}…` : digits;
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}

/** Says of a trace that still waits what that means. */
export function pendingSummary(spanCount: number, sinceMs: number, nowMs: number): string {
  const spans = `${spanCount} span${spanCount === 1 ? '' : 's'}`;
  return `Still pending: ${spans} so far, the first ${durationText(Math.max(0, nowMs - sinceMs))} ago.`;
}
