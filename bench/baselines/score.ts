// Holds what a detector says about a stream against what is true of it. A state belongs to an operation: the first line
// that is not `none` raises, later ones change it, `none` clears it, whatever their kinds.
import { DAY } from './chance.ts';
import type { Regression, Severity, Truth } from './truth.ts';

/** A line of `evenkeel baseline scan`. */
export interface Violation {
  readonly t_ms: number;
  readonly op: string;
  readonly kind: string;
  readonly severity: Severity | 'none';
  readonly group?: string | number | null;
  readonly onset_ms?: number | null;
  readonly ratio_ci?: readonly [number, number] | null;
}

/** What is raised this long after a recovery still belongs to it: calls that were slow have yet to end. */
export const GRACE_MS = 60_000;

/** How a regression was met. */
export interface Met {
  readonly regression: Regression;
  readonly stream: string;
  /** From its onset to the first line; null when it was missed. */
  readonly delayMs: number | null;
  /** The last line before the recovery, of those found until then. */
  readonly last: Violation | undefined;
  /** The last interval before the recovery. */
  readonly interval: readonly [number, number] | undefined;
  /** From the recovery to `none`; null where it was not open then, infinite where it stayed until something new. */
  readonly clearMs: number | null;
  /** Raised again after it had cleared. */
  readonly reopenings: number;
}

export interface FalseAlarm {
  readonly stream: string;
  readonly violation: Violation;
  /** What harmless thing was on, or had been less than a minute before. */
  readonly during: readonly string[];
}

export interface StreamScore {
  readonly stream: string;
  readonly kind: string;
  readonly met: readonly Met[];
  readonly falseAlarms: readonly FalseAlarm[];
  /** Tested time of all operations without what goes wrong in it, in days. */
  readonly operationDays: number;
  /** That part of it in which an operation was called in violation. */
  readonly falseDays: number;
  /** Of causes found in several operations: how many, and how many in one group. */
  readonly families: number;
  readonly grouped: number;
}

const RANK = { none: 0, info: 1, warning: 2, critical: 3, emergency: 4 } as const;

/** Scores one stream; violations are in order of time. What is said while learning is not judged. */
export function scoreStream(truth: Truth, violations: readonly Violation[]): StreamScore {
  const tested = violations.filter(({ t_ms }) => t_ms > truth.learnUntilMs);
  const met = truth.regressions.map((regression) => meet(truth, regression, tested));
  const falseAlarms = falseAlarmsOf(truth, tested);
  const times = truth.ops.map(({ op }) => freeTime(truth, op, tested));
  const families = familiesOf(truth, met);
  return {
    stream: truth.name,
    kind: truth.kind,
    met,
    falseAlarms,
    operationDays: times.reduce((sum, { freeMs }) => sum + freeMs, 0) / DAY,
    falseDays: times.reduce((sum, { falseMs }) => sum + falseMs, 0) / DAY,
    families: families.length,
    grouped: families.filter((groups) => groups.size === 1 && !groups.has(undefined)).length,
  };
}

function meet(truth: Truth, regression: Regression, tested: readonly Violation[]): Met {
  const { op, onsetMs, recoveryMs } = regression;
  const own = tested.filter((each) => each.op === op);
  const within = own.filter(({ t_ms }) => t_ms > onsetMs && t_ms <= recoveryMs + GRACE_MS);
  let severity: Violation['severity'] = own.findLast(({ t_ms }) => t_ms <= onsetMs)?.severity ?? 'none';
  let [first, raised]: [number | undefined, number] = [undefined, 0];
  for (const each of within) {
    if (RANK[each.severity] > RANK[severity]) first ??= each.t_ms;
    if (severity === 'none' && each.severity !== 'none' && first !== each.t_ms) raised++;
    ({ severity } = each);
  }
  const lines = first === undefined ? [] : within.filter(({ t_ms, severity: is }) => t_ms >= first && is !== 'none');
  const before = lines.filter(({ t_ms }) => t_ms <= recoveryMs);
  return {
    regression,
    stream: truth.name,
    delayMs: first === undefined ? null : first - onsetMs,
    last: before.at(-1),
    interval: before.findLast(({ ratio_ci: interval }) => Array.isArray(interval))?.ratio_ci ?? undefined,
    clearMs: before.length === 0 ? null : clearOf(truth, regression, own),
    reopenings: raised,
  };
}

