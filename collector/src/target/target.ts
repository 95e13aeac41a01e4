// A target as it is judged: on which side of its bound a value is, and how bad that is. Pure.
import type { Ratio, Severity } from '../baseline/contract.ts';
import type { MetricTargetConfig, ObjectivesConfig, OperationTargetConfig } from './config.ts';
import { OBJECTIVES, SEVERITIES, type Statistic } from './defaults.ts';

export interface Target {
  readonly name: string;
  readonly of: 'operations' | 'metrics';
  /** In a few words. */
  readonly what: string;
  readonly statistic: Statistic;
  readonly direction: 'max' | 'min';
  readonly bound: number;
  /** Of the bound, as far as the configuration says it. */
  readonly unit: string;
  readonly criticalAt: number | undefined;
  readonly severity: Severity;
  readonly windowMs: number;
  readonly sustainedMs: number;
  readonly minCalls: number;
  /** A value is known up to this factor only: it misses its bound where it surely does. */
  readonly inexactness: number;
}

/**
 * Durations of operations are counted in bins of an eighth of an octave. Where all calls take the same time, the mean that
 * is read may be off by half a bin, and a quantile by a whole one.
 */
const INEXACTNESS: Readonly<Partial<Record<Statistic, number>>> = {
  mean: 2 ** (1 / 16),
  p50: 2 ** (1 / 8),
  p95: 2 ** (1 / 8),
  p99: 2 ** (1 / 8),
};
/** What was missed is met again where it is so much better than the bound, so that chance alone does not end it. */
const BETTER = 1.02;
/** What was critical is so until it is so much better. */
const LESS_CRITICAL = 1.05;
/** A ratio of what should be something and is nothing. */
const MAX_RATIO = 1000;

export function operationTarget(name: string, config: OperationTargetConfig): Target {
  const { statistic, spans, services } = config;
  const of = services.join() === '*' ? spans.join(', ') : `${spans.join(', ')} of ${services.join(', ')}`;
  const what = `${statistic} of ${of === '*' ? 'every operation' : of}`;
  return {
    ...judged(name, config),
    of: 'operations',
    what,
    unit: unitOf(statistic),
    inexactness: INEXACTNESS[statistic] ?? 1,
  };
}

/** Of values of operations; UCUM. */
function unitOf(statistic: Statistic): string {
  if (statistic === 'rate') return '{call}/s';
  return statistic === 'error_ratio' ? '1' : 's';
}

export function metricTarget(name: string, config: MetricTargetConfig): Target {
  const part = config.metrics.join(', ');
  const whole = config.of?.metrics.join(', ');
  const of = whole === undefined ? part : whole === part ? `${part}, of all` : `${part} of ${whole}`;
  return { ...judged(name, config), of: 'metrics', what: `${config.statistic} of ${of}`, inexactness: 1 };
}

/** What programs promise, of whatever share of calls each does. */
export function objectivesTarget({ max, critical_at, severity, window, sustained }: ObjectivesConfig): Target {
  return {
    name: OBJECTIVES,
    of: 'metrics',
    what: 'burn rate of objectives that programs declare',
    statistic: 'burn_rate',
    direction: 'max',
    bound: max,
    unit: '1',
    criticalAt: critical_at,
    severity,
    windowMs: window,
    sustainedMs: sustained,
    // Of calls that may be bad: before there is one, a single bad call would be too many.
    minCalls: 1,
    inexactness: 1,
  };
}

function judged(name: string, config: OperationTargetConfig | MetricTargetConfig) {
  const { statistic, max, min, critical_at, severity, window, sustained, min_calls } = config;
  return {
    name,
    statistic,
    direction: max === undefined ? ('min' as const) : ('max' as const),
    bound: (max ?? min)?.value ?? NaN,
    unit: (max ?? min)?.unit ?? '',
    criticalAt: critical_at?.value,
    severity,
    windowMs: window,
    sustainedMs: sustained,
    minCalls: min_calls,
  };
}

/** Tells whether a value misses the target. @param isOpen whether it was said to */
export function misses(target: Target, value: number, isOpen: boolean): boolean {
  const { direction, bound, inexactness } = target;
  if (!isOpen) return direction === 'max' ? value > bound * inexactness : value < bound / inexactness;
  return direction === 'max' ? value > bound / BETTER : value < leastAgain(target);
}

/** A share cannot be better than whole. */
function leastAgain({ statistic, bound }: Target): number {
  const better = bound * BETTER;
  return statistic === 'ratio' && bound <= 1 ? Math.min(better, (bound + 1) / 2) : better;
}

/** How bad a value is that misses the target. @param before what was said of it until now */
export function severityOf(target: Target, value: number, before: Severity | undefined): Severity {
  const { severity, criticalAt, direction } = target;
  if (criticalAt === undefined || rank(severity) >= rank('critical')) return severity;
  const factor = before === 'critical' ? LESS_CRITICAL : 1;
  const isCritical = direction === 'max' ? value >= criticalAt / factor : value <= criticalAt * factor;
  return isCritical ? 'critical' : severity;
}

/** How far off a value is, as a factor of the bound on its wrong side. */
export function offBy({ direction, bound }: Target, value: number): Ratio {
  const factor = direction === 'max' ? value / bound : bound / value;
  const shown = Number.isNaN(factor) ? 1 : Math.min(MAX_RATIO, factor);
  return { value: shown, low: shown, high: shown };
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
