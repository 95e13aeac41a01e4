// Which channel is told of what. Pure: nothing here knows how a channel is reached.
import type { Severity } from '../baseline/contract.ts';
import type { ChannelConfig } from './channel-config.ts';

/** How a channel wants to be told. */
export interface ChannelRule {
  readonly name: string;
  readonly minSeverity: Severity;
  /** Whether it is told again of what goes on, each `repeat_interval`; who repeats by itself is not. */
  readonly isRepeated: boolean;
  /** Whether it can do something with the news that somebody took a violation on. */
  readonly takesAcknowledgement: boolean;
  /** Whether `max_notifications` holds for it; a log and a receiver with limits of its own need none. */
  readonly isLimited: boolean;
  /** Whether the same notification may come twice without anybody being told twice. */
  readonly isIdempotent: boolean;
  /** How often what goes on is sent again so that it is not taken for over; 0 for never. */
  readonly resendMs: number;
}

/** Mild to bad. */
export const SEVERITIES = ['info', 'warning', 'critical', 'emergency'] as const satisfies readonly Severity[];

/** The log, where no channel of that name is configured. */
const LOG: ChannelConfig = { type: 'log', min_severity: 'info' };

/** 0 for info, up to 3 for emergency; -1 for what is over. */
export function rankOf(severity: Severity | 'none'): number {
  return (SEVERITIES as readonly string[]).indexOf(severity);
}

/** Channels by name: those configured and not switched off, and the log. */
export function channelsOf(configured: Readonly<Record<string, ChannelConfig | false>>): Map<string, ChannelConfig> {
  const channels = new Map<string, ChannelConfig>([['log', LOG]]);
  for (const [name, config] of Object.entries(configured))
    if (config === false) channels.delete(name);
    else channels.set(name, config);
  return channels;
}

/** Answers how a channel wants to be told. */
export function ruleOf(name: string, config: ChannelConfig): ChannelRule {
  const rule = {
    name,
    minSeverity: minSeverityOf(config),
    isRepeated: true,
    takesAcknowledgement: false,
    isLimited: true,
    isIdempotent: false,
    resendMs: 0,
  };
  switch (config.type) {
    case 'log':
      return { ...rule, isLimited: false, takesAcknowledgement: true };
    case 'email':
      return rule;
    case 'webhook': {
      const isIncident = config.template === 'pagerduty';
      // Slack's channel has nothing that could be acknowledged.
      return { ...rule, takesAcknowledgement: config.template !== 'slack', isIdempotent: isIncident };
    }
    case 'alertmanager':
      return { ...rule, isRepeated: false, isLimited: false, isIdempotent: true, resendMs: config.resend_interval };
  }
}

function minSeverityOf(config: ChannelConfig): Severity {
  if (config.min_severity !== undefined) return config.min_severity;
  return config.type === 'webhook' && config.template === 'pagerduty' ? 'emergency' : 'warning';
}
