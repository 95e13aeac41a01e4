// Which child explains what an operation has lost, from kept traces of now and of before, and what to do about it.
// Says nothing where no child explains enough, and then what was compared.
import { isBeyondChance } from './added-evidence.ts';
import { type AddedTime, addedTimes, type CauseKind } from './added-time.ts';
import type { Explanation } from './contract.ts';
import { blamedCallees } from './failed-callee.ts';
import { type PathProfile, profileOf, weighedCalls, type WeighedCall } from './path-profile.ts';
import { millis, operationText, percent, recommend } from './recommendation.ts';
import { type OperationReference, referenceProfile } from './reference-profile.ts';
import { slowService } from './slow-service.ts';
import { type KeptTrace, operationKey, type OperationName } from './trace-tree.ts';

export interface BottleneckQuestion {
  readonly operation: OperationName;
  /** Whether its calls are too long or fail. */
  readonly kind: 'latency' | 'error';
  /** Kept traces since the onset; of the last minutes before it. In any order, each at most once. */
  readonly during: readonly KeptTrace[];
  readonly before: readonly KeptTrace[];
  /** What baselines say, for where too few traces of before were kept. Latency only. */
  readonly references?: readonly OperationReference[];
}

export interface Evidence {
  /** Calls that were looked at, and the mean of what they stand for. */
  readonly callsBefore: number;
  readonly callsDuring: number;
  readonly beforeMs: number;
  readonly duringMs: number;
  /** Where it was added, the most first, at most five: shares of all that was added anywhere. */
  readonly added: readonly { readonly operation: string; readonly kind: CauseKind; readonly share: number }[];
  /** One sentence: what was compared. */
  readonly compared: string;
  /** Traces that show it, the slowest (or any failed) first, at most five. */
  readonly traceIds: readonly string[];
}

export interface BottleneckAnswer {
  /** Fits Explanation.bottleneck; absent where nothing explains at least 30 %. */
  readonly bottleneck?: NonNullable<Explanation['bottleneck']> & { readonly kind: CauseKind };
  readonly evidence: Evidence;
}

/** Below this share of what was added, nothing is named. */
const MIN_SHARE = 0.3;
/** A service as a whole has to explain more: any sum of parts is a good part of all. */
const MIN_SERVICE_SHARE = 0.6;
/** Fewer calls than this say nothing. */
const MIN_CALLS = 3;
/** Means that differ by less than this share are not told apart. */
const MIN_GROWTH = 0.05;
/** From so many calls on, what is named has to hold without the slowest of them. */
const ENOUGH_CALLS = 4;
const MAX_LISTED = 5;

/**
 * Explains one operation. Pure; time follows the number of spans given (a few µs each). Calls are weighed by the
 * adjusted count of their trace, so that traces kept for being slow do not stand for all.
 */
export function findBottleneck(question: BottleneckQuestion): BottleneckAnswer {
  const { operation } = question;
  const calls = weighedCalls(operation, question.during);
  const earlier = weighedCalls(operation, question.before);
  return question.kind === 'error' ? explainErrors(operation, calls, earlier) : explainTime(question, calls, earlier);
}

function explainTime(
  { operation, references = [] }: BottleneckQuestion,
  calls: readonly WeighedCall[],
  earlier: readonly WeighedCall[],
): BottleneckAnswer {
  const rootKey = operationKey(operation);
  const during = profileOf(calls);
  const traced = profileOf(earlier);
  const estimated = traced.seen < MIN_CALLS ? referenceProfile(rootKey, during, references) : undefined;
  const before = estimated ?? traced;
  const source = estimated === undefined ? `${traced.seen} calls before it` : 'the baselines of its operations';
  const isFew = during.seen < MIN_CALLS || (traced.seen < MIN_CALLS && estimated === undefined);
  const means = `they take ${millis(during.meanMs)} instead of ${millis(before.meanMs)} in the mean`;
  const evidence: Evidence = {
    callsBefore: before.seen,
    callsDuring: during.seen,
    beforeMs: before.meanMs,
    duringMs: during.meanMs,
    added: [],
    compared: `compared ${during.seen} calls of ${operationText(operation)} with ${source}: ${isFew ? 'too few to tell' : means}`,
    traceIds: slowest(calls),
  };
  if (isFew || during.meanMs < before.meanMs * (1 + MIN_GROWTH)) return { evidence };
  const { shares, named } = explain(rootKey, before, during);
  const listed = shares.slice(0, MAX_LISTED).map(({ cause, share }) => {
    return { operation: textOf(cause.key, before, during), kind: cause.kind, share };
  });
  const saying = (why: string): Evidence => ({ ...evidence, added: listed, compared: `${evidence.compared}${why}` });
  if (named === undefined) return { evidence: saying(`; no operation explains ${percent(MIN_SHARE)} of it`) };
  const { cause, share } = named;
  // Where a callee fails and another is called instead, the time is in the other.
  const spentKey = cause.kind === 'errors' ? (cause.otherKey ?? cause.key) : cause.key;
  const isChance = estimated === undefined && !isBeyondChance(spentKey, earlier, calls);
  if (isChance || !holdsWithout(calls, rootKey, before, cause.key)) {
    return { evidence: saying('; what differs below it may be chance') };
  }
  const text = textOf(cause.key, before, during);
  const recommendation = recommend(cause, rootKey, before, during);
  return {
    bottleneck: { operation: text, share, recommendation, kind: cause.kind },
    evidence: saying(''),
  };
}

