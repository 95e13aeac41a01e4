// What alerts, silences and maintenance windows say for themselves, in words for people. Pure.
import type { AlertsAnswer, AlertSummary, MaintenanceWindow, Silence, SubjectFeedback } from '../api.ts';
import { counted, dateTime, percent } from './format.ts';

const HELD_BY: Readonly<Record<NonNullable<AlertSummary['heldBy']>, string>> = {
  silence: 'nobody is told: it is silenced',
  maintenance: 'nobody is told: a maintenance window is open',
  holiday: 'nobody is told: it is a holiday, and this is mild',
};

const STATES: Readonly<Record<AlertSummary['state'], string>> = {
  pending: 'waits for what else its cause brings, since',
  firing: 'is told since',
  resolved: 'over since',
};

/** Writes a moment to the second. */
export function moment(ms: number): string {
  return dateTime(ms).slice(0, 19);
}

/** Writes what an alert is now, and why nobody is told where nobody is. */
export function stateText({ state, sinceMs, heldBy, told }: AlertSummary): string {
  if (heldBy !== undefined && state !== 'resolved') return HELD_BY[heldBy];
  if (state === 'firing' && Object.keys(told).length === 0)
    return `goes on since ${moment(sinceMs)}; no channel is told of what is as mild`;
  return `${STATES[state]} ${moment(sinceMs)}`;
}

/** Writes who was told last of what, and when; none where nobody was. */
export function toldTexts({ told }: AlertSummary): string[] {
  return Object.entries(told).map(
    ([name, { severity, atMs, isOpen }]) =>
      `${name}: ${severity} at ${moment(atMs)}${isOpen ? '' : ', and later that it is over'}`,
  );
}

/** Writes who took an alert on; undefined where nobody did. */
export function takenOnText({ acknowledged }: AlertSummary): string | undefined {
  if (acknowledged === undefined) return undefined;
  const { by, atMs, severity } = acknowledged;
  return `by ${by} at ${moment(atMs)}; told again only if it gets worse than ${severity}`;
}

/** Writes what was said of alerts of the same subject; undefined where nobody said anything. */
export function judgedText(counts: SubjectFeedback | undefined): string | undefined {
  if (counts === undefined) return undefined;
  const { useful, useless } = counts;
  return `of ${counted(useful + useless, 'alert')} of this that somebody judged, ${useless} ${useless === 1 ? 'was a false alarm' : 'were false alarms'}`;
}

/** Writes the share of false alarms among what was judged. */
export function falseAlarmText({ useful, useless }: Pick<SubjectFeedback, 'useful' | 'useless'>): string {
  return percent(useless / Math.max(1, useful + useless));
}

/** Writes what is meant by a silence or a window. */
export function matchersText({
  alert,
  attributes,
  kinds,
  severities,
}: Pick<Silence, 'alert' | 'attributes' | 'kinds' | 'severities'>): string {
  const parts = alert === undefined ? [] : [`alert ${alert}`];
  for (const [name, value] of Object.entries(attributes)) parts.push(`${name} ${value}`);
  if (kinds.length > 0) parts.push(kinds.join(' or '));
  if (severities.length > 0) parts.push(severities.join(' or '));
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

/** Silences that hold or will, as the reader's clock has it: the sidecar does not say that one ran out. */
export function holding(silences: readonly Silence[], nowMs: number): Silence[] {
  return silences.filter(({ endMs = Infinity }) => endMs > nowMs);
}

/** Writes until when a silence holds. */
export function untilText({ startMs, endMs }: Pick<Silence, 'startMs' | 'endMs'>, nowMs: number): string {
  const from = startMs > nowMs ? `from ${moment(startMs)} ` : '';
  return `${from}${endMs === undefined ? 'for ever' : `until ${moment(endMs)}`}`;
}

/** Writes when a maintenance window is open. */
export function windowText({ weekly, once }: MaintenanceWindow): string {
  if (once !== undefined) return `${moment(once.startMs)} to ${moment(once.endMs)}`;
  return weekly === undefined ? '' : `${weekly.days.join(', ')} ${weekly.from} to ${weekly.to}, ${weekly.timeZone}`;
}

/** Alerts by the id of their group, those alone that are bad enough for the page. */
export function shownAlerts(answer: AlertsAnswer | undefined): ReadonlyMap<string, AlertSummary> {
  return new Map((answer?.alerts ?? []).filter(({ isShown }) => isShown).map((alert) => [alert.id, alert]));
}
