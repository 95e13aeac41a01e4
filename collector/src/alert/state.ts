// What every alert is, and who is to be told of what. Pure: the time is given, nothing is sent from here.
import type { Severity, Violation, ViolationGroup } from '../baseline/contract.ts';
import type { Alert, AlertSnapshot, Notification, Occasion, Told } from './contract.ts';
import type { HeldBy } from './instruments.ts';
import { type ChannelRule, rankOf } from './route.ts';

/** What is over is remembered for so long, or until its place is needed: a group that returns is known again. */
const REMEMBERED_MS = 7 * 86_400_000;
/** Of one group. Its cause is said by the first of them; one that returns after so many others counts as new. */
const MAX_SEEN = 200;

export interface AlertOptions {
  readonly channels: readonly ChannelRule[];
  readonly groupWaitMs: number;
  readonly repeatMs: number;
  readonly maxAlerts: number;
  /** Looks at the time; the answer says why nobody is told of a group then. */
  heldAt(nowMs: number): (group: ViolationGroup) => HeldBy | undefined;
  /** Whether a channel may be told of one more. */
  permits(channel: string, severity: Severity, nowMs: number): boolean;
}

/** A channel that is to be told. */
export interface Due {
  readonly channel: string;
  readonly notification: Omit<Notification, 'id'>;
  /** It was told too much lately: this is only to be counted. */
  readonly isOverLimit: boolean;
}

/** What a look at the time brought. */
export interface News {
  readonly due: readonly Due[];
  /** Alerts held back from now on, by why. */
  readonly held: readonly HeldBy[];
}

/** An alert while it is known. */
type Known = { -readonly [Key in keyof Alert]: Key extends 'told' ? Map<string, TellingState> : Alert[Key] } & {
  readonly seenIds: Set<string>;
};

interface TellingState extends Told {
  /** When it was sent last, be it only again. */
  readonly sentMs: number;
}

/** All alerts by the id of their group. */
export class Alerts {
  readonly #options: AlertOptions;
  readonly #known = new Map<string, Known>();
  /** Another one where an alert may have changed. */
  revision = 0;

  constructor(options: AlertOptions) {
    this.#options = options;
  }

