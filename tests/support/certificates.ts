// The certificates of tests/fixtures/tls: where they stand, what is in them, and a folder in which a test may swap them.
import { copyFileSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary-folder.ts';

/** Path of a file such as `server.pem`. */
export function tlsFile(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
}

/** Text of a file such as `server.pem`. */
export function pem(name: string): string {
  return readFileSync(tlsFile(name), 'utf8');
}

/** What a client trusts, and with a name also the certificate it shows. */
export function clientTls(name?: 'client' | 'stranger'): { ca: string; cert?: string; key?: string } {
  const ca = pem('ca.pem');
  return name === undefined ? { ca } : { ca, cert: pem(`${name}.pem`), key: pem(`${name}.key.pem`) };
}

export interface SwappedFiles {
  readonly cert_file: string;
  readonly key_file: string;
  /** Puts a certificate and a key in place; by default the key of that certificate. */
  install(certificate: string, key?: string): void;
}

/** Later than any file was written, and later with each call: some file systems tell times apart by the second only. */
let changedAt = Date.now() / 1000;

/** Marks a file as changed just now. */
export function touch(path: string): void {
  changedAt += 10;
  utimesSync(path, changedAt, changedAt);
}

/** A folder with a certificate and its key, gone when the test ends. */
export function swappedFiles(certificate: string): SwappedFiles {
  const folder = temporaryFolder();
  const [cert_file, key_file] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const install = (name: string, key = name): void => {
    copyFileSync(tlsFile(`${name}.pem`), cert_file);
    copyFileSync(tlsFile(`${key}.key.pem`), key_file);
    touch(cert_file);
    touch(key_file);
  };
  install(certificate);
  return { cert_file, key_file, install };
}
