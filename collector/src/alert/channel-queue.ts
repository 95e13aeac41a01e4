// What waits for one channel: bounded, the worst first, one attempt at a time, tried again with jitter. A channel that is
// dead holds up no other. How it is reached is the channel's business.
import type { Host } from '../pipeline/contract.ts';
import type { Channel } from './channel.ts';
import type { ChannelSnapshot, Notification } from './contract.ts';
import type { Outcome } from './instruments.ts';
import { type ChannelRule, rankOf } from './route.ts';
import { retryDelayMs, type RetryOptions } from './retry.ts';

export interface QueueOptions {
  readonly rule: ChannelRule;
  readonly maxQueue: number;
  readonly retry: RetryOptions;
  /** After so long a notification is given up. */
  readonly elapsedMs: number;
}

/** What a queue asks of its room. */
export interface QueueHost extends Pick<Host, 'clock' | 'random' | 'log'> {
  /** Counts what became of a notification. */
  settled(notification: Notification, outcome: Outcome): void;
  /** Told of how many wait, but for those that are sent again only. */
  queued(count: number): void;
  /** Keeps what is known, so that after a crash nothing is told twice. Resolves when it is kept. */
  save(): Promise<void>;
}

/** Notifications of one channel. */
export class ChannelQueue {
  readonly #options: QueueOptions;
  readonly #channel: Channel;
  readonly #host: QueueHost;
  readonly #waiting: Notification[] = [];
  #underWay: Notification | undefined;
  #working: Promise<void> | undefined;
  #failures = 0;
  readonly #cut = new AbortController();

  constructor(options: QueueOptions, channel: Channel, host: QueueHost) {
    this.#options = options;
    this.#channel = channel;
    this.#host = host;
  }

  /** Takes one more. It takes the place of an earlier one of the same alert that still waits. */
  add(notification: Notification): void {
    const earlier = this.#waiting.find((each) => each !== this.#underWay && isSameAlert(each, notification));
    if (earlier === undefined) this.#waiting.push(notification);
    // An alert that is kept alive is not worth the place of news.
    else if (notification.occasion !== 'resent') {
      this.#waiting[this.#waiting.indexOf(earlier)] = withKnown(earlier, notification);
      this.#host.settled(earlier, 'superseded');
    }
    if (this.#waiting.length > this.#options.maxQueue) this.#settle(this.#mildest(), 'queue_full');
    this.#count();
    if (!this.#cut.signal.aborted) this.#working ??= this.#work();
  }

  /** What waits, with what is under way. */
  snapshot(): ChannelSnapshot['queue'] {
    return this.#waiting.map((notification) => ({ notification, isUnderWay: notification === this.#underWay }));
  }

  /** Takes up what waited when the sidecar ended. */
  restore(queue: ChannelSnapshot['queue']): void {
    for (const { notification, isUnderWay } of queue) {
      // Nobody knows whether it came through; where that would be told twice, it is not sent again.
      if (!isUnderWay || this.#options.rule.isIdempotent) this.add(notification);
      else this.#unclear(notification);
    }
  }

  /** Tries for at most `withinMs`. What then still waits is left, for whoever keeps the snapshot. */
  async stop(withinMs: number): Promise<void> {
    const cancel = this.#host.clock.after(withinMs, () => this.#cut.abort());
    await this.#working;
    cancel();
    this.#cut.abort();
    this.#channel.close();
    if (this.#waiting.length > 0)
      this.#host.log(
        'warning',
        `STOP_${this.#options.rule.name}`,
        `${this.#waiting.length} notifications for ${this.#channel.where} were not delivered before the end`,
      );
  }

  async #work(): Promise<void> {
    // A turn later, so that what is kept before the first attempt holds all that became due with it.
    await Promise.resolve();
    for (let next = this.#worst(); next !== undefined && !this.#cut.signal.aborted; next = this.#worst()) {
      if (this.#host.clock.nowMs() - next.atMs > this.#options.elapsedMs) {
        this.#settle(next, 'failed');
        this.#log('error', `GIVEN_UP_${this.#options.rule.name}`, `${next.subject.name} could not be told in time`);
        continue;
      }
      await this.#attempt(next);
    }
    // In the same turn that saw it empty, so that none is left without anyone to deliver it.
    this.#working = undefined;
  }

  async #attempt(notification: Notification): Promise<void> {
    this.#underWay = notification;
    const answer = await this.#send(notification);
    this.#underWay = undefined;
    if (answer.outcome === 'again') {
      this.#failures++;
      const { retry, rule } = this.#options;
      this.#log('warning', `CHANNEL_${rule.name}`, `${answer.why}; will be tried again`);
      this.#giveWay(notification);
      // That it did not come through is known from here on, also after a crash.
      void this.#host.save();
      await this.#sleep(retryDelayMs(retry, this.#failures, answer.afterMs ?? 0, this.#host.random()));
      return;
    }
    this.#failures = 0;
    this.#settle(notification, answer.outcome);
    if (answer.outcome === 'refused')
      this.#log('error', `REFUSED_${this.#options.rule.name}`, `${answer.why}; ${notification.id} is not sent again`);
    if (notification.occasion !== 'resent') void this.#host.save();
  }

  async #send(notification: Notification): ReturnType<Channel['send']> {
    try {
      // Where nothing is told twice, nothing has to be known before it is.
      if (!this.#options.rule.isIdempotent) await this.#host.save();
      return await this.#channel.send(notification, this.#cut.signal);
    } catch (error) {
      // Nothing there is meant to throw; its words might hold a secret.
      const what = error instanceof Error ? error.name : 'fault';
      return { outcome: 'again', why: `an internal ${what}` };
    }
  }

  /** What could not be told is not tried again where something newer of the same alert waits. */
  #giveWay(earlier: Notification): void {
    const at = this.#waiting.findIndex((each) => each !== earlier && isSameAlert(each, earlier));
    const later = this.#waiting[at];
    if (later === undefined) return;
    this.#waiting[at] = withKnown(earlier, later);
    this.#settle(earlier, 'superseded');
  }

