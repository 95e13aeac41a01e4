// One channel, opened as the stage opens it, and notifications to send through it.
import { onTestFinished } from 'vitest';
import { alertConfig } from '../../collector/src/alert/config.ts';
import type { Answer, Channel, ChannelSurroundings } from '../../collector/src/alert/channel.ts';
import { openChannel } from '../../collector/src/alert/channels/types.ts';
import type { Notification } from '../../collector/src/alert/contract.ts';
import { ManualClock } from './clock.ts';
import { ONSET_MS, violationGroup } from './violations.ts';

export interface OpenChannel {
  readonly channel: Channel;
  readonly clock: ManualClock;
  readonly log: readonly string[];
  send(wanted?: Partial<Notification>, cut?: AbortSignal): Promise<Answer>;
}

/** Opens a channel of the configuration's form. */
export function opened(config: object, surroundings: Partial<ChannelSurroundings> = {}): OpenChannel {
  const parsed = alertConfig.parse({ channels: { ops: config } }).channels['ops'];
  if (parsed === undefined || parsed === false) throw new Error('no channel');
  const clock = new ManualClock();
  const log: string[] = [];
  const host = { clock, log: (...words: readonly string[]) => void log.push(words.join(' ')) };
  const common = { name: 'ops', allowLinkLocal: false, baseUrl: 'https://evenkeel.example.com', host };
  const channel = openChannel(parsed, { ...common, ...surroundings });
  onTestFinished(() => channel.close());
  return {
    channel,
    clock,
    log,
    send: (wanted = {}, cut = new AbortController().signal) => channel.send(notification(wanted), cut),
  };
}

/** A critical alert that begins, unless wanted otherwise. */
export function notification(wanted: Partial<Notification> = {}): Notification {
  const group = violationGroup('critical');
  const subject = group.members[0]?.subject ?? { key: '', name: '', attributes: {} };
  const atMs = ONSET_MS + 15_000;
  return { id: 'g1.1', occasion: 'firing', atMs, severity: 'critical', subject, onsetMs: ONSET_MS, group, ...wanted };
}
