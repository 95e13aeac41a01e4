// The sidecar's own log: one line an alert.
import type { Channel, ChannelSurroundings } from '../channel.ts';
import type { ChannelOf } from '../channel-config.ts';
import { headline, summary } from '../notification-text.ts';

/** @returns a channel that always delivers */
export function logChannel(_: ChannelOf<'log'>, { host }: ChannelSurroundings): Channel {
  return {
    where: 'log',
    async send(notification) {
      const { severity, occasion, group } = notification;
      const isBad = severity === 'critical' || severity === 'emergency';
      const written = occasion === 'resolved' || severity === 'info' ? 'info' : isBad ? 'error' : 'warning';
      // Repeats of one code are held back, and no two of these are repeats.
      const code = `ALERT_${occasion.toUpperCase()}_${severity.toUpperCase()}_${group.id}`;
      host.log(written, code, `${headline(notification)}: ${summary(notification)}`);
      return { outcome: 'delivered' };
    },
    close: () => {},
  };
}
