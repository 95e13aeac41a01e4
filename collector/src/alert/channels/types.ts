// Every type of channel, one line each.
import type { Channel, ChannelSurroundings } from '../channel.ts';
import type { ChannelConfig, ChannelOf } from '../channel-config.ts';
import { alertmanagerChannel } from './alertmanager.ts';
import { emailChannel } from './email.ts';
import { logChannel } from './log.ts';
import { webhookChannel } from './webhook.ts';

/** How each is opened. */
export const CHANNEL_TYPES: {
  readonly [Type in ChannelConfig['type']]: (config: ChannelOf<Type>, surroundings: ChannelSurroundings) => Channel;
} = {
  log: logChannel,
  email: emailChannel,
  webhook: webhookChannel,
  alertmanager: alertmanagerChannel,
};

/** Opens a channel; nothing is sent by that. @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
export function openChannel(config: ChannelConfig, surroundings: ChannelSurroundings): Channel {
  const open = CHANNEL_TYPES[config.type] as (config: ChannelConfig, surroundings: ChannelSurroundings) => Channel;
  return open(config, surroundings);
}
