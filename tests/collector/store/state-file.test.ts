// What rooms keep over restarts: its file, and the way there through the store.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { storeConfig } from '../../../collector/src/store/config.ts';
import type { LoadedDocument, StateDocument } from '../../../collector/src/store/contract.ts';
import { storeInstruments } from '../../../collector/src/store/instruments.ts';
import { store, type StoreStage } from '../../../collector/src/store/stage.ts';
import { StateFile } from '../../../collector/src/store/state-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';

interface Opened {
  readonly stage: StoreStage;
  readonly own: TestHost<typeof storeInstruments>;
}

async function started(path: string): Promise<Opened> {
  const own = testHost('store', storeInstruments);
  const stage = store.create(storeConfig.parse({ path }), own.host);
  onTestFinished(() => stage.stop());
  await stage.start();
  return { stage, own };
}

function documentOf(key: string, text = key): StateDocument {
  return { key, body: new Uint8Array(Buffer.from(text)) };
}

function textsOf(documents: readonly LoadedDocument[]): (string | undefined)[] {
  return documents.map(({ body }) => (body === undefined ? undefined : Buffer.from(body).toString()));
}

async function loaded(stage: StoreStage, room: string): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  for await (const page of stage.state.load(room)) texts.push(...textsOf(page));
  return texts;
}

/** Changes bytes of a closed file behind the text that is found there. */
function scratch(path: string, text: string, bytes: number): void {
  const file = join(path, 'state.sqlite');
  const content = readFileSync(file);
  const at = content.indexOf(text);
  expect(at).toBeGreaterThan(0);
  content.fill(0xa5, at, at + bytes);
  writeFileSync(file, content);
}

describe('what rooms keep', () => {
  it('is there again after a restart, each room its own, the latest of each key', async () => {
    const path = temporaryFolder();
    const { stage } = await started(path);
    expect(await stage.state.save('alert', [documentOf('a', 'of alert')])).toBe(true);
    await stage.state.save('baseline', [documentOf('b', 'old'), documentOf('c'), documentOf('a')]);
    await stage.state.save('baseline', [documentOf('b', 'new')], ['c']);
    await stage.stop();
    const again = await started(path);
    expect(await loaded(again.stage, 'baseline')).toEqual(['a', 'new']);
    expect(await loaded(again.stage, 'alert')).toEqual(['of alert']);
  });

  it('comes in pages of about a megabyte', () => {
    const file = new StateFile(temporaryFolder());
    onTestFinished(() => file.close());
    const large = Array.from({ length: 5 }, (_, i) => ({ key: `k${i}`, body: new Uint8Array(400_000).fill(i) }));
    file.save('baseline', large, [], 0);
    const sizes: number[] = [];
    for (let page = file.page('baseline', ''); page.length > 0; page = file.page('baseline', page.at(-1)?.key ?? ''))
      sizes.push(page.length);
    expect(sizes).toEqual([3, 2]);
  });

  it('is not readable by others on the machine', () => {
    const path = temporaryFolder();
    const file = new StateFile(path);
    onTestFinished(() => file.close());
    file.save('baseline', [documentOf('a')], [], 0);
    for (const part of ['', '-wal']) expect(statSync(join(path, `state.sqlite${part}`)).mode & 0o077).toBe(0);
  });

  it('is dropped and counted where too much is on its way, and never thrown', async () => {
    const { stage, own } = await started(temporaryFolder());
    const large = { key: 'a', body: new Uint8Array(10 * 1024 ** 2) };
    const [first, second] = await Promise.all([
      stage.state.save('baseline', [large]),
      stage.state.save('baseline', [{ ...large, key: 'b' }]),
    ]);
    expect([first, second]).toEqual([true, false]);
    await stage.stop();
    expect(await stage.state.save('baseline', [documentOf('a')])).toBe(false);
    expect(own.counts('state_dropped')).toEqual({ queue_full: 1, failed: 1 });
  });
});

describe('what a room saved', () => {
  it('is read from a key on, and told of in bytes and removed documents', async () => {
    const { stage, own } = await started(temporaryFolder());
    await stage.state.save(
      'report',
      ['a', 'b', 'c'].map((key) => documentOf(key)),
    );
    const bytes = own.read('state_size');
    expect(bytes).toBeGreaterThan(4096);
    await stage.state.save('report', [documentOf('d', 'd'.repeat(100_000))], ['b']);
    expect(own.read('state_size')).toBeGreaterThan(bytes + 90_000);
    expect(own.read('state_removed')).toBe(1);
    const after: string[] = [];
    for await (const page of stage.state.load('report', 'a')) after.push(...page.map(({ key }) => key));
    expect(after).toEqual(['c', 'd']);
  });
});

describe('a damaged file of what rooms keep', () => {
  it('loses one document where only its bytes changed', () => {
    const path = temporaryFolder();
    const file = new StateFile(path);
    file.save('baseline', [documentOf('a', 'left as it was'), documentOf('b', 'to be scratched')], [], 0);
    file.close();
    scratch(path, 'to be scratched', 3);
    const again = new StateFile(path);
    onTestFinished(() => again.close());
    expect(textsOf(again.page('baseline', ''))).toEqual(['left as it was', undefined]);
  });

  it('is set aside, and an empty one takes its place', async () => {
    const path = temporaryFolder();
    const first = await started(path);
    await first.stage.state.save('baseline', [documentOf('a')]);
    await first.stage.stop();
    // The page of the schema is whole, that of the documents is not.
    const file = join(path, 'state.sqlite');
    const content = readFileSync(file);
    content.fill(0xa5, 4096, 4196);
    writeFileSync(file, content);
    const { stage, own } = await started(path);
    await expect(loaded(stage, 'baseline')).rejects.toThrow(/malformed/);
    expect(own.log.join()).toContain('error store STORE_STATE_LOST');
    expect(existsSync(join(path, 'state.sqlite.damaged'))).toBe(true);
    expect(await stage.state.save('baseline', [documentOf('b')])).toBe(true);
    expect(await loaded(stage, 'baseline')).toEqual(['b']);
  });

  it("is refused where it is some other program's, or of a later version", async () => {
    const check = async (prepare: (file: string) => void, code: string): Promise<void> => {
      const path = temporaryFolder();
      prepare(join(path, 'state.sqlite'));
      const before = readFileSync(join(path, 'state.sqlite'));
      await expect(started(path)).rejects.toMatchObject({ code });
      expect(readFileSync(join(path, 'state.sqlite'))).toEqual(before);
    };
    const database = (sql: string) => (file: string) => {
      const db = new DatabaseSync(file);
      db.exec(sql);
      db.close();
    };
    await check(
      (file) => writeFileSync(file, 'a list of things to buy, longer than a header'.repeat(20)),
      'STORE_FOREIGN',
    );
    await check(database('CREATE TABLE shopping (item TEXT)'), 'STORE_FOREIGN');
    const later = `CREATE TABLE documents (a); PRAGMA application_id = ${0x45766b73}; PRAGMA user_version = 99`;
    await check(database(later), 'STORE_UNUSABLE');
  });
});