  #worst(): Notification | undefined {
    return this.#waiting.reduce<Notification | undefined>(
      (worst, each) => (worst === undefined || rankOf(each.severity) > rankOf(worst.severity) ? each : worst),
      undefined,
    );
  }

  /** The latest of the mildest, but for what is under way. */
  #mildest(): Notification | undefined {
    return this.#waiting.reduce<Notification | undefined>((mildest, each) => {
      if (each === this.#underWay) return mildest;
      return mildest === undefined || rankOf(each.severity) <= rankOf(mildest.severity) ? each : mildest;
    }, undefined);
  }

  #unclear(notification: Notification): void {
    this.#host.settled(notification, 'unclear');
    this.#log(
      'warning',
      `UNCLEAR_${this.#options.rule.name}`,
      `whether ${notification.id} was delivered before the restart is not known; it is not sent again`,
    );
  }

  #settle(notification: Notification | undefined, outcome: Outcome): void {
    const at = notification === undefined ? -1 : this.#waiting.indexOf(notification);
    if (notification === undefined || at < 0) return;
    this.#waiting.splice(at, 1);
    this.#host.settled(notification, outcome);
    this.#count();
  }

  #count(): void {
    this.#host.queued(this.#waiting.filter(({ occasion }) => occasion !== 'resent').length);
  }

  #log(severity: 'warning' | 'error', code: string, what: string): void {
    this.#host.log(severity, code, `${this.#channel.where}: ${what}`);
  }

  /** Sleeps, unless the end comes first. */
  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#cut;
      const cancel = this.#host.clock.after(delayMs, done);
      function done(): void {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }
}

function isSameAlert(one: Notification, other: Notification): boolean {
  return one.group.id === other.group.id;
}

/** What the receiver was told before the earlier one is still what it knows. */
function withKnown({ previous }: Notification, later: Notification): Notification {
  return previous === undefined || later.previous !== undefined ? later : { ...later, previous };
}
