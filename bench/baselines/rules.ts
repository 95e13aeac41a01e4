// Rules as people write them over dashboards' series, for comparison.
import type { Violation } from './score.ts';
import type { Row, Series } from './series.ts';
import type { Severity } from './truth.ts';

/** What a rule says of one window: nothing, or the kind and how many times its usual value it is. */
type Rule = (row: Row, before: readonly Row[]) => { readonly kind: string; readonly ratio: number } | undefined;

/** Violations of every series of one rule. */
export function violationsBy(rule: (learned: readonly Row[]) => Rule, { op, learnUntilMs, rows }: Series): Violation[] {
  const judge = rule(rows.filter(({ ms }) => ms <= learnUntilMs));
  const violations: Violation[] = [];
  let last: Violation['severity'] = 'none';
  for (const [i, row] of rows.entries()) {
    if (row.ms <= learnUntilMs) continue;
    const said = judge(row, rows.slice(Math.max(0, i - LOOK_BACK), i));
    const severity = said === undefined ? 'none' : severityOf(said);
    if (severity !== last) violations.push({ t_ms: row.ms, op, kind: said?.kind ?? 'latency', severity });
    last = severity;
  }
  return violations;
}

function severityOf({ kind, ratio }: { readonly kind: string; readonly ratio: number }): Severity {
  if (kind === 'throughput') return 'emergency';
  return ratio < 2 ? 'info' : ratio < 5 ? 'warning' : 'critical';
}

const LOOK_BACK = 30;

/** Mean and p95 above what was learned by three standard deviations, errors alike, nothing called where it never was. */
export function threeDeviations(learned: readonly Row[]): Rule {
  const of = (value: (row: Row) => number): { mean: number; most: number } => {
    const values = learned.filter(({ calls }) => calls > 0).map(value);
    const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
    return {
      mean,
      most: mean + 3 * Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length),
    };
  };
  const [mean, p95, errors] = [
    of(({ meanMs }) => meanMs),
    of(({ p95Ms }) => p95Ms),
    of(({ errorRatio }) => errorRatio),
  ];
  const usual = learned.reduce((sum, { calls }) => sum + calls, 0) / learned.length;
  const deviation = Math.sqrt(learned.reduce((sum, { calls }) => sum + (calls - usual) ** 2, 0) / learned.length);
  return (row) => {
    if (row.calls < usual - 3 * deviation || (row.calls === 0 && usual > 5)) return { kind: 'throughput', ratio: 1 };
    if (row.errorRatio > errors.most) return { kind: 'error', ratio: row.errorRatio / Math.max(errors.mean, 0.005) };
    if (row.meanMs > mean.most) return { kind: 'latency', ratio: row.meanMs / mean.mean };
    return row.p95Ms > p95.most ? { kind: 'latency', ratio: row.p95Ms / p95.mean } : undefined;
  };
}

/** How long a threshold rule waits before it fires, in windows: `for: 30s` over windows of ten. */
const PENDING = 3;

/** p95 over half as much again as the learned one, errors over 5 %, nothing called, each three windows in a row. */
export function thresholds(learned: readonly Row[]): Rule {
  const p95s = learned.filter(({ calls }) => calls > 0).map(({ p95Ms }) => p95Ms);
  const usual = p95s.toSorted((a, b) => a - b)[Math.floor(p95s.length / 2)] ?? Infinity;
  const breaks = ({ calls, errorRatio, p95Ms }: Row): string | undefined =>
    calls === 0 ? 'throughput' : errorRatio > 0.05 ? 'error' : p95Ms > 1.5 * usual ? 'latency' : undefined;
  return (row, before) => {
    const kind = breaks(row);
    if (kind === undefined || before.slice(1 - PENDING).some((each) => breaks(each) !== kind)) return undefined;
    return { kind, ratio: kind === 'error' ? row.errorRatio / 0.005 : row.p95Ms / usual };
  };
}
