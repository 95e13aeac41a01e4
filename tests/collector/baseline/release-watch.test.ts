// What is written down of versions, and what becomes of what cannot be read.
import { expect, it, onTestFinished } from 'vitest';
import { baselineInstruments } from '../../../collector/src/baseline/instruments.ts';
import { ReleaseWatch } from '../../../collector/src/baseline/release-watch.ts';
import { encodeSaved } from '../../../collector/src/baseline/saved.ts';
import type { StateStore } from '../../../collector/src/store/contract.ts';
import { StateFile } from '../../../collector/src/store/state-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testHost } from '../../support/test-host.ts';

it('is there after a restart, is written again after a failure, and the damaged part of it is said to be lost', async () => {
  const file = new StateFile(temporaryFolder());
  onTestFinished(() => file.close());
  let isFull = false;
  const saves: number[] = [];
  const store: StateStore = {
    async save(room, documents, removed = []) {
      if (isFull) return false;
      saves.push(documents.length);
      file.save(room, documents, removed, 0);
      return true;
    },
    async *load(room) {
      yield file.page(room, '');
    },
  };
  const own = testHost('baseline', baselineInstruments);
  let told = 0;
  const watch = (): ReleaseWatch => {
    const made = new ReleaseWatch(own.host, () => told++);
    made.store = store;
    return made;
  };
  const before = watch();
  const see = (to: ReleaseWatch, service: string, version: string): void =>
    to.see({ service, version, instance: '', schemaUrl: '' });
  see(before, 'orders', '1');
  await before.flush();
  expect(saves).toEqual([]);
  await before.load();
  await before.flush();
  await before.flush();
  expect(saves).toEqual([1]);
  isFull = true;
  see(before, 'orders', '2');
  await before.flush();
  isFull = false;
  await before.flush();
  own.clock.advance(60_000);
  see(before, 'payments', '1');
  await before.flush();
  expect(saves).toEqual([1, 2]);
  // Of services that are new nothing is told, and of all that is new at once it is told once.
  expect(told).toBe(1);
  for (const version of ['3', '4', '5']) see(before, 'orders', version);
  await before.flush();
  expect(told).toBe(2);

  file.save('releases', [{ key: 'service odd', body: encodeSaved({ id: 'g', changedMs: 1, members: [] }) }], [], 0);
  const after = watch();
  await after.load();
  expect(after.known.changesOf('orders').map(({ text }) => text)).toHaveLength(4);
  see(after, 'orders', '1');
  expect(after.known.changesOf('orders')).toHaveLength(4);
  expect(own.log).toEqual([expect.stringContaining('RELEASES_UNREAD')]);
});
