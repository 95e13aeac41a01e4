// How bad violations are, as the frame and the views show it.
import type { Severity, ViolationsAnswer } from '../api.ts';

/** The worst first. */
export const SEVERITIES: readonly Severity[] = ['emergency', 'critical', 'warning', 'info'];

type Open = ViolationsAnswer['open'];

export function openCount(open: Open): number {
  return SEVERITIES.reduce((sum, severity) => sum + open[severity], 0);
}

/** The worst severity that is open; `none` where none is. */
export function worstOf(open: Open): Severity | 'none' {
  return SEVERITIES.find((severity) => open[severity] > 0) ?? 'none';
}
