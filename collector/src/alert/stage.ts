// Tells people of violations: each cause once, by the channels its severity asks for, however a channel fares.
import type { Severity, ViolationGroup } from '../baseline/contract.ts';
import type { Host, Stage, StageDef } from '../pipeline/contract.ts';
import { ChannelQueue } from './channel-queue.ts';
import { openChannel } from './channels/types.ts';
import type { AlertConfig, alertConfig } from './config.ts';
import type { ChannelConfig } from './channel-config.ts';
import type {
  Alert,
  AlertSnapshot,
  MaintenanceWindow,
  Notification,
  Silence,
  SilenceWish,
  SubjectFeedback,
} from './contract.ts';
import { FeedbackCounts } from './feedback.ts';
import { gaugesOf } from './gauges.ts';
import { alertInstruments, type Outcome, OUTCOMES } from './instruments.ts';
import { Keeper } from './keeper.ts';
import { RateLimit } from './rate-limit.ts';
import { type ChannelRule, channelsOf, rankOf, ruleOf } from './route.ts';
import { Silences } from './silences.ts';
import { Alerts, type Due } from './state.ts';

type AlertHost = Host<keyof typeof alertInstruments>;

/** Nothing here is due to the second, but for the first word of an alert. */
const TICK_MS = 1000;

export const alert = {
  name: 'alert',
  instruments: alertInstruments,
  create: (config, host) => new AlertStage(config, host),
} satisfies StageDef<typeof alertConfig, typeof alertInstruments, ViolationGroup, never>;

/** One configured channel while the sidecar runs. */
interface Line {
  readonly config: ChannelConfig;
  readonly rule: ChannelRule;
  readonly limit: RateLimit;
  /** From start to stop. */
  queue: ChannelQueue | undefined;
}

/** Alerts and their channels. */
export class AlertStage implements Stage<ViolationGroup> {
  readonly #config: AlertConfig;
  readonly #host: AlertHost;
  readonly #lines: ReadonlyMap<string, Line>;
  readonly #alerts: Alerts;
  readonly #silences: Silences;
  readonly #feedback = new FeedbackCounts();
  #nextNumber = 1;
  #isStarted = false;
  #shownRevision = -1;
  readonly #keeper: Keeper;
  #cancel = (): void => {};
  #restored: AlertSnapshot['channels'] = {};
  /** Keeps what is known; wired by whoever has a place for it. No channel is told before it resolves. */
  save: (snapshot: () => AlertSnapshot) => Promise<void> = async () => {};
  /** Called whenever alerts may have changed; wired by whoever shows them. */
  changed: () => void = () => {};

