// Looks at every lock before anything opens: files that cannot be used, doors that stand open to the network.
import { isLoopback, plainHost } from '../config/addresses.ts';
import { type CrossProblem, type Listener, listenersOf } from '../config/cross-checks.ts';
import type { Config } from '../config/schema.ts';
import { EvenkeelError } from '../errors.ts';
import { readSentToken, readTokens } from './bearer.ts';
import { listenerFiles, readTls, type TlsFiles } from './tls.ts';

/**
 * Reads every certificate and token file once, so that a wrong one stops the start before it has begun.
 *
 * @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID, TOKENS_UNUSABLE
 */
export function checkLocks(config: Config): void {
  for (const { setting, tls, auth } of listenersOf(config)) {
    if (tls !== undefined) readTls(listenerFiles(tls), `${setting}.tls`);
    if (auth !== undefined) readTokens(auth, `${setting}.auth`);
  }
  for (const { setting, tlsSetting, files, tokenFile } of remotesOf(config)) {
    readTls(files, tlsSetting);
    if (tokenFile !== undefined) readSentToken(tokenFile, setting);
  }
}

/** What exporters, scrapes and channels prove themselves with, and check the other end against. */
function remotesOf({ export: { otlp, remote_write }, scrape, alert }: Config): {
  readonly setting: string;
  readonly tlsSetting: string;
  readonly files: TlsFiles;
  readonly tokenFile: string | undefined;
}[] {
  const remotes = [
    ...Object.entries(otlp).map(([name, each]) => [`export.otlp.${name}`, { ...each, token_file: undefined }] as const),
    ...Object.entries(remote_write).map(([name, each]) => [`export.remote_write.${name}`, each] as const),
    ...scrape.jobs.map(({ tls, token_file }, i) => [`scrape.jobs[${i}]`, { ...tls, token_file }] as const),
    ...(alert === false ? [] : channelFiles(alert)),
  ];
  return remotes.map(([setting, { ca_file, cert_file, key_file, token_file }]) => {
    const tlsSetting = setting.startsWith('scrape') ? `${setting}.tls` : setting;
    return {
      setting,
      tlsSetting,
      files: { certFile: cert_file, keyFile: key_file, caFile: ca_file },
      tokenFile: token_file,
    };
  });
}

/** Mail shows no certificate, and the log needs none. */
function channelFiles({ channels }: Exclude<Config['alert'], false>) {
  return Object.entries(channels).flatMap(([name, channel]) => {
    if (channel === false || channel.type === 'log') return [];
    const own = channel.type === 'email' ? { cert_file: undefined, key_file: undefined } : channel;
    const { cert_file, key_file } = own;
    return [
      [`alert.channels.${name}`, { ca_file: channel.ca_file, cert_file, key_file, token_file: undefined }] as const,
    ];
  });
}

/** Finds every file of a configuration that cannot be read or used, each under its key. Says nothing of its content. */
export function fileProblems(config: Config): CrossProblem[] {
  const listeners = listenersOf(config).flatMap(({ setting, tls, auth }) => [
    ...(tls === undefined ? [] : tlsProblems(listenerFiles(tls), `${setting}.tls`, 'client_ca_file')),
    ...(auth === undefined ? [] : problemOf(`${setting}.auth.token_file`, () => readTokens(auth, `${setting}.auth`))),
  ]);
  const remotes = remotesOf(config).flatMap(({ setting, tlsSetting, files, tokenFile }) => [
    ...tlsProblems(files, tlsSetting, 'ca_file'),
    ...(tokenFile === undefined ? [] : problemOf(`${setting}.token_file`, () => readSentToken(tokenFile, setting))),
  ]);
  return [...listeners, ...remotes];
}

/** Each file by itself, and the pair only where both are sound. */
function tlsProblems({ certFile, keyFile, caFile }: TlsFiles, setting: string, caKey: string): CrossProblem[] {
  const check = (key: string, files: TlsFiles): CrossProblem[] =>
    problemOf(`${setting}.${key}`, (path) => readTls(files, path));
  const pair = [...check('cert_file', { certFile }), ...check('key_file', { keyFile })];
  return [
    ...(pair.length > 0 || certFile === undefined ? pair : check('key_file', { certFile, keyFile })),
    ...check(caKey, { caFile }),
  ];
}

function problemOf(path: string, look: (path: string) => unknown): CrossProblem[] {
  try {
    look(path);
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    const { code = '' } = (error.cause ?? {}) as NodeJS.ErrnoException;
    // As in ENOENT; codes of libraries are in the message where they say something.
    const why = /^E[A-Z]+$/.test(code) ? ` (${code})` : '';
    return [{ path, message: error.message.replace(` (${path})`, '') + why }];
  }
  return [];
}

/** What is wrong with listeners beyond loopback, by their block, as in `receive.http`. */
export function exposures(config: Config): Map<string, string> {
  const found = listenersOf(config).flatMap((listener) => {
    const problem = isLoopback(plainHost(listener.host)) ? undefined : exposureOf(listener);
    return problem === undefined ? [] : [[listener.setting, problem] as const];
  });
  return new Map(found);
}

function exposureOf({ setting, host, tls, auth }: Listener): string | undefined {
  const where = `${setting} listens on ${host}`;
  if (auth === undefined && tls?.client_ca_file === undefined) {
    const plain = tls === undefined ? ' and without TLS' : '';
    return `${where} without authentication${plain}; anyone who reaches it may use it`;
  }
  if (tls === undefined) return `${where} without TLS; anyone on the way can read its tokens and all that is sent`;
  return undefined;
}
