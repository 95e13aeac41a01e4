// Looks at every lock before anything opens: files that cannot be used, doors that stand open to the network.
import { type Listener, listenersOf } from '../config/cross-checks.ts';
import type { Config } from '../config/schema.ts';
import { readTokens } from './bearer.ts';
import { listenerFiles, readTls } from './tls.ts';

const LOOPBACK = /^(127\.|::1$|localhost$)/;

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
  for (const [name, { ca_file, cert_file, key_file }] of Object.entries(config.export.otlp))
    readTls({ certFile: cert_file, keyFile: key_file, caFile: ca_file }, `export.otlp.${name}`);
}

/** What is wrong with listeners beyond loopback, by their block, as in `receive.http`. */
export function exposures(config: Config): Map<string, string> {
  const found = listenersOf(config).flatMap((listener) => {
    const problem = LOOPBACK.test(listener.host) ? undefined : exposureOf(listener);
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