  constructor(config: AlertConfig, host: AlertHost) {
    this.#config = config;
    this.#host = host;
    this.#keeper = new Keeper(() => this.save(() => this.snapshot()), host);
    const lines = [...channelsOf(config.channels)].map(([name, each]): [string, Line] => [
      name,
      { config: each, rule: ruleOf(name, each), limit: new RateLimit(config.max_notifications), queue: undefined },
    ]);
    this.#lines = new Map(lines);
    this.#silences = new Silences(config);
    this.#alerts = new Alerts({
      channels: lines.map(([, { rule }]) => rule),
      groupWaitMs: config.group_wait,
      repeatMs: config.repeat_interval,
      maxAlerts: config.max_alerts,
      heldAt: (nowMs) => this.#silences.at(nowMs),
      permits: (channel, severity, nowMs) => this.#lines.get(channel)?.limit.take(severity, nowMs) ?? false,
    });
  }

  /** Opens the channels. Nothing is sent by that. @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
  async start(): Promise<void> {
    for (const [name, line] of this.#lines) line.queue = this.#openQueue(name, line);
    this.#isStarted = true;
    for (const [name, { queue }] of Object.entries(this.#restored)) this.#lines.get(name)?.queue?.restore(queue);
    this.#restored = {};
    this.#cancel = this.#host.clock.every(TICK_MS, () => this.#tick());
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#cancel();
    if (!this.#isStarted) return;
    this.#isStarted = false;
    await Promise.all([...this.#lines.values()].map(({ queue }) => queue?.stop(this.#config.drain_timeout)));
    await this.#keeper.keep();
  }

  async consume(group: ViolationGroup): Promise<void> {
    // Held for as long as it is known, so it must not change in the hands of whoever sent it.
    const begun = this.#alerts.take(structuredClone(group), this.#host.clock.nowMs());
    if (begun === undefined) {
      this.#host.count('dropped', 1, { reason: 'max_alerts' });
      return;
    }
    for (const { kind } of begun) this.#host.count('violations', 1, { kind });
    this.#tick();
    void this.#keeper.keep();
  }

  /** Every alert that is known, also what is over. */
  alerts(): Alert[] {
    return this.#alerts.list();
  }

  /** What the page shows as an alert: what goes on, and is bad enough for it. */
  shownAlerts(): Alert[] {
    return this.alerts().filter((each) => each.state !== 'resolved' && this.isShown(each));
  }

  /** Whether it is bad enough for the page; of what is over the worst counts. */
  isShown({ group: { severity, peak } }: Alert): boolean {
    return rankOf(severity === 'none' ? peak : severity) >= rankOf(this.#config.page_min_severity);
  }

  /** Takes an alert on: it is not told again unless it gets worse. @returns false where no such alert goes on */
  acknowledge(id: string, by: string): boolean {
    const due = this.#alerts.acknowledge(id, by, this.#host.clock.nowMs());
    for (const each of due ?? []) this.#tell(each);
    if (due !== undefined) this.#noteChange();
    return due !== undefined;
  }

  /** Records whether an alert was useful. @returns false where it is not known any more */
  rate(id: string, isUseful: boolean, by: string): boolean {
    const nowMs = this.#host.clock.nowMs();
    const rated = this.#alerts.rate(id, isUseful, by, nowMs);
    if (rated === undefined) return false;
    this.#feedback.note(rated.subject, isUseful, rated.feedback, nowMs);
    // Who says the same again says nothing new.
    if (rated.feedback?.isUseful !== isUseful) this.#host.count('feedback', 1, { useful: isUseful ? 'yes' : 'no' });
    this.#noteChange();
    return true;
  }

  /** What people said, by what the alerts were of. */
  feedback(): SubjectFeedback[] {
    return this.#feedback.list();
  }

  /** Tells nobody of what matches, for a time. @returns undefined where there are too many silences */
  silence({ forMs, ...wish }: SilenceWish): Silence | undefined {
    const nowMs = this.#host.clock.nowMs();
    const id = `silence-${this.#nextNumber++}`;
    const silence = { ...wish, id, startMs: nowMs, endMs: nowMs + forMs, isConfigured: false };
    if (!this.#silences.add(silence, nowMs)) return undefined;
    this.#tick();
    this.#noteChange();
    return silence;
  }

  /** Ends a silence that was made while the sidecar runs. @returns false where there is none */
  unsilence(id: string, by: string): boolean {
    const isEnded = this.#silences.remove(id);
    if (isEnded) this.#host.log('info', `UNSILENCED_${id}`, `${id} was ended by ${by}`);
    this.#tick();
    this.#noteChange();
    return isEnded;
  }

  /** Silences that hold or will. */
  silences(): Silence[] {
    return this.#silences.list(this.#host.clock.nowMs());
  }

  /** What the calendar holds back, now or later; on a holiday what is milder than `holidayFrom`. */
  calendar(): { readonly maintenance: readonly MaintenanceWindow[]; readonly holidayFrom: Severity | undefined } {
    const nowMs = this.#host.clock.nowMs();
    return { maintenance: this.#silences.maintenance(nowMs), holidayFrom: this.#silences.holidayFrom(nowMs) };
  }

  /** Takes what is not among the groups that go on as over: after a restart, those that nobody speaks of any more. */
  endOthers(open: ReadonlySet<string>): void {
    this.#alerts.endOthers(open, this.#host.clock.nowMs());
    this.#tick();
    void this.#keeper.keep();
  }

  /** Resolves once a restart would not forget what was changed. */
  kept(): Promise<void> {
    return this.#keeper.settled();
  }

  /** Everything that has to survive a restart, as plain JSON. */
  snapshot(): AlertSnapshot {
    const channels = [...this.#lines].map(([name, { limit, queue }]) => {
      const waiting = queue?.snapshot() ?? this.#restored[name]?.queue ?? [];
      return [name, { toldAtMs: limit.toldAtMs, queue: waiting }] as const;
    });
    return {
      version: 1,
      nextNumber: this.#nextNumber,
      alerts: this.#alerts.snapshot(),
      silences: this.#silences.made,
      feedback: this.#feedback.list(),
      channels: Object.fromEntries(channels),
    };
  }

  /** Takes up a snapshot, before `start`. @returns false where it cannot be read: then all begins anew */
  async restore(json: unknown): Promise<boolean> {
    // It judges by a schema, which nobody else needs once a sidecar runs.
    const { readSnapshot } = await import('./snapshot.ts');
    const read = readSnapshot(json);
    if (read === undefined) {
      this.#host.log('error', 'RESTORE', 'what was kept of alerts cannot be read; what goes on may be told again');
      return false;
    }
    const nowMs = this.#host.clock.nowMs();
    this.#nextNumber = read.nextNumber;
    this.#alerts.restore(read.alerts);
    for (const silence of read.silences) this.#silences.add(silence, nowMs);
    this.#feedback.restore(read.feedback ?? []);
    for (const [name, { toldAtMs }] of Object.entries(read.channels)) this.#lines.get(name)?.limit.restore(toldAtMs);
    this.#restored = read.channels;
    return true;
  }

  #openQueue(name: string, { config, rule }: Line): ChannelQueue {
    const { allow_link_local, base_url, max_queue, retry_initial, retry_max, retry_elapsed } = this.#config;
    const { clock, log } = this.#host;
    const baseUrl = base_url?.replace(/\/+$/, '');
    const channel = openChannel(config, { name, allowLinkLocal: allow_link_local, baseUrl, host: { clock, log } });
    this.#host.record('queued', 0, { channel: name });
    // Shown at 0, so that the first one that fails is not missed.
    for (const outcome of OUTCOMES) this.#host.count('notifications', 0, { channel: name, outcome });
    const retry = { initialMs: retry_initial, maxMs: retry_max };
    return new ChannelQueue({ rule, maxQueue: max_queue, retry, elapsedMs: retry_elapsed }, channel, {
      clock,
      log,
      random: () => this.#host.random(),
      settled: (notification, outcome) => this.#settled(name, notification, outcome),
      queued: (count) => this.#host.record('queued', count, { channel: name }),
      save: () => this.#keeper.keep(),
    });
  }

  #tick(): void {
    if (!this.#isStarted) return;
    const { due, held } = this.#alerts.due(this.#host.clock.nowMs());
    for (const by of held) this.#host.count('silenced', 1, { by });
    for (const each of due) this.#tell(each);
    const revision = this.#alerts.revision + this.#silences.revision;
    if (this.#shownRevision === revision) return;
    this.#shownRevision = revision;
    for (const { name, attributes, value } of gaugesOf(this.alerts())) this.#host.record(name, value, attributes);
    this.changed();
  }

  #tell({ channel, notification, isOverLimit }: Due): void {
    if (isOverLimit) {
      this.#host.count('notifications', 1, { channel, outcome: 'rate_limited' });
      this.#host.log(
        'warning',
        `RATE_LIMIT_${channel}`,
        `${channel} was told max_notifications; what is milder is not`,
      );
      return;
    }
    const id = `${notification.group.id}.${this.#nextNumber++}`;
    this.#lines.get(channel)?.queue?.add({ id, ...notification });
  }

  #settled(channel: string, { occasion }: Notification, outcome: Outcome): void {
    if (occasion !== 'resent') this.#host.count('notifications', 1, { channel, outcome });
    else if (outcome === 'delivered') this.#host.count('resent', 1, { channel });
  }

  #noteChange(): void {
    this.changed();
    void this.#keeper.keep();
  }
}
