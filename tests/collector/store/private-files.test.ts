import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DecisionBlocks } from '../../../collector/src/store/decision-blocks.ts';
import { makePrivateFile, makePrivateFolder } from '../../../collector/src/store/private-files.ts';
import { TraceRing } from '../../../collector/src/store/sqlite.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf } from '../../support/traffic.ts';

const PRIVATE = { folder: 0o700, file: 0o600 };

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

/** Every mode below a folder, and its own. */
function modes(path: string): Record<string, number> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries([['.', modeOf(path)], ...names.map((name) => [name, modeOf(join(path, name))])]);
}

/** Everything that a store writes, while it is open. */
function fill(path: string): () => void {
  const ring = new TraceRing({ path, ringBytes: 1024 ** 2, ringAgeMs: 86_400_000 });
  const decisions = new DecisionBlocks(path, 1024 ** 2, 1);
  const span = testSpan();
  ring.keep(
    { traceIds: span.traceId.toString('hex'), reasons: ['errors'], late: [], body: Uint8Array.from(bodyOf([span])) },
    1,
  );
  decisions.keep({
    records: new Uint32Array(13).buffer,
    recordBytes: 52,
    count: 1,
    firstSeconds: 1,
    lastSeconds: 1,
    meta: '{}',
  });
  let isOpen = true;
  const close = (): void => {
    if (isOpen) ring.close();
    if (isOpen) decisions.close();
    isOpen = false;
  };
  onTestFinished(close);
  return close;
}

// Elsewhere an access list says who may read, and modes say nothing.
describe.skipIf(process.platform === 'win32')('what the store writes', () => {
  it('is for its owner only, however open the process is otherwise', () => {
    const before = process.umask(0o000);
    onTestFinished(() => void process.umask(before));
    const path = join(temporaryFolder(), 'deep', 'store');
    fill(path);
    expect(modes(path)).toEqual({
      '.': PRIVATE.folder,
      decisions: PRIVATE.folder,
      'decisions/0000000001.block': PRIVATE.file,
      'decisions/running': PRIVATE.file,
      'traces.sqlite': PRIVATE.file,
      'traces.sqlite-journal': PRIVATE.file,
    });
  });

  it('becomes so where an earlier version left it open', () => {
    const path = join(temporaryFolder(), 'store');
    fill(path)();
    const files = ['traces.sqlite', 'decisions/0000000001.block'].map((name) => join(path, name));
    for (const file of files) chmodSync(file, 0o644);
    fill(path);
    expect(files.map(modeOf)).toEqual([PRIVATE.file, PRIVATE.file]);
  });

  it('follows no link to a file of somebody else', () => {
    const folder = temporaryFolder();
    const [link, target] = [join(folder, 'link'), join(folder, 'target')];
    symlinkSync(target, link);
    makePrivateFile(link);
    expect(existsSync(target)).toBe(false);
    writeFileSync(target, '');
    chmodSync(target, 0o644);
    makePrivateFile(link);
    expect(modeOf(target)).toBe(0o644);
  });

  it('takes a folder that was made since it was looked for, and no file', () => {
    const folder = temporaryFolder();
    // There once the one before it was made, and not when it is looked for.
    makePrivateFolder(`${folder}/made/below/..`);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['made', 'made/below']);
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    expect(() => makePrivateFolder(join(folder, 'link'))).toThrow(/EEXIST/);
  });

  it('leaves a folder as it is that somebody else made', () => {
    const path = join(temporaryFolder(), 'shared');
    mkdirSync(path);
    chmodSync(path, 0o755);
    fill(path);
    expect(modeOf(path)).toBe(0o755);
    expect(existsSync(join(path, 'traces.sqlite'))).toBe(true);
  });
});
