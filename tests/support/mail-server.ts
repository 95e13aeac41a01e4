// A mail server in this process that keeps what it is sent.
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';

/** A mail that arrived. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly isSecure: boolean;
  /** Headers and body as they were sent. */
  readonly text: string;
  /** A header, unfolded and decoded; empty where there is none. */
  header(name: string): string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** Answers the next recipients with this status; 250 takes them. */
  answer(status: number): void;
  received(count: number): Promise<readonly Mail[]>;
}

/** Takes everything, without TLS and login unless the options say otherwise. */
export async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: Mail[] = [];
  let status = 250;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    disabledCommands: options.key === undefined ? ['STARTTLS'] : [],
    onRcptTo(_address, _session, done) {
      if (status === 250) return done();
      done(Object.assign(new Error('said in many words'), { responseCode: status }));
    },
    onData(stream, { envelope, user, secure }, done) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        const by = typeof user === 'string' ? user : undefined;
        mails.push({ from, to, user: by, isSecure: secure, text, header: (name) => headerOf(text, name) });
        done();
      });
    },
    ...options,
  });
  // A client that goes away in the middle is no fault of the test.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    answer: (next) => (status = next),
    received: (count) =>
      eventually(`${count} mails`, () => (mails.length >= count ? mails.slice(0, count) : undefined)),
  };
}

function headerOf(text: string, name: string): string {
  const [head = ''] = text.split('\r\n\r\n', 1);
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  const line = lines.find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`)) ?? '';
  return decoded(line.slice(name.length + 1).trim());
}

/** Encoded words of RFC 2047; blanks between two of them mean nothing. */
function decoded(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, form: string, word: string) => {
      if (form.toLowerCase() === 'b') return Buffer.from(word, 'base64').toString();
      const bytes = word
        .replaceAll('_', ' ')
        .replaceAll(/=([0-9A-F]{2})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
      return Buffer.from(bytes, 'latin1').toString();
    });
}
