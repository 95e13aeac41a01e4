// `evenkeel alert …`: one test notification through each configured channel, without a sidecar; the rest asks a running one.
import type { Answer, ChannelSurroundings } from '../alert/channel.ts';
import type { ChannelConfig } from '../alert/channel-config.ts';
import { openChannel } from '../alert/channels/types.ts';
import type { Notification } from '../alert/contract.ts';
import { channelsOf, SEVERITIES } from '../alert/route.ts';
import { testNotification } from '../alert/test-notification.ts';
import type { Severity } from '../baseline/contract.ts';
import { loadConfig } from '../config/load.ts';
import { thisMachine } from '../config/machine.ts';
import { EvenkeelError } from '../errors.ts';
import { systemClock } from '../pipeline/clock.ts';
import { alertLive, LIVE_ACTIONS, LIVE_HELP } from './alert-live.ts';
import { configArguments, EXIT, readArguments, UsageError } from './arguments.ts';

export const HELP = `evenkeel alert test [--config FILE …] [--set path=value …] [--channel NAME] [--severity info|warning|critical|emergency] [--json]

Sends one notification, marked as a test, through each channel of the configuration or through the one named, whatever
its min_severity, and says what became of each. Nothing is tried twice. At PagerDuty it opens an incident, which somebody
has to close; at Alertmanager an alert EvenkeelTest, which ends by itself.
Exit code 0: all were delivered, 1: one was not, 2: wrong arguments.

${LIVE_HELP}`;

/** What became of the notification of one channel. */
interface Tested {
  readonly channel: string;
  readonly type: ChannelConfig['type'];
  /** Names the receiver; empty where the channel could not be opened. */
  readonly where: string;
  readonly delivered: boolean;
  /** Empty where it was delivered. */
  readonly why: string;
}

/** @returns the exit code */
export async function alert(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const [action = ''] = args;
  if (action !== 'test' && LIVE_ACTIONS.includes(action)) return alertLive(args, environment);
  const { only, severity, others } = alertArguments(args);
  const { files, overrides, json, positionals } = configArguments(others);
  if (positionals.join(' ') !== 'test') throw new UsageError(`expected: evenkeel alert test|${LIVE_ACTIONS.join('|')}`);
  const config = loadConfig(files, overrides, environment, thisMachine()).alert;
  if (config === false) throw new UsageError('alert is switched off in this configuration');
  const channels = [...channelsOf(config.channels)].filter(([name]) => only === undefined || name === only);
  if (channels.length === 0)
    throw new UsageError(only === undefined ? 'there is no channel' : 'there is no such channel');
  const nowMs = systemClock.nowMs();
  const notification = testNotification(`evenkeel-test-${nowMs}`, severity, nowMs);
  const host = { clock: systemClock, log: writeLine };
  const common = { host, allowLinkLocal: config.allow_link_local, baseUrl: config.base_url?.replace(/\/+$/, '') };
  const tested = await Promise.all(
    channels.map(([name, each]) => testChannel(each, { ...common, name }, notification)),
  );
  process.stdout.write(json ? `${JSON.stringify(tested)}\n` : tested.map(lineOf).join(''));
  return tested.every(({ delivered }) => delivered) ? EXIT.ok : EXIT.failed;
}

async function testChannel(
  config: ChannelConfig,
  surroundings: ChannelSurroundings,
  notification: Notification,
): Promise<Tested> {
  const tested = { channel: surroundings.name, type: config.type };
  try {
    const channel = openChannel(config, surroundings);
    const answer = await channel.send(notification, new AbortController().signal);
    channel.close();
    return { ...tested, where: channel.where, delivered: answer.outcome === 'delivered', why: whyOf(answer) };
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    return { ...tested, where: '', delivered: false, why: error.message };
  }
}

function whyOf(answer: Answer): string {
  return answer.outcome === 'delivered' ? '' : answer.why;
}

function lineOf({ channel, type, where, delivered, why }: Tested): string {
  return `${channel} (${type}${where === '' || where === type ? '' : `, ${where}`}): ${delivered ? 'delivered' : `failed: ${why}`}\n`;
}

/** As the log of a sidecar is written: what a channel named log tells stands there. */
function writeLine(severity: string, _code: string, message: string): void {
  process.stderr.write(`${severity} alert: ${message}\n`);
}

/** Takes out what only this command knows. */
function alertArguments(args: readonly string[]): {
  only: string | undefined;
  severity: Severity;
  others: readonly string[];
} {
  const string = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    channel: string,
    severity: string,
    config: { ...string, short: 'c' },
    set: { ...string, multiple: true },
    json: { type: 'boolean' },
  });
  const { channel, severity = 'warning' } = values;
  const known = SEVERITIES.find((each) => each === severity);
  if (known === undefined) throw new UsageError(`--severity must be one of ${SEVERITIES.join(', ')}`);
  const others: string[] = [...positionals];
  if (values.config !== undefined) others.push('--config', values.config);
  for (const each of values.set ?? []) others.push('--set', each);
  if (values.json === true) others.push('--json');
  return { only: channel, severity: known, others };
}
