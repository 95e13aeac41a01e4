// Configuration of the channels by which people are told. Who is reached how; not what is told, nor when.
import { z } from 'zod';
import { PAGERDUTY_URL } from './defaults.ts';
import { credentialFreeUrl, duration, httpHeaders, port } from '../config/fields.ts';
import { SEVERITIES } from './route.ts';

/** Headers that follow from the body and the connection, or that prove who sent it. */
const OWN_HEADERS = new Set([
  'content-type',
  'content-length',
  'transfer-encoding',
  'connection',
  'host',
  'evenkeel-signature',
  'evenkeel-notification',
]);

/** One line of text, as headers of mail are. */
const LINE = /^[^\r\n]+$/;

const severity = z.enum(SEVERITIES);

const receiver = {
  timeout: duration('10s', 'must answer within', { min: 10 }),
  ca_file: z.string().optional().describe('PEM file of the authority that signed the receiver, beside the usual ones'),
};

const overHttp = {
  ...receiver,
  headers: httpHeaders(OWN_HEADERS, 'channel'),
  cert_file: z.string().optional().describe('PEM file of the certificate shown to a receiver that asks for one'),
  key_file: z.string().optional().describe('PEM file of its private key, without a passphrase'),
};

/** A check for `refine`, with its message. */
const certificateAndKey = [
  ({ cert_file, key_file }: { cert_file?: string | undefined; key_file?: string | undefined }): boolean =>
    (cert_file === undefined) === (key_file === undefined),
  'cert_file and key_file go together',
] as const;

const log = z.strictObject({
  type: z.literal('log'),
  min_severity: severity.default('info').describe('milder ones are not told here'),
});

const email = z
  .strictObject({
    type: z.literal('email'),
    min_severity: severity.default('critical').describe('milder ones are not told here'),
    host: z.string().min(1).describe('the mail server that mail is handed to'),
    port: port(587, 'its port'),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('starttls turns to TLS before anything is said, or fails; tls begins with it, usually at port 465'),
    user: z.string().min(1).optional().describe('who logs in there'),
    password: z.string().min(1).optional().describe('never shown'),
    from: z.string().regex(LINE, 'must be one line').describe('who mail comes from, as evenkeel@example.com'),
    to: z.array(z.email('must be an address of mail')).min(1).max(50).describe('who gets mail'),
    ...receiver,
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), 'user and password go together')
  .refine(
    ({ security, password }) => security !== 'none' || password === undefined,
    'a password is only sent with starttls or tls',
  );

const webhook = z
  .strictObject({
    type: z.literal('webhook'),
    min_severity: severity
      .optional()
      .describe('milder ones are not told here; warning, or emergency for template pagerduty'),
    template: z
      .enum(['generic', 'slack', 'pagerduty'])
      .default('generic')
      .describe("form of the body: everything as JSON, Slack's, or PagerDuty's Events API v2"),
    url: credentialFreeUrl(
      `where it is posted; only its origin is ever shown; for template pagerduty ${PAGERDUTY_URL} where it is left out`,
    ).optional(),
    secret: z
      .string()
      .min(16, 'must have at least 16 characters')
      .optional()
      .describe('signs each body with its time (HMAC-SHA256, in header evenkeel-signature); never shown'),
    routing_key: z.string().min(1).optional().describe("of PagerDuty's integration; never shown"),
    ...overHttp,
  })
  .refine(...certificateAndKey)
  .refine(
    ({ template, routing_key }) => (template === 'pagerduty') === (routing_key !== undefined),
    'routing_key belongs to template pagerduty, which needs one',
  )
  .refine(
    ({ template, url }) => template === 'pagerduty' || url !== undefined,
    'url is missing: only template pagerduty knows where to post',
  );

const alertmanager = z
  .strictObject({
    type: z.literal('alertmanager'),
    min_severity: severity.default('warning').describe('milder ones are not told here'),
    url: credentialFreeUrl('its address, without /api/v2/alerts, as http://localhost:9093'),
    resend_interval: duration(
      '1m',
      'what goes on is sent again each, and is over for Alertmanager after four of them',
      {
        min: 1000,
        max: 3_600_000,
      },
    ),
    labels: z
      .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is no name of a label'), z.string().min(1))
      .default({})
      .describe('further labels of every alert'),
    ...overHttp,
  })
  .refine(...certificateAndKey);

/** One channel; `false` leaves it out. */
export const channelConfig = z.union([
  z.literal(false),
  z.discriminatedUnion('type', [log, email, webhook, alertmanager]),
]);

export type ChannelConfig = Exclude<z.output<typeof channelConfig>, false>;
export type ChannelOf<Type extends ChannelConfig['type']> = Extract<ChannelConfig, { type: Type }>;
