// Mail, handed to a configured server by nodemailer (ADR 029). Knows nothing of what is in it.
import { connect, type Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { SMTPTransportOptions } from 'nodemailer';
import { openTls } from '../../pipeline/tls.ts';
import type { Answer, ChannelSurroundings } from '../channel.ts';
import type { ChannelOf } from '../channel-config.ts';
import { guardedLookup, isLinkLocal, LinkLocalRefused } from './link-local.ts';

/** Longer subjects are folded by some programs and cut by others. */
const MAX_SUBJECT = 200;

/** One mail. */
export interface Mail {
  /** Those of the channel where it is left out. */
  readonly to?: readonly string[] | undefined;
  /** However often it is sent, it is one mail: the same id is the same mail. */
  readonly id: string;
  /** Mails of one are one thread. */
  readonly thread?: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** An open way to a mail server. */
export interface MailServer {
  readonly where: string;
  /** Makes one attempt, bounded in time. @param cut ends it */
  send(mail: Mail, cut: AbortSignal): Promise<Answer>;
  close(): void;
}

/** @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID */
export function mailServer(
  config: ChannelOf<'email'>,
  { name, allowLinkLocal, host }: Omit<ChannelSurroundings, 'baseUrl'>,
): MailServer {
  let ca: string | undefined;
  const tls = openTls({ caFile: config.ca_file }, `alert.channels.${name}`, host, (material) => {
    ca = material.ca;
  });
  ca = tls.material.ca;
  return {
    where: `${config.host}:${config.port}`,
    async send(mail, cut) {
      const signal = AbortSignal.any([cut, AbortSignal.timeout(config.timeout)]);
      // Who sends no mail does without the memory it takes.
      const { createTransport } = await import('nodemailer');
      // One connection a mail: they are few.
      const transport = createTransport({
        ...transportOptions(config, ca),
        getSocket: openSocket(config, allowLinkLocal, signal),
      });
      try {
        const message = messageOf(mail, config);
        const { rejected } = await transport.sendMail({ ...message, signal });
        if (rejected.length > 0)
          host.log('warning', `MAIL_${name}`, `${rejected.length} of ${message.to.length} receivers were refused`);
        return { outcome: 'delivered' };
      } catch (error) {
        return judge(error as SmtpFault);
      } finally {
        transport.close();
      }
    },
    close: () => tls.stop(),
  };
}

function transportOptions({ host, port, security, user, password, timeout }: ChannelOf<'email'>, ca?: string) {
  const authorities = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  return {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === undefined ? {} : { auth: { user, pass: password } }),
    tls: authorities,
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    // Nothing in a mail comes from a file or from a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  } as const;
}

/** Connects by ourselves, so that what a name leads to is judged before anything is said there. */
function openSocket(
  { host, port }: ChannelOf<'email'>,
  allowLinkLocal: boolean,
  signal: AbortSignal,
): NonNullable<SMTPTransportOptions['getSocket']> {
  return (_, done) => {
    if (!allowLinkLocal && isLinkLocal(host)) return done(new LinkLocalRefused(), false);
    const socket: Socket = connect({ host, port, ...(allowLinkLocal ? {} : { lookup: guardedLookup() }) });
    const end = (): void => void socket.destroy();
    signal.addEventListener('abort', end, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', end));
    const refused = (error: Error): void => done(error, false);
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.removeListener('error', refused);
      done(null, { connection: socket });
    });
  };
}

interface SmtpFault extends NodeJS.ErrnoException {
  readonly responseCode?: number;
}

/**
 * Answers of 500 and above are for good, those of 400 are not. What a server says in words is not repeated: it may quote
 * what it was told.
 *
 * @see RFC 5321, section 4.2.1
 */
function judge(error: SmtpFault): Answer {
  if (error instanceof LinkLocalRefused || error.cause instanceof LinkLocalRefused)
    return { outcome: 'refused', why: new LinkLocalRefused().message };
  const { responseCode = 0, code = 'no connection' } = error;
  const why = responseCode > 0 ? `SMTP ${responseCode} (${code})` : code;
  return { outcome: responseCode >= 500 ? 'refused' : 'again', why };
}

function messageOf({ to, id, thread, subject, text, html }: Mail, config: ChannelOf<'email'>) {
  const { from } = config;
  const [, domain = 'evenkeel.invalid'] = /@([A-Za-z0-9.-]+)/.exec(from) ?? [];
  return {
    from,
    to: [...(to ?? config.to)],
    messageId: `<${messageWord(id)}@${domain}>`,
    ...(thread === undefined ? {} : { references: [`<${messageWord(thread)}@${domain}>`] }),
    subject: oneLine(subject).slice(0, MAX_SUBJECT),
    text,
    html,
    // RFC 3834: no answers from those who are away.
    headers: { 'auto-submitted': 'auto-generated' },
  };
}

function messageWord(id: string): string {
  return `evenkeel.${id.replace(/[^A-Za-z0-9.-]/g, '-')}`;
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
