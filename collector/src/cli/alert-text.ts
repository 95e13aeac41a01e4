// What `evenkeel alert list` writes for people: alerts with who was told, and what is silent. Pure.
import type { AlertsAnswer, AlertSummary, MaintenanceWindow, Silence } from '../web/api.ts';
import { columns, percent, printable, utc } from './text.ts';

/** Alerts that go on, or all where `isAll`; below them what is silent, and what people said. */
export function alertsText(answer: AlertsAnswer, { isAll }: { readonly isAll: boolean }): string {
  const { silences, maintenance, holidayFrom, feedback } = answer;
  const shown = answer.alerts.filter(({ state }) => isAll || state !== 'resolved');
  const parts = [shown.length === 0 ? 'Nothing is alerted.' : shown.map(alertText).join('\n')];
  if (answer.alerts.length < answer.alertCount)
    parts.push(`${answer.alerts.length} of ${answer.alertCount} alerts that are known were read.`);
  if (silences.length > 0) parts.push(`Silences\n${columns(silences.map(silenceRow))}`);
  if (maintenance.length > 0) parts.push(`Maintenance\n${columns(maintenance.map(windowRow))}`);
  if (holidayFrom !== undefined) parts.push(`It is a holiday: what is milder than ${holidayFrom} is not told.`);
  if (feedback.length > 0) parts.push(`Useful, of those that were judged\n${columns(feedback.map(feedbackRow))}`);
  return `${parts.join('\n\n')}\n`;
}

/** Writes a silence in one line, without its id. */
export function silenceText({ endMs, by, comment, ...matchers }: Silence): string {
  const until = endMs === undefined ? 'for ever' : `until ${utc(endMs)}`;
  const made = by === '' ? 'in the configuration' : `by ${printable(by)}`;
  return `${matchersText(matchers)} ${until}, ${made}${comment === '' ? '' : `: ${printable(comment)}`}`;
}

function alertText(alert: AlertSummary): string {
  const { id, state, severity, peak, subject, summary, onsetMs, changedMs, acknowledged, heldBy, feedback } = alert;
  const told = Object.entries(alert.told).map(([name, each]) => `${name} of ${each.severity} at ${utc(each.atMs)}`);
  const rows = [
    ['', severity === 'none' ? `over since ${utc(changedMs)}, was ${peak}` : `since ${utc(onsetMs)}`],
    ['', printable(summary)],
    ['told', told.length === 0 ? 'nobody' : told.join('; ')],
    ...(heldBy === undefined ? [] : [['held by', heldBy]]),
    ...(acknowledged === undefined
      ? []
      : [['taken on', `by ${printable(acknowledged.by)} at ${utc(acknowledged.atMs)}, as ${acknowledged.severity}`]]),
    ...(feedback === undefined
      ? []
      : [['useful', `${feedback.isUseful ? 'yes' : 'no'}, says ${printable(feedback.by)}`]]),
  ];
  const mark = severity === 'none' ? state : `${severity} ${state}`;
  return `${id}  ${mark}  ${printable(subject.name)}\n${columns(rows)}`;
}

function silenceRow(silence: Silence): string[] {
  return [silence.id, silenceText(silence)];
}

function windowRow({ name, isOpen, weekly, once, ...matchers }: MaintenanceWindow): string[] {
  const times = once === undefined ? '' : `${utc(once.startMs)} to ${utc(once.endMs)}`;
  const days =
    weekly === undefined ? times : `${weekly.days.join(' ')} ${weekly.from} to ${weekly.to} ${weekly.timeZone}`;
  return [name, isOpen ? 'now' : 'later', `${matchersText(matchers)}, ${days}`];
}

function feedbackRow({ name, useful, useless }: AlertsAnswer['feedback'][number]): string[] {
  return [percent(useful / Math.max(1, useful + useless)), `of ${useful + useless}`, printable(name)];
}

type Meant = Pick<Silence, 'alert' | 'attributes' | 'kinds' | 'severities'>;

function matchersText({ alert, attributes, kinds, severities }: Meant): string {
  const parts = alert === undefined ? [] : [`alert ${printable(alert)}`];
  for (const [name, value] of Object.entries(attributes)) parts.push(`${printable(name)}=${printable(value)}`);
  if (kinds.length > 0) parts.push(kinds.join(' or '));
  if (severities.length > 0) parts.push(severities.join(' or '));
  return parts.length === 0 ? 'everything' : parts.join(', ');
}
