// A file of kept traces that a machine which went down left damaged.
import { storeConfig } from '../../../collector/src/store/config.ts';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeptBatch } from '../../../collector/src/sample/contract.ts';
import { storeInstruments } from '../../../collector/src/store/instruments.ts';
import { store, type StoreStage } from '../../../collector/src/store/stage.ts';
import type { TracesAnswer } from '../../../collector/src/web/api.ts';
import { eventually } from '../../support/eventually.ts';
import { keptBatch } from '../../support/kept-batch.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';
import { testSpan, traceIdOf } from '../../support/test-span.ts';

const ALL = { limit: 500 };

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

async function countListed(stage: StoreStage): Promise<number> {
  const { traces } = JSON.parse(Buffer.from(await stage.list(ALL)).toString()) as TracesAnswer;
  return traces.length;
}

describe('a damaged file of kept traces', () => {
  /** What a machine that went down may leave: pages of which only some were written. */
  function damage(path: string): void {
    const file = join(path, 'traces.sqlite');
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 65_536, 65_636);
    writeFileSync(file, bytes);
  }

  /** Damages a page of old batches, not of the oldest, which is looked at each time: that one stays in memory. */
  function damageOld(path: string): void {
    const file = join(path, 'traces.sqlite');
    const bytes = readFileSync(file);
    // The second page is the root of the table, which stays in memory too.
    const page = Math.floor(bytes.indexOf(traceIdOf('6/0'), 2 * 65_536) / 65_536) * 65_536;
    expect(page).toBeGreaterThan(65_536);
    bytes.fill(0xa5, page, page + 100);
    writeFileSync(file, bytes);
  }

  it('is set aside at the start, and an empty one takes its place', async () => {
    const path = temporaryFolder();
    const first = await started(path);
    await first.stage.consume(keptBatch([testSpan()]));
    await first.stage.stop();
    damage(path);
    const second = await started(path);
    await second.stage.consume(keptBatch([testSpan({ trace: 'new' })]));
    expect(await countListed(second.stage)).toBe(1);
    expect(second.own.log.join()).toContain('warning store STORE_RING_LOST');
    expect(existsSync(join(path, 'traces.sqlite.damaged'))).toBe(true);
  });

  it('is set aside while it is in use, and whoever asked is told so', async () => {
    const path = temporaryFolder();
    const { stage, own } = await started(path);
    // The first batches are on pages of their own, which the large ones drive out of memory.
    const large = (trace: string): KeptBatch => keptBatch(Array.from({ length: 30_000 }, () => testSpan({ trace })));
    for (let i = 0; i < 12; i++)
      await stage.consume(keptBatch(Array.from({ length: 200 }, (_, row) => testSpan({ trace: `${i}/${row}` }))));
    await stage.consume(large('large'));
    await stage.consume(large('larger'));
    await eventually('all to be kept', () => stage.stats().traces === 12 * 200 + 2);
    damageOld(path);
    const list = stage.list(ALL).catch((error: Error) => error.message);
    const short = stage.keptBy('0'.repeat(32)).catch((error: Error) => error.message);
    expect(await short).toMatch(/malformed/);
    expect(await list).toBe('the ring was damaged and has begun anew; ask again');
    expect(own.log.join()).toContain('warning store STORE_RING_LOST');
    expect(stage.stats()).toMatchObject({ traces: 0, bytes: 0 });
    expect([own.read('traces'), own.read('size')]).toEqual([0, 0]);
    await stage.consume(keptBatch([testSpan({ trace: 'new' })]));
    expect(await countListed(stage)).toBe(1);
  });
});
