// The ring's file beside other processes and on a disk that is full.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TraceRing } from '../../../collector/src/store/sqlite.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('the file of kept traces', () => {
  it('is not shared after it was tried in vain', () => {
    const path = temporaryFolder();
    const options = { path, ringBytes: 1024 ** 2, ringAgeMs: 86_400_000 };
    const first = new TraceRing(options);
    onTestFinished(() => first.close());
    expect(() => new TraceRing(options)).toThrow(/locked/);
    // The locks of a file are of a process, and another one is to find them still.
    const fixture = fileURLToPath(new URL('../../fixtures/store/write-until-killed.ts', import.meta.url));
    const other = spawnSync(process.execPath, [fixture, path], { encoding: 'utf8' });
    expect(other.stderr).toMatch(/locked/);
  }, 30_000);

  // Elsewhere the shell cannot limit what a process writes.
  it.skipIf(process.platform === 'win32')(
    'keeps what it has where the disk is full',
    () => {
      const fixture = fileURLToPath(new URL('../../fixtures/store/fill-the-disk.ts', import.meta.url));
      const limited = ['-c', 'ulimit -f 4096; exec "$@"', 'sh', process.execPath, fixture, temporaryFolder()];
      const said = JSON.parse(execFileSync('sh', limited, { encoding: 'utf8' })) as Record<string, unknown>[];
      expect(said).toHaveLength(3);
      for (const { before, after, listed: count } of said) {
        expect(after).toEqual(before);
        expect([count]).toEqual((before as number[]).slice(0, 1));
      }
    },
    30_000,
  );
});
