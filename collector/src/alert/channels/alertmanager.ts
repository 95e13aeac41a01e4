// Prometheus' Alertmanager: one alert a group, sent again while it goes on, ended when it is over. Whom it tells and how
// often is its own business.
import type { Severity } from '../../baseline/contract.ts';
import type { Channel, ChannelSurroundings } from '../channel.ts';
import type { ChannelOf } from '../channel-config.ts';
import type { Notification } from '../contract.ts';
import { causeOf, facts, headline, pageLink, summary } from '../notification-text.ts';
import { openPoster } from './post.ts';

/** What is not sent again is over after so many intervals. @see Prometheus, rules/alerting.go, sendAlerts */
const INTERVALS = 4;

/** @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
export function alertmanagerChannel(config: ChannelOf<'alertmanager'>, surroundings: ChannelSurroundings): Channel {
  const url = new URL(config.url);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v2/alerts`;
  const poster = openPoster({ ...config, url: url.href }, surroundings);
  return {
    where: poster.where,
    async send(notification, cut) {
      const alerts = alertsOf(notification, config, surroundings.host.clock.nowMs(), surroundings.baseUrl);
      return await poster.post(JSON.stringify(alerts), {}, cut);
    },
    close: () => poster.close(),
  };
}

/**
 * An alert is known by its labels, which therefore are those it began with, whatever joins its group. Only its severity
 * has to change for what Alertmanager makes of it: then the alert of before ends in the same request.
 */
function alertsOf(
  notification: Notification,
  { labels, resend_interval }: Pick<ChannelOf<'alertmanager'>, 'labels' | 'resend_interval'>,
  nowMs: number,
  baseUrl: string | undefined,
): object[] {
  const { occasion, severity, previous, onsetMs } = notification;
  const alertOf = (as: Severity, endsMs: number): object => ({
    labels: { ...labels, ...labelsOf(notification), severity: as },
    annotations: annotationsOf(notification),
    startsAt: new Date(Math.min(onsetMs, endsMs)).toISOString(),
    endsAt: new Date(endsMs).toISOString(),
    ...generator(notification, baseUrl),
  });
  const now = alertOf(severity, occasion === 'resolved' ? nowMs : nowMs + INTERVALS * resend_interval);
  return previous === undefined || previous === severity ? [now] : [alertOf(previous, nowMs), now];
}

/** Alertmanager takes labels without text for none. */
function labelsOf({ occasion, subject, group }: Notification): Record<string, string> {
  const service = subject.attributes['service.name'] ?? '';
  const labels = {
    alertname: occasion === 'test' ? 'EvenkeelTest' : 'EvenkeelViolation',
    service,
    operation: subject.attributes['span.name'] ?? subject.name,
    group: group.id,
  };
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

function annotationsOf(notification: Notification): Record<string, string> {
  const known = facts(notification, undefined).filter(({ name }) => name !== 'trace');
  const traces = causeOf(notification.group)?.explanation.traceIds.join(' ') ?? '';
  const description = known.map(({ name, value }) => `${name}: ${value}`).join('\n');
  const annotations = { title: headline(notification), summary: summary(notification), description, traces };
  return Object.fromEntries(Object.entries(annotations).filter(([, value]) => value !== ''));
}

function generator(notification: Notification, baseUrl: string | undefined): { readonly generatorURL?: string } {
  const link = pageLink(notification, baseUrl);
  return link === undefined ? {} : { generatorURL: link };
}
