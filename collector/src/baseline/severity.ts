// How bad it is, from how far off it is.
import type { Ratio, Severity } from './contract.ts';

const WARNING_FROM = 2;
const CRITICAL_FROM = 5;
/** A severity once said is kept until the ratio is so far past the border, and so many of its standard errors. */
const HYSTERESIS = 1.07;
const ERRORS = 0.7;
/** Two-sided 95 %, in standard errors from end to end. */
const INTERVAL = 3.92;

/** @param ratio of what is to what is normal; @param before what was said of it until now */
export function severityOf({ value, low, high }: Ratio, before: Severity | undefined): Severity {
  const plain = severityAt(value);
  if (before === undefined || before === 'emergency' || plain === before) return plain;
  const error = Math.log(high / Math.max(low, 1e-9)) / INTERVAL;
  const sure = Math.max(HYSTERESIS, Math.exp(Math.min(1, ERRORS * error)));
  const rises = rankOf(plain) > rankOf(before);
  return severityAt(rises ? value / sure : value * sure) === before ? before : plain;
}

function severityAt(ratio: number): Severity {
  return ratio >= CRITICAL_FROM ? 'critical' : ratio >= WARNING_FROM ? 'warning' : 'info';
}

/** 0 for info, up to 3 for emergency. */
export function rankOf(severity: Severity): number {
  return ['info', 'warning', 'critical', 'emergency'].indexOf(severity);
}
