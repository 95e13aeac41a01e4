// A webhook: each notification as one POST of JSON, in the form its receiver knows, signed where there is a secret.
import { createHmac } from 'node:crypto';
import type { Channel, ChannelSurroundings } from '../channel.ts';
import type { ChannelOf } from '../channel-config.ts';
import { PAGERDUTY_URL } from '../defaults.ts';
import { openPoster } from './post.ts';
import { BODIES } from './webhook-body.ts';

/** @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
export function webhookChannel(config: ChannelOf<'webhook'>, surroundings: ChannelSurroundings): Channel {
  const { url = PAGERDUTY_URL, template, secret, routing_key = '' } = config;
  const poster = openPoster({ ...config, url }, surroundings);
  return {
    where: poster.where,
    async send(notification, cut) {
      const body = JSON.stringify(BODIES[template](notification, surroundings.baseUrl, routing_key));
      // Each attempt is signed with its own time, so that a receiver may refuse old ones.
      const signature = secret === undefined ? {} : signed(body, secret, surroundings.host.clock.nowMs());
      return await poster.post(body, { 'evenkeel-notification': notification.id, ...signature }, cut);
    },
    close: () => poster.close(),
  };
}

/**
 * The header that proves who sent a body, and when: `t=<seconds since the epoch>,v1=<hex>`, where v1 is the HMAC-SHA256
 * of the seconds, a dot and the body as it was sent.
 */
export function signed(body: string, secret: string, nowMs: number): { readonly 'evenkeel-signature': string } {
  const seconds = Math.floor(nowMs / 1000);
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return { 'evenkeel-signature': `t=${seconds},v1=${digest}` };
}
