import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noteUpkeep, readUpkeep } from '../../../collector/src/store/upkeep-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('remembers the last of each kind, for nobody else to read', () => {
  const folder = temporaryFolder();
  expect(readUpkeep(folder)).toEqual({});
  const done = { timeMs: 5, isSound: true, detail: '3 documents' };
  noteUpkeep(folder, 'backup', { ...done, timeMs: 1 });
  noteUpkeep(folder, 'verify', { ...done, isSound: false });
  noteUpkeep(folder, 'backup', done);
  expect(readUpkeep(folder)).toEqual({ backup: done, verify: { ...done, isSound: false } });
  expect(statSync(join(folder, 'upkeep.json')).mode & 0o777).toBe(0o600);
});

it('knows nothing where somebody wrote into it, and fails nobody who cannot write', () => {
  const folder = temporaryFolder();
  for (const text of ['{', 'null', '[1]', '{"backup":{"timeMs":"x"}}']) {
    writeFileSync(join(folder, 'upkeep.json'), text);
    expect(readUpkeep(folder)).toEqual({});
  }
  expect(() => noteUpkeep(join(folder, 'gone'), 'backup', { timeMs: 1, isSound: true, detail: '' })).not.toThrow();
});
