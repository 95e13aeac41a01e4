// How bad it is, from how far off it is.
import type { Severity } from './contract.ts';

const WARNING_FROM = 2;
const CRITICAL_FROM = 5;
/** A severity once said is kept until the ratio is so far past the border. */
const HYSTERESIS = 1.07;

/** @param ratio of what is to what is normal; @param before what was said of it until now */
export function severityOf(ratio: number, before: Severity | undefined): Severity {
  const plain = severityAt(ratio);
  if (before === undefined || before === 'emergency' || plain === before) return plain;
  const rises = rankOf(plain) > rankOf(before);
  return severityAt(rises ? ratio / HYSTERESIS : ratio * HYSTERESIS) === before ? before : plain;
}

function severityAt(ratio: number): Severity {
  return ratio >= CRITICAL_FROM ? 'critical' : ratio >= WARNING_FROM ? 'warning' : 'info';
}

/** 0 for info, up to 3 for emergency. */
export function rankOf(severity: Severity): number {
  return ['info', 'warning', 'critical', 'emergency'].indexOf(severity);
}
