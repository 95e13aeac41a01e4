// TLS from PEM files, for listeners and exporters: checked before it is used, taken up again when the files change.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { ListenerTls } from '../config/listener.ts';
import { EvenkeelError } from '../errors.ts';
import type { Host } from './contract.ts';
import { stateOf, watchFiles } from './watch-files.ts';

/** Where the parts stand. A certificate comes with its key. */
export interface TlsFiles {
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Authorities the other side is checked against. */
  readonly caFile?: string | undefined;
}

/** PEM text as Node's TLS options take it, for `setSecureContext`, `createSecureContext` and agents. */
export interface TlsMaterial {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** TLS in use. */
export interface OpenTls {
  /** To begin with. */
  readonly material: TlsMaterial;
  /** Ends the watch. */
  stop(): void;
}

/** Files of a listener. */
export function listenerFiles({ cert_file, key_file, client_ca_file }: ListenerTls): TlsFiles {
  return { certFile: cert_file, keyFile: key_file, caFile: client_ca_file };
}

/**
 * Reads the files and checks that they belong together.
 *
 * @param setting the block that names them, as in `receive.http.tls`
 * @throws CERTIFICATE_UNREADABLE, CERTIFICATE_INVALID with setting and paths
 */
export function readTls({ certFile, keyFile, caFile }: TlsFiles, setting: string): TlsMaterial {
  const cert = certFile === undefined ? undefined : read(certFile, setting);
  const key = keyFile === undefined ? undefined : read(keyFile, setting);
  const ca = caFile === undefined ? undefined : read(caFile, setting);
  // Asked of each file by itself: an empty one would be taken for none.
  for (const [text, path] of [[cert, certFile] as const, [ca, caFile] as const])
    if (text !== undefined) attempt(() => new X509Certificate(text), `${path} (${setting}) holds no PEM certificate`);
  if (key !== undefined)
    attempt(() => createPrivateKey(key), `${keyFile} (${setting}) holds no PEM private key without a passphrase`);
  const material = {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
  };
  attempt(
    () => createSecureContext(material),
    `${[certFile, keyFile, caFile].filter((path) => path !== undefined).join(', ')} (${setting})`,
  );
  return material;
}

/**
 * Reads TLS files now and again whenever they change, until stopped. A change that is not sound is logged once, and
 * what was in use stays.
 *
 * @param apply gets each later material
 * @throws as `readTls`
 */
export function openTls(
  files: TlsFiles,
  setting: string,
  host: Pick<Host, 'clock' | 'log'>,
  apply: (material: TlsMaterial) => void,
): OpenTls {
  const paths = [files.certFile, files.keyFile, files.caFile].filter((path) => path !== undefined);
  const known = stateOf(paths);
  const material = readTls(files, setting);
  const stop = watchFiles({ paths, setting, known }, host, () => apply(readTls(files, setting)));
  return { material, stop };
}

function read(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new EvenkeelError('CERTIFICATE_UNREADABLE', `${path} (${setting})`, { cause });
  }
}

function attempt(make: () => unknown, what: string): void {
  try {
    make();
  } catch (cause) {
    // OpenSSL's reasons name no content: `key values mismatch`, `no start line`.
    const { reason } = cause as { reason?: string };
    throw new EvenkeelError('CERTIFICATE_INVALID', reason === undefined ? what : `${what}: ${reason}`, { cause });
  }
}
