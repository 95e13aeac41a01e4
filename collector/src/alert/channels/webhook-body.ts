// Bodies of webhooks by template. Pure.
import type { Severity } from '../../baseline/contract.ts';
import type { ChannelOf } from '../channel-config.ts';
import type { Notification } from '../contract.ts';
import { causeOf, facts, headline, pageLink, summary } from '../notification-text.ts';

type Body = (notification: Notification, baseUrl: string | undefined, routingKey: string) => object;

/** A template a line. */
export const BODIES: Readonly<Record<ChannelOf<'webhook'>['template'], Body>> = {
  generic: genericBody,
  slack: slackBody,
  pagerduty: pagerdutyBody,
};

/** PagerDuty has four words of its own. */
const PAGERDUTY_SEVERITIES: Readonly<Record<Severity, string>> = {
  info: 'info',
  warning: 'warning',
  critical: 'error',
  emergency: 'critical',
};

const SLACK_SIGNS: Readonly<Record<Severity, string>> = {
  info: ':information_source:',
  warning: ':warning:',
  critical: ':red_circle:',
  emergency: ':rotating_light:',
};

/** Slack refuses a section of more characters. @see https://docs.slack.dev/reference/block-kit/blocks/section-block */
const MAX_SLACK_TEXT = 3000;
/** @see https://developer.pagerduty.com/docs/send-alert-event, payload.summary */
const MAX_PAGERDUTY_SUMMARY = 1024;
const MAX_DEDUP_KEY = 255;

/** Everything there is, for programs. */
function genericBody(notification: Notification, baseUrl: string | undefined): object {
  const { id, occasion, severity, previous, atMs, onsetMs, subject, group, acknowledgedBy } = notification;
  return {
    version: 1,
    id,
    occasion,
    severity,
    previous_severity: previous,
    at: new Date(atMs).toISOString(),
    onset: new Date(onsetMs).toISOString(),
    headline: headline(notification),
    summary: summary(notification),
    subject: { name: subject.name, attributes: subject.attributes },
    acknowledged_by: acknowledgedBy,
    group: {
      id: group.id,
      severity: group.severity,
      peak: group.peak,
      because: group.because,
      joined: group.joined,
      members: group.members.map(genericMember),
    },
    link: pageLink(notification, baseUrl),
  };
}

function genericMember({ id, subject, kind, severity, peak, onsetMs, ratio, explanation }: MemberOf): object {
  const { summary: said, quantiles, calls, oneInDays, traceIds, bottleneck, change } = explanation;
  return {
    id,
    subject: { name: subject.name, attributes: subject.attributes },
    kind,
    severity,
    peak,
    onset: new Date(onsetMs).toISOString(),
    ratio,
    explanation: { summary: said, quantiles, calls, one_in_days: oneInDays, trace_ids: traceIds, bottleneck, change },
  };
}

type MemberOf = Notification['group']['members'][number];

/** @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function slackBody(notification: Notification, baseUrl: string | undefined): object {
  const { occasion, severity } = notification;
  const sign = occasion === 'resolved' ? ':white_check_mark:' : SLACK_SIGNS[severity];
  const title = `${sign} *${slackText(headline(notification))}*\n${slackText(summary(notification))}`;
  const lines = facts(notification, baseUrl).map(({ name, value, link }) => {
    const text = slackText(value);
    return `*${name}*: ${link === undefined ? text : `<${slackText(link)}|${text}>`}`;
  });
  const section = (text: string): object => ({
    type: 'section',
    text: { type: 'mrkdwn', text: cut(text, MAX_SLACK_TEXT) },
  });
  return { text: slackText(headline(notification)), blocks: [section(title), section(lines.join('\n'))] };
}

/** What Slack would take for a mention, a link or a channel. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** @see https://developer.pagerduty.com/docs/send-alert-event */
function pagerdutyBody(notification: Notification, baseUrl: string | undefined, routingKey: string): object {
  const { occasion, severity, subject, group, onsetMs } = notification;
  const event = { routing_key: routingKey, dedup_key: cut(`evenkeel/${group.id}`, MAX_DEDUP_KEY) };
  if (occasion === 'resolved' || occasion === 'acknowledged')
    return { ...event, event_action: occasion === 'resolved' ? 'resolve' : 'acknowledge' };
  const link = pageLink(notification, baseUrl);
  const details = Object.fromEntries(facts(notification, undefined).map(({ name, value }) => [name, value]));
  return {
    ...event,
    event_action: 'trigger',
    client: 'evenkeel',
    ...(baseUrl === undefined ? {} : { client_url: baseUrl }),
    ...(link === undefined ? {} : { links: [{ href: link, text: 'evenkeel' }] }),
    payload: {
      summary: cut(headline(notification), MAX_PAGERDUTY_SUMMARY),
      source: subject.attributes['service.name'] ?? subject.name,
      component: subject.name,
      severity: PAGERDUTY_SEVERITIES[severity],
      timestamp: new Date(onsetMs).toISOString(),
      class: causeOf(group)?.kind ?? 'test',
      custom_details: { summary: summary(notification), ...details },
    },
  };
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
