import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTls, readTls, type TlsFiles, type TlsMaterial } from '../../../collector/src/pipeline/tls.ts';
import { pem, swappedFiles, tlsFile, touch } from '../../support/certificates.ts';
import { testHost } from '../../support/surroundings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SETTING = 'receive.http.tls';
const POLL_MS = 30_000;

function pair(certificate: string, key = certificate): TlsFiles {
  return { certFile: tlsFile(`${certificate}.pem`), keyFile: tlsFile(`${key}.key.pem`) };
}

function errorOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

describe('TLS files', () => {
  it('are read as they are where they belong together', () => {
    expect(readTls({ ...pair('server'), caFile: tlsFile('ca.pem') }, SETTING)).toEqual({
      cert: pem('server.pem'),
      key: pem('server.key.pem'),
      ca: pem('ca.pem'),
    });
    expect(readTls({ caFile: tlsFile('ca.pem') }, SETTING)).toEqual({ ca: pem('ca.pem') });
    expect(readTls({}, SETTING)).toEqual({});
  });

  it('are refused with the place and the path, and without what is in them', () => {
    const folder = temporaryFolder();
    const [empty, missing] = [join(folder, 'empty.pem'), join(folder, 'missing.pem')];
    writeFileSync(empty, '');
    const check = (files: TlsFiles, code: string, ...named: (string | undefined)[]): void => {
      const error = errorOf(() => readTls(files, SETTING)) as Error;
      expect(error).toMatchObject({ code });
      for (const name of [SETTING, ...named]) expect(error.message).toContain(name ?? 'no name');
      expect(error.message).not.toContain(pem('server.key.pem').split('\n')[1]);
    };
    const { certFile, keyFile } = pair('server');
    check({ certFile: missing, keyFile }, 'CERTIFICATE_UNREADABLE', missing);
    check({ certFile, keyFile: missing }, 'CERTIFICATE_UNREADABLE', missing);
    check({ certFile, keyFile, caFile: folder }, 'CERTIFICATE_UNREADABLE', folder);
    check({ certFile: empty, keyFile }, 'CERTIFICATE_INVALID', empty);
    check({ certFile, keyFile: empty }, 'CERTIFICATE_INVALID', empty);
    check({ certFile, keyFile, caFile: empty }, 'CERTIFICATE_INVALID', empty);
    check({ caFile: keyFile }, 'CERTIFICATE_INVALID', keyFile);
    const other = pair('server', 'renewed');
    check(other, 'CERTIFICATE_INVALID', other.certFile, other.keyFile, 'key values mismatch');
  });
});

describe('TLS files that change', () => {
  it('are taken up at the next look, and only then', () => {
    const files = swappedFiles('server');
    const host = testHost();
    const taken: TlsMaterial[] = [];
    const tls = openTls({ certFile: files.cert_file, keyFile: files.key_file }, SETTING, host, (material) => {
      taken.push(material);
    });
    expect(tls.material.cert).toBe(pem('server.pem'));
    host.clock.advance(POLL_MS);
    expect(taken).toEqual([]);
    files.install('renewed');
    host.clock.advance(POLL_MS - 1);
    expect(taken).toEqual([]);
    host.clock.advance(1);
    expect(taken).toEqual([{ cert: pem('renewed.pem'), key: pem('renewed.key.pem') }]);
    expect(host.logged).toEqual([`info RELOADED_${SETTING} ${SETTING} changed and is in use`]);
    host.clock.advance(10 * POLL_MS);
    expect(taken).toHaveLength(1);
    tls.stop();
    files.install('server');
    host.clock.advance(POLL_MS);
    expect(taken).toHaveLength(1);
  });

  it('are noticed also where a symbolic link is swapped, as secrets are mounted', () => {
    const folder = temporaryFolder();
    for (const name of ['server', 'renewed']) {
      mkdirSync(join(folder, name));
      for (const [from, to] of Object.entries({ [`${name}.pem`]: 'tls.crt', [`${name}.key.pem`]: 'tls.key' }))
        cpSync(tlsFile(from), join(folder, name, to), { preserveTimestamps: true });
    }
    symlinkSync('server', join(folder, '..data'));
    const host = testHost();
    const taken: TlsMaterial[] = [];
    const [certFile, keyFile] = ['tls.crt', 'tls.key'].map((name) => join(folder, '..data', name));
    openTls({ certFile, keyFile }, SETTING, host, (material) => taken.push(material));
    symlinkSync('renewed', join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    host.clock.advance(POLL_MS);
    expect(taken.map(({ cert }) => cert)).toEqual([pem('renewed.pem')]);
  });

  it('stay as they were while what is there is wrong, which is said once', () => {
    const files = swappedFiles('server');
    const host = testHost();
    const taken: TlsMaterial[] = [];
    openTls({ certFile: files.cert_file, keyFile: files.key_file }, SETTING, host, (material) => taken.push(material));
    const check = (change: () => void, problem: RegExp): void => {
      change();
      host.clock.advance(5 * POLL_MS);
      expect(taken).toEqual([]);
      expect(host.logged.splice(0)).toEqual([expect.stringMatching(problem)]);
    };
    // Half of a renewal: the certificate is there before its key.
    check(() => files.install('renewed', 'server'), /^error RELOAD_.*mismatch; what was in use stays$/);
    check(() => writeFileSync(files.cert_file, 'half a fi'), /holds no PEM certificate/);
    check(() => rmSync(files.key_file), /cannot be read/);
    files.install('renewed');
    host.clock.advance(POLL_MS);
    expect(taken.map(({ cert }) => cert)).toEqual([pem('renewed.pem')]);
    touch(files.cert_file);
    host.clock.advance(POLL_MS);
    expect(taken).toHaveLength(2);
  });
});
