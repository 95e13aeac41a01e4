// Notifications by mail: plain text with the same in HTML.
import type { Channel, ChannelSurroundings } from '../channel.ts';
import type { ChannelOf } from '../channel-config.ts';
import type { Notification } from '../contract.ts';
import { facts, headline, summary } from '../notification-text.ts';
import { type Mail, mailServer } from './mail.ts';

/** @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
export function emailChannel(config: ChannelOf<'email'>, surroundings: ChannelSurroundings): Channel {
  const server = mailServer(config, surroundings);
  return {
    where: server.where,
    send: (notification, cut) => server.send(mailOf(notification, surroundings.baseUrl), cut),
    close: () => server.close(),
  };
}

function mailOf(notification: Notification, baseUrl: string | undefined): Mail {
  const known = facts(notification, baseUrl);
  const said = summary(notification);
  const lines = known.map(({ name, value, link }) => `${name}: ${link ?? value}`);
  const rows = known.map(({ name, value, link }) => {
    const text = escaped(value);
    const shown = link === undefined ? text : `<a href="${escaped(link)}">${text}</a>`;
    return `<tr><th align="left" valign="top">${name}</th><td>${shown}</td></tr>`;
  });
  return {
    id: notification.id,
    thread: notification.group.id,
    subject: headline(notification),
    text: `${said}\n\n${lines.join('\n')}\n`,
    html: `<p>${escaped(said)}</p>\n<table cellpadding="4">\n${rows.join('\n')}\n</table>\n`,
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