function clearOf(truth: Truth, { op, recoveryMs }: Regression, own: readonly Violation[]): number | null {
  if (own.findLast(({ t_ms }) => t_ms <= recoveryMs)?.severity === 'none') return null;
  const next = truth.regressions.filter((each) => each.op === op && each.onsetMs > recoveryMs);
  const untilMs = Math.min(truth.endMs, ...next.map(({ onsetMs }) => onsetMs));
  const cleared = own.find(({ t_ms, severity }) => severity === 'none' && t_ms > recoveryMs && t_ms <= untilMs);
  return cleared === undefined ? Infinity : cleared.t_ms - recoveryMs;
}

/** Raises where nothing is wrong; while a group has one of them open, its others are the same alarm. */
function falseAlarmsOf(truth: Truth, tested: readonly Violation[]): FalseAlarm[] {
  const state = new Map<string, Violation['severity']>();
  const openByGroup = new Map<string | number, Set<string>>();
  const found: FalseAlarm[] = [];
  for (const violation of tested) {
    const { op, severity, group = null, t_ms: ms } = violation;
    const isRaise = severity !== 'none' && (state.get(op) ?? 'none') === 'none';
    state.set(op, severity);
    if (severity === 'none') for (const members of openByGroup.values()) members.delete(op);
    if (!isRaise || isWrong(truth, op, ms)) continue;
    const members = group === null ? new Set<string>() : (openByGroup.get(group) ?? new Set());
    if (members.size === 0) found.push({ stream: truth.name, violation, during: harmlessAt(truth, op, ms) });
    members.add(op);
    if (group !== null) openByGroup.set(group, members);
  }
  return found;
}

function isWrong({ regressions }: Truth, op: string, ms: number): boolean {
  return regressions.some((each) => each.op === op && ms > each.onsetMs && ms <= each.recoveryMs + GRACE_MS);
}

function harmlessAt({ harmless }: Truth, op: string, ms: number): string[] {
  const on = harmless.filter(({ ops, fromMs, toMs }) => ops.includes(op) && fromMs <= ms && ms <= toMs + 60_000);
  return [...new Set(on.map(({ what }) => what))];
}

function freeTime(
  { learnUntilMs, endMs, regressions }: Truth,
  op: string,
  tested: readonly Violation[],
): { freeMs: number; falseMs: number } {
  const wrong = regressions.filter((each) => each.op === op).sort((a, b) => a.onsetMs - b.onsetMs);
  const edges = wrong.flatMap((each) => [each.onsetMs, Math.min(endMs, each.recoveryMs + GRACE_MS)]);
  const bounds = [learnUntilMs, ...edges, endMs];
  let [freeMs, falseMs] = [0, 0];
  for (let i = 0; i < bounds.length; i += 2) {
    const [from = 0, to = 0] = bounds.slice(i, i + 2);
    freeMs += to - from;
    falseMs += openTime(tested, op, [from, to]);
  }
  return { freeMs, falseMs };
}

function openTime(tested: readonly Violation[], op: string, [from, to]: readonly [number, number]): number {
  let [openMs, since]: [number, number | undefined] = [0, undefined];
  for (const { op: of, severity, t_ms: ms } of tested) {
    if (of !== op) continue;
    if (severity !== 'none') since ??= ms;
    else if (since !== undefined) {
      openMs += Math.max(0, Math.min(ms, to) - Math.max(since, from));
      since = undefined;
    }
  }
  return since === undefined ? openMs : openMs + Math.max(0, to - Math.max(since, from));
}

/** Groups of each cause that was found in several operations. */
function familiesOf(truth: Truth, met: readonly Met[]): Set<string | number | undefined>[] {
  const causes = [...new Set(truth.regressions.map(({ cause }) => cause))];
  return causes
    .map((cause) => met.filter(({ regression, last }) => regression.cause === cause && last !== undefined))
    .filter((members) => members.length > 1)
    .map((members) => new Set(members.map(({ last }) => last?.group ?? undefined)));
}
