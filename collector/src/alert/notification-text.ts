// What people read: one line and a few more, the same on every channel. Names in it come from senders, so each channel
// escapes them in its own way.
import type { Violation, ViolationKind } from '../baseline/contract.ts';
import type { Notification } from './contract.ts';

/** Members, and traces, that are listed; the page has them all. */
const MAX_LISTED = 5;

const KIND_WORDS: Readonly<Record<ViolationKind, string>> = {
  latency: 'latency',
  error: 'errors',
  throughput: 'calls',
  hang: 'hanging',
  resource: 'resource',
  target: 'target missed',
  data_loss: 'data may be lost',
};

/** Kinds that are not a matter of how many times. */
const WITHOUT_RATIO: ReadonlySet<ViolationKind> = new Set(['hang', 'data_loss']);

/** One fact with what it is called. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  /** Into the page. */
  readonly link?: string;
}

/** The subject of a mail and the headline elsewhere: `[critical] orders POST /orders: latency 5.2×`. */
export function headline({ occasion, severity, subject, group }: Notification): string {
  const cause = causeOf(group);
  const mark = `[${markOf(occasion, severity)}] ${cause?.subject.name ?? subject.name}`;
  if (cause === undefined || occasion === 'test') return mark;
  // By how much it is off once it is over says nothing.
  if (occasion === 'resolved') return `${mark}: ${KIND_WORDS[cause.kind]}`;
  const others = group.members.filter((each) => each !== cause && each.severity !== 'none').length;
  return `${mark}: ${deviation(cause)}${others > 0 ? ` (and ${others} more)` : ''}`;
}

/** What happened, in a sentence or two. */
export function summary({ occasion, group, atMs, onsetMs, acknowledgedBy }: Notification): string {
  const said = causeOf(group)?.explanation.summary ?? '';
  switch (occasion) {
    case 'test':
      return 'This is a test. Nothing happened; this is what an alert would look like.';
    case 'resolved':
      if (group.joined !== undefined) return `It goes on as part of ${group.joined}, which has the same cause. ${said}`;
      return `It is over after ${lasting(atMs - onsetMs)}. ${said}`;
    case 'acknowledged':
      return `${acknowledgedBy ?? 'Somebody'} took it on. ${said}`;
    case 'repeated':
      return `It goes on for ${lasting(atMs - onsetMs)}. ${said}`;
    default:
      return said;
  }
}

/** What is known of it. @param baseUrl of the page; without it there are no links */
export function facts(notification: Notification, baseUrl: string | undefined): Fact[] {
  const { group, severity, onsetMs, occasion, atMs } = notification;
  const cause = causeOf(group);
  const found: Fact[] = [
    { name: 'severity', value: severity === group.peak ? severity : `${severity}, at its worst ${group.peak}` },
    { name: 'since', value: new Date(onsetMs).toISOString() },
  ];
  if (occasion === 'resolved') found.push({ name: 'until', value: new Date(atMs).toISOString() });
  if (cause !== undefined && occasion !== 'test') found.push(...factsOf(cause, occasion, baseUrl));
  const { because } = group;
  if (because !== undefined && cause === group.members[0])
    found.push({ name: 'likely cause', value: `${cause?.subject.name ?? ''}: ${because}` });
  const others = group.members.filter((each) => each !== cause).map(shortly);
  if (others.length > MAX_LISTED) others.splice(MAX_LISTED, Infinity, `and ${others.length - MAX_LISTED} more`);
  if (others.length > 0) found.push({ name: 'moved with it', value: others.join('; ') });
  const link = pageLink(notification, baseUrl);
  if (link !== undefined && occasion !== 'test') found.push({ name: 'page', value: link, link });
  return found;
}

/** Where the page shows the alert, or that which it goes on as part of. */
export function pageLink({ group }: Notification, baseUrl: string | undefined): string | undefined {
  const { id, joined = id } = group;
  return baseUrl === undefined ? undefined : `${baseUrl}/#/violations/${encodeURIComponent(joined)}`;
}

/** The likeliest cause of what goes on; of what is over, of all. */
export function causeOf({ members }: Notification['group']): Violation | undefined {
  return members.find(({ severity }) => severity !== 'none') ?? members[0];
}

function factsOf(cause: Violation, occasion: Notification['occasion'], baseUrl: string | undefined): Fact[] {
  const { bottleneck, change, traceIds } = cause.explanation;
  const found = occasion === 'resolved' ? [] : measuredOf(cause);
  if (bottleneck !== undefined) {
    const share = `${bottleneck.operation} has ${bottleneck.share.toFixed(2)} of the added time`;
    found.push({ name: 'bottleneck', value: `${share}: ${bottleneck.recommendation}` });
  }
  if (change !== undefined) found.push({ name: 'changed nearby', value: change });
  for (const id of traceIds.slice(0, MAX_LISTED))
    found.push({ name: 'trace', value: id, ...(baseUrl === undefined ? {} : { link: `${baseUrl}/#/traces/${id}` }) });
  return found;
}

function measuredOf({ ratio, kind, explanation }: Violation): Fact[] {
  const { quantiles, calls, oneInDays } = explanation;
  const found: Fact[] = [];
  if (!WITHOUT_RATIO.has(kind)) found.push({ name: 'off by', value: `${times(ratio.value)}${intervalOf(ratio)}` });
  if (quantiles.length > 0) {
    const moved = quantiles.map((each) => `p${Number((each.quantile * 100).toFixed(2))} ${times(each.ratio)}`);
    found.push({ name: 'quantiles', value: moved.join(', ') });
  }
  if (calls > 0) {
    // A target is missed or it is not; chance has no part in it.
    const isByChance = kind !== 'target' && Number.isFinite(oneInDays);
    const chance = isByChance ? `; chance alone says so once in ${Math.round(oneInDays)} days` : '';
    found.push({ name: 'rests on', value: `${calls} calls${chance}` });
  }
  return found;
}

function markOf(occasion: Notification['occasion'], severity: string): string {
  if (occasion === 'test') return `test, ${severity}`;
  if (occasion === 'resolved' || occasion === 'acknowledged') return occasion;
  return occasion === 'repeated' ? `still ${severity}` : severity;
}

function shortly(member: Violation): string {
  return `${member.subject.name} (${member.severity === 'none' ? 'over' : deviation(member)})`;
}

function deviation({ kind, ratio }: Violation): string {
  return WITHOUT_RATIO.has(kind) ? KIND_WORDS[kind] : `${KIND_WORDS[kind]} ${times(ratio.value)}`;
}

/** What is known for sure has none. */
function intervalOf({ low, high }: Violation['ratio']): string {
  return low === high ? '' : ` (${times(low)} to ${times(high)})`;
}

function times(value: number): string {
  return `${Number(value.toPrecision(2))}×`;
}

function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