  /** Takes a group as it is now. @returns members that are new; undefined where too many alerts go on */
  take(group: ViolationGroup, nowMs: number): readonly Violation[] | undefined {
    this.revision++;
    const known = this.#known.get(group.id);
    if (known !== undefined) return update(known, group, nowMs);
    // What was over before it was heard of is nobody's business.
    if (group.severity === 'none') return [];
    if (!this.#makeRoom(nowMs)) return undefined;
    const [cause] = group.members;
    const subject = cause?.subject ?? { key: group.id, name: group.id, attributes: {} };
    const begun = { id: group.id, state: 'pending', sinceMs: nowMs, subject, onsetMs: group.onsetMs, group } as const;
    this.#known.set(group.id, { ...begun, told: new Map(), seenIds: new Set(idsOf(group)) });
    return group.members;
  }

  /** Answers who is to be told now, and takes them as told. */
  due(nowMs: number): News {
    const due: Due[] = [];
    const held: HeldBy[] = [];
    const heldBy = this.#options.heldAt(nowMs);
    for (const alert of this.#known.values()) {
      if (alert.state === 'pending' && this.#hasWaited(alert, nowMs)) {
        setState(alert, 'firing', nowMs);
        this.revision++;
      }
      if (alert.state === 'firing') {
        const by = heldBy(alert.group);
        if (by !== undefined && by !== alert.heldBy) held.push(by);
        if (by !== alert.heldBy) this.revision++;
        if (by === undefined) delete alert.heldBy;
        else alert.heldBy = by;
        for (const rule of this.#options.channels) due.push(...this.#firing(alert, rule, nowMs));
      }
      if (alert.state === 'resolved') for (const rule of this.#options.channels) due.push(...over(alert, rule, nowMs));
    }
    if (due.length > 0) this.revision++;
    return { due, held };
  }

  /**
   * Notes that somebody took an alert on: it is not told again unless it gets worse. Who did so already is not noted
   * twice.
   *
   * @returns who is told of that; undefined where no such alert goes on
   */
  acknowledge(id: string, by: string, nowMs: number): Due[] | undefined {
    const alert = this.#known.get(id);
    if (alert === undefined || alert.state === 'resolved' || alert.group.severity === 'none') return undefined;
    if (alert.acknowledged?.by === by) return [];
    alert.acknowledged = { by, atMs: nowMs, severity: alert.group.severity };
    this.revision++;
    return this.#options.channels.flatMap((rule) => {
      const told = alert.told.get(rule.name);
      if (told?.isOpen !== true || !rule.takesAcknowledgement) return [];
      return [dueOf(alert, rule, 'acknowledged', told.severity, nowMs)];
    });
  }

  /** Notes whether an alert was useful. @returns what it is of, and what was said before; undefined where it is not known */
  rate(id: string, isUseful: boolean, by: string, nowMs: number): Pick<Alert, 'subject' | 'feedback'> | undefined {
    const alert = this.#known.get(id);
    if (alert === undefined) return undefined;
    const { subject, feedback } = alert;
    alert.feedback = { isUseful, by, atMs: nowMs };
    this.revision++;
    return feedback === undefined ? { subject } : { subject, feedback };
  }

  /** Takes as over whatever is not among the groups that go on, as after a start with another file. */
  endOthers(open: ReadonlySet<string>, nowMs: number): void {
    this.revision++;
    for (const alert of this.#known.values())
      if (!open.has(alert.id) && alert.state !== 'resolved') {
        const members = alert.group.members.map((each) => ({ ...each, severity: 'none' as const, changedMs: nowMs }));
        update(alert, { ...alert.group, severity: 'none', changedMs: nowMs, members }, nowMs);
      }
  }

  /** The latest last. */
  list(): Alert[] {
    return [...this.#known.values()].map(plain);
  }

  snapshot(): AlertSnapshot['alerts'] {
    return [...this.#known.values()].map((alert) => ({ ...plain(alert), seenIds: [...alert.seenIds] }));
  }

  restore(alerts: AlertSnapshot['alerts']): void {
    this.revision++;
    for (const { told, seenIds, ...alert } of alerts) {
      const entries = Object.entries(told).map(([name, each]) => [name, { ...each, sentMs: each.atMs }] as const);
      this.#known.set(alert.id, { ...alert, told: new Map(entries), seenIds: new Set(seenIds) });
    }
  }

  #hasWaited({ sinceMs, group }: Known, nowMs: number): boolean {
    // A clock set back is no reason to wait for longer.
    const waitedMs = nowMs < sinceMs ? Infinity : nowMs - sinceMs;
    return group.severity === 'emergency' || waitedMs >= this.#options.groupWaitMs;
  }

  #firing(alert: Known, rule: ChannelRule, nowMs: number): Due[] {
    const { severity } = alert.group;
    const told = alert.told.get(rule.name);
    const occasion = severity === 'none' ? undefined : this.#occasion(alert, rule, severity, nowMs);
    if (occasion === undefined || severity === 'none') return resent(alert, rule, nowMs);
    const isOverLimit = rule.isLimited && !this.#options.permits(rule.name, severity, nowMs);
    const isOpen = !isOverLimit || told?.isOpen === true;
    const due = dueOf(alert, rule, occasion, severity, nowMs);
    alert.told.set(rule.name, { severity, atMs: nowMs, isOpen, sentMs: nowMs });
    return [{ ...due, isOverLimit }];
  }

  /** Why a channel is told of what goes on; undefined where it is not. */
  #occasion(alert: Known, rule: ChannelRule, severity: Severity, nowMs: number): Occasion | undefined {
    if (alert.heldBy !== undefined || rankOf(severity) < rankOf(rule.minSeverity)) return undefined;
    const told = alert.told.get(rule.name);
    if (told === undefined) return 'firing';
    if (rankOf(severity) > rankOf(told.severity)) return told.isOpen ? 'escalated' : 'firing';
    const isTime = nowMs - told.atMs >= this.#options.repeatMs;
    return isTime && rule.isRepeated && alert.acknowledged === undefined ? 'repeated' : undefined;
  }

  /** The one that has been over for longest gives its place. */
  #makeRoom(nowMs: number): boolean {
    let oldest: Known | undefined;
    for (const alert of this.#known.values()) {
      if (alert.state !== 'resolved') continue;
      if (nowMs - alert.sinceMs > REMEMBERED_MS) this.#known.delete(alert.id);
      else if (oldest === undefined || alert.sinceMs < oldest.sinceMs) oldest = alert;
    }
    if (this.#known.size < this.#options.maxAlerts) return true;
    return oldest !== undefined && this.#known.delete(oldest.id);
  }
}

/** @returns members that were not there before */
function update(alert: Known, group: ViolationGroup, nowMs: number): Violation[] {
  const begun = group.members.filter(({ id }) => !alert.seenIds.has(id));
  for (const id of idsOf(group)) remember(alert.seenIds, id);
  alert.group = group;
  // Until somebody is told what it is called, it is called by what is likely its cause.
  const [cause] = group.members;
  if (alert.state === 'pending' && alert.told.size === 0 && cause !== undefined) alert.subject = cause.subject;
  if (group.severity === 'none') {
    if (alert.state !== 'resolved') setState(alert, 'resolved', nowMs);
    delete alert.acknowledged;
    delete alert.heldBy;
    return begun;
  }
  // Whoever believes it to be over hears of it again only with something new; that it got worse is seen by itself.
  if (begun.length > 0) for (const [name, told] of alert.told) if (!told.isOpen) alert.told.delete(name);
  if (alert.acknowledged !== undefined && rankOf(group.severity) > rankOf(alert.acknowledged.severity))
    delete alert.acknowledged;
  if (alert.state === 'resolved') setState(alert, 'pending', nowMs);
  return begun;
}

/** The end is told to everybody who was told of it, silence or not: a call must not stay open. */
function over(alert: Known, rule: ChannelRule, nowMs: number): Due[] {
  const told = alert.told.get(rule.name);
  if (told?.isOpen !== true) return [];
  alert.told.set(rule.name, { ...told, isOpen: false });
  return [dueOf(alert, rule, 'resolved', told.severity, nowMs)];
}

function resent(alert: Known, rule: ChannelRule, nowMs: number): Due[] {
  const told = alert.told.get(rule.name);
  if (told?.isOpen !== true || rule.resendMs === 0) return [];
  if (nowMs >= told.sentMs && nowMs - told.sentMs < rule.resendMs) return [];
  alert.told.set(rule.name, { ...told, sentMs: nowMs });
  return [dueOf(alert, rule, 'resent', told.severity, nowMs)];
}

function dueOf(alert: Known, rule: ChannelRule, occasion: Occasion, severity: Severity, nowMs: number): Due {
  const { subject, onsetMs, group, acknowledged } = alert;
  const before = alert.told.get(rule.name);
  const previous = occasion === 'escalated' && before !== undefined ? { previous: before.severity } : {};
  const by = acknowledged === undefined ? {} : { acknowledgedBy: acknowledged.by };
  const notification = { occasion, atMs: nowMs, severity, ...previous, subject, onsetMs, group, ...by };
  return { channel: rule.name, notification, isOverLimit: false };
}

function setState(alert: Known, state: Alert['state'], nowMs: number): void {
  alert.state = state;
  alert.sinceMs = nowMs;
}

function idsOf({ members }: ViolationGroup): string[] {
  return members.map(({ id }) => id);
}

/** The oldest is forgotten where there are too many. */
function remember(seen: Set<string>, id: string): void {
  seen.delete(id);
  seen.add(id);
  for (const oldest of seen) {
    if (seen.size <= MAX_SEEN) break;
    seen.delete(oldest);
  }
}

function plain({ told, seenIds: _, ...alert }: Known): Alert {
  const pairs = [...told].map(([name, { severity, atMs, isOpen }]) => [name, { severity, atMs, isOpen }] as const);
  return { ...alert, told: Object.fromEntries(pairs) };
}
