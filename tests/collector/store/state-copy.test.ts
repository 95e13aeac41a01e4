// Copies of what rooms keep: taken from a file in use or left by a crash, checked, put back.
import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backUp, check, putBack, type ReadDocument } from '../../../collector/src/store/state-copy.ts';
import { StateFile } from '../../../collector/src/store/state-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Documents say what they are: this one cannot be read. */
const read: ReadDocument = (_, __, body) => {
  if (Buffer.from(body).toString().includes('nonsense')) throw new Error('this is nonsense');
};

/** A file that is in use. */
function fileWith(folder: string, texts: readonly string[]): StateFile {
  const file = new StateFile(folder);
  onTestFinished(() => file.close());
  texts.forEach((text, i) =>
    file.save(`room ${i % 2}`, [{ key: text, body: new Uint8Array(Buffer.from(text)) }], [], 0),
  );
  return file;
}

function textsIn(folder: string): string[] {
  const file = new StateFile(folder);
  const texts = ['room 0', 'room 1'].flatMap((room) => file.page(room, '').map(({ key }) => key));
  file.close();
  return texts.sort();
}

describe('a backup', () => {
  it('is taken from a file in use, with what is only in its log, and is private', () => {
    const folder = temporaryFolder();
    fileWith(folder, ['a', 'b', 'c']);
    expect(statSync(join(folder, 'state.sqlite-wal')).size).toBeGreaterThan(0);
    const target = join(temporaryFolder(), 'copy');
    expect(backUp(folder, target, read)).toEqual({ documents: { 'room 0': 2, 'room 1': 1 }, faults: [] });
    expect(check(target, read)).toEqual({ documents: { 'room 0': 2, 'room 1': 1 }, faults: [] });
    expect(statSync(target).mode & 0o077).toBe(0);
  });

  it('is taken beside one who writes, and has all of a change or nothing', () => {
    const folder = temporaryFolder();
    const file = fileWith(folder, ['a']);
    const writer = new DatabaseSync(join(folder, 'state.sqlite'));
    writer.exec("BEGIN IMMEDIATE; INSERT INTO documents VALUES ('room 0', 'half', x'00', 0, 0)");
    const target = join(temporaryFolder(), 'copy');
    expect(backUp(folder, target, read).documents).toEqual({ 'room 0': 1 });
    writer.exec('ROLLBACK');
    writer.close();
    file.save('room 0', [{ key: 'after', body: new Uint8Array(1) }], [], 0);
    expect(textsIn(folder)).toEqual(['a', 'after']);
  });

  it('is taken of what kill -9 left', () => {
    const folder = temporaryFolder();
    fileWith(folder, ['a', 'b']);
    const left = temporaryFolder();
    for (const name of readdirSync(folder)) cpSync(join(folder, name), join(left, name));
    const target = join(temporaryFolder(), 'copy');
    expect(backUp(left, target, read).documents).toEqual({ 'room 0': 1, 'room 1': 1 });
  });

  it('overwrites nothing, and leaves nothing behind where it fails', () => {
    const folder = temporaryFolder();
    fileWith(folder, ['a', 'nonsense']);
    const target = temporaryFolder();
    expect(() => backUp(folder, join(target, 'copy'), read)).toThrow(/nonsense/);
    expect(() => backUp(temporaryFolder(), join(target, 'copy'), read)).toThrow(/no such file/);
    expect(readdirSync(target)).toEqual([]);
    writeFileSync(join(target, 'copy'), 'mine');
    expect(() => backUp(folder, join(target, 'copy'), read)).toThrow(/there already/);
    expect(readFileSync(join(target, 'copy'), 'utf8')).toBe('mine');
  });
});

describe('a check', () => {
  it('names what is wrong', () => {
    const folder = temporaryFolder();
    fileWith(folder, ['sound', 'to be scratched', 'nonsense']);
    const target = join(temporaryFolder(), 'copy');
    backUp(folder, target, () => {});
    const content = readFileSync(target);
    content.fill(0xa5, content.lastIndexOf('to be scratched'), content.lastIndexOf('to be scratched') + 2);
    writeFileSync(target, content);
    const { faults } = check(target, read);
    expect(faults).toContain('room 0, nonsense: this is nonsense');
    expect(faults.join()).toMatch(/to be scratched: its checksum is wrong|row 2 missing from index/);
    expect(faults).toHaveLength(2);
  });

  it('tells a damaged page, and what is none of ours', () => {
    const folder = temporaryFolder();
    fileWith(
      folder,
      Array.from({ length: 200 }, (_, i) => `document ${i} `.repeat(20)),
    );
    const target = join(temporaryFolder(), 'copy');
    backUp(folder, target, read);
    const content = readFileSync(target);
    content.fill(0xa5, 8192, 8292);
    writeFileSync(target, content);
    expect(check(target, read).faults.length).toBeGreaterThan(0);
    const other = join(temporaryFolder(), 'other');
    writeFileSync(other, 'a list of things to buy, longer than a header'.repeat(20));
    expect(() => check(other, read)).toThrow(/none of this program/);
  });
});

describe('putting a copy back', () => {
  function backedUp(): string {
    const folder = temporaryFolder();
    fileWith(folder, ['a', 'b']);
    const target = join(temporaryFolder(), 'copy');
    backUp(folder, target, read);
    return target;
  }

  it('takes the place of what is there, with its log, and leaves that beside it', () => {
    const folder = temporaryFolder();
    const crashed = temporaryFolder();
    fileWith(crashed, ['later']);
    for (const name of readdirSync(crashed)) cpSync(join(crashed, name), join(folder, name));
    expect(putBack(backedUp(), folder, read).documents).toEqual({ 'room 0': 1, 'room 1': 1 });
    expect(textsIn(folder)).toEqual(['a', 'b']);
    expect(existsSync(join(folder, 'state.sqlite.before-restore'))).toBe(true);
    expect(existsSync(join(folder, 'state.sqlite.before-restore-wal'))).toBe(true);
  });

  it('makes a store where there is none', () => {
    const folder = join(temporaryFolder(), 'store');
    putBack(backedUp(), folder, read);
    expect(textsIn(folder)).toEqual(['a', 'b']);
  });

  it('changes nothing where the copy is not sound', () => {
    const folder = temporaryFolder();
    fileWith(folder, ['mine']);
    const copied = backedUp();
    expect(() => putBack(copied, folder, () => assertNever())).toThrow(/cannot be read/);
    expect(textsIn(folder)).toEqual(['mine']);
  });
});

function assertNever(): never {
  throw new Error('it cannot be read');
}