interface Share {
  readonly cause: AddedTime;
  readonly share: number;
}

/**
 * Shares of all that was added (where one part grew and another shrank, what grew is more than the difference), and the
 * one to be named: an operation, or else a service that became slower as a whole.
 */
function explain(rootKey: string, before: PathProfile, during: PathProfile) {
  const causes = addedTimes(rootKey, before, during);
  const grownMs = causes.reduce((sum, { addedMs }) => sum + addedMs, 0);
  const sumMs = Math.max(grownMs, during.meanMs - before.meanMs);
  const shareOf = (cause: AddedTime): Share => ({ cause, share: Math.min(1, cause.addedMs / sumMs) });
  const shares = causes.map(shareOf);
  const service = slowService(rootKey, causes, during);
  const candidates: readonly [Share | undefined, number][] = [
    [shares[0], MIN_SHARE],
    [service === undefined ? undefined : shareOf(service), MIN_SERVICE_SHARE],
  ];
  const [named] = candidates.find(([candidate, least]) => candidate !== undefined && candidate.share >= least) ?? [];
  return { shares, named };
}

/** Whether the same is named without the slowest call: one call alone is chance. */
function holdsWithout(calls: readonly WeighedCall[], rootKey: string, before: PathProfile, key: string): boolean {
  if (calls.length < ENOUGH_CALLS) return true;
  const fewer = calls.toSorted((a, b) => lengthMs(b) - lengthMs(a)).slice(1);
  return explain(rootKey, before, profileOf(fewer)).named?.cause.key === key;
}

function explainErrors(
  operation: OperationName,
  calls: readonly WeighedCall[],
  earlier: readonly WeighedCall[],
): BottleneckAnswer {
  const blamed = blamedCallees(operationKey(operation), calls, earlier);
  const [during, before] = [profileOf(calls), profileOf(earlier)];
  const isFew = calls.length < MIN_CALLS;
  const means = `${percent(blamed.failedRatio)} of them fail instead of ${percent(blamed.failedBefore)}`;
  const listed = blamed.callees.slice(0, MAX_LISTED).map(({ key, share }) => {
    return { operation: textOf(key, before, during), kind: 'errors' as const, share };
  });
  const evidence: Evidence = {
    callsBefore: before.seen,
    callsDuring: during.seen,
    beforeMs: before.meanMs,
    duringMs: during.meanMs,
    added: isFew ? [] : listed,
    compared: `compared ${calls.length} calls of ${operationText(operation)} with ${earlier.length} calls before it: ${isFew ? 'too few to tell' : means}`,
    traceIds: slowest(calls.filter(({ call }) => call.span.isError)),
  };
  const [first] = blamed.callees;
  if (isFew || first === undefined || first.share < MIN_SHARE) return { evidence };
  const { key, share } = first;
  const text = textOf(key, before, during);
  const cause = { key, kind: 'errors', addedMs: 0 } as const;
  const recommendation = recommend(cause, operationKey(operation), before, during);
  return { bottleneck: { operation: text, share, recommendation, kind: 'errors' }, evidence };
}

function textOf(key: string, before: PathProfile, during: PathProfile): string {
  const totals = during.operations.get(key) ?? before.operations.get(key);
  return totals === undefined ? '' : operationText(totals.operation);
}

function slowest(calls: readonly WeighedCall[]): string[] {
  const ids = calls.toSorted((a, b) => lengthMs(b) - lengthMs(a)).map(({ traceId }) => traceId);
  return [...new Set(ids)].slice(0, MAX_LISTED);
}

function lengthMs({ call }: WeighedCall): number {
  return call.toMs - call.fromMs;
}
