// How many alerts and violations there are of each sort. Pure.
import type { Alert } from './contract.ts';
import { SEVERITIES } from './route.ts';
import { KINDS } from './defaults.ts';

export interface Gauge {
  readonly name: 'alerts' | 'open_violations';
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counts; sorts of which there are none are there as 0. An alert that is over counts by the worst it was. */
export function gaugesOf(alerts: readonly Alert[]): Gauge[] {
  const byState = SEVERITIES.flatMap((severity) =>
    (['pending', 'firing', 'resolved'] as const).map((state): Gauge => {
      const of = alerts.filter(({ state: is, group }) => is === state && severityOf(group) === severity);
      return { name: 'alerts', attributes: { severity, state }, value: of.length };
    }),
  );
  const members = alerts.flatMap(({ group }) => group.members);
  const byKind = SEVERITIES.flatMap((severity) =>
    KINDS.map((kind): Gauge => {
      const of = members.filter((each) => each.severity === severity && each.kind === kind);
      return { name: 'open_violations', attributes: { severity, kind }, value: of.length };
    }),
  );
  return [...byState, ...byKind];
}

function severityOf({ severity, peak }: Alert['group']): string {
  return severity === 'none' ? peak : severity;
}
