// How bad violations are, as the frame and the views show it.
import type { OperationSummary, Severity, Violation, ViolationsAnswer } from '../api.ts';

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

/** Where an operation is in violation now. */
export interface InViolation {
  readonly severity: Severity;
  /** Id of the group. */
  readonly group: string;
}

/** The key under which the sidecar watches an operation. */
export function baselineKeyOf({ service, name, kind }: Pick<OperationSummary, 'service' | 'name' | 'kind'>): string {
  return JSON.stringify([service, name, kind]);
}

/** The same of what is said to be in violation, be it by its baseline or by a target; other subjects have their own. */
function operationKeyOf({ key, attributes }: Violation['subject']): string {
  const { 'service.name': service, 'span.name': name, 'span.kind': kind } = attributes;
  if (service === undefined || name === undefined || kind === undefined) return key;
  return baselineKeyOf({ service, name, kind });
}

/** What is in violation, by the key it is watched under; the worst where there are several of one. */
export function violatedBy(answer: ViolationsAnswer | undefined): ReadonlyMap<string, InViolation> {
  const found = new Map<string, InViolation>();
  for (const { id, members } of answer?.groups ?? [])
    for (const { subject, severity } of members) {
      if (severity === 'none') continue;
      const key = operationKeyOf(subject);
      const before = found.get(key);
      const isWorse = before === undefined || SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(before.severity);
      if (isWorse) found.set(key, { severity, group: id });
    }
  return found;
}
