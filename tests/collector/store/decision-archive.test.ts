// Old decisions on their way to disk and back, through the store's thread.
import { storeConfig } from '../../../collector/src/store/config.ts';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DecisionBlock } from '../../../collector/src/store/contract.ts';
import { storeInstruments } from '../../../collector/src/store/instruments.ts';
import { store, type StoreStage } from '../../../collector/src/store/stage.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';

const RECORD_BYTES = 52;

interface Opened {
  readonly stage: StoreStage;
  readonly own: TestHost<typeof storeInstruments>;
}

async function started(path: string): Promise<Opened> {
  const own = testHost('store', storeInstruments);
  const stage = store.create({ ...storeConfig.parse({ path }), max_decision_disk: 1024 ** 2 }, own.host);
  onTestFinished(() => stage.stop());
  await stage.start();
  return { stage, own };
}

/** Ten decisions on traces `n, 0, 0, 0..9`. */
function block(n: number): DecisionBlock {
  const words = new Uint32Array((10 * RECORD_BYTES) / 4);
  for (let row = 0; row < 10; row++) words.set([n, 0, 0, row], row * (RECORD_BYTES / 4));
  const seconds = 1000 + n * 10;
  return {
    records: words.buffer,
    recordBytes: RECORD_BYTES,
    count: 10,
    firstSeconds: seconds,
    lastSeconds: seconds + 9,
    meta: `block ${n}`,
  };
}

describe('the archive of decisions', () => {
  it('gives the bytes of blocks back once they are written', async () => {
    const thread = new Promise<Worker>((resolve) => process.once('worker', resolve));
    const { stage } = await started(temporaryFolder());
    const worker = await thread;
    for (let n = 1; n <= 4; n++) {
      const { records, ...rest } = block(n);
      stage.keepDecisions({ ...rest, records: records.transfer(8 * 1024 ** 2) });
      expect((await stage.findDecision([n, 0, 0, 1]))?.meta).toBe(`block ${n}`);
    }
    const { external_memory: bytes } = await worker.getHeapStatistics();
    // Of four; what the thread has besides is far less than one of them.
    expect(bytes).toBeLessThan(2 * 8 * 1024 ** 2);
  });

  it('takes blocks over, finds their decisions, and keeps them over a restart', async () => {
    const path = temporaryFolder();
    const { stage, own } = await started(path);
    const first = block(1);
    stage.keepDecisions(first);
    expect(first.records.byteLength).toBe(0);
    expect((await stage.findDecision([1, 0, 0, 7]))?.meta).toBe('block 1');
    expect(await stage.findDecision([1, 0, 0, 10])).toBeUndefined();
    expect(stage.decisionCoverage()).toEqual({ spans: [{ fromSeconds: 1010, toSeconds: 1019 }], isCurrent: true });
    expect([own.read('decisions'), own.read('decisions_size') > 0]).toEqual([10, true]);
    // Closed while it is still to be written.
    stage.keepDecisions(block(2));
    await stage.stop();
    await expect(stage.findDecision([1, 0, 0, 7])).rejects.toThrow('the store is closed');
    const again = await started(path);
    expect(again.own.read('decisions')).toBe(20);
    expect((await again.stage.findDecision([2, 0, 0, 0]))?.meta).toBe('block 2');
    expect(again.stage.decisionCoverage()).toEqual({
      spans: [{ fromSeconds: 1010, toSeconds: 1029 }],
      isCurrent: true,
    });
    expect([own.counts('decisions_dropped'), own.log]).toEqual([{}, []]);
  });

  it('drops what comes faster than it is written, counts it, and claims no more than it has', async () => {
    const { stage, own } = await started(temporaryFolder());
    for (let n = 1; n <= 6; n++) stage.keepDecisions(block(n));
    expect(own.counts('decisions_dropped')).toEqual({ queue_full: 20 });
    expect(stage.decisionCoverage().isCurrent).toBe(false);
    expect((await stage.findDecision([4, 0, 0, 1]))?.meta).toBe('block 4');
    expect(await stage.findDecision([5, 0, 0, 1])).toBeUndefined();
    expect(stage.decisionCoverage()).toEqual({ spans: [{ fromSeconds: 1010, toSeconds: 1049 }], isCurrent: false });
    stage.keepDecisions(block(7));
    expect((await stage.findDecision([7, 0, 0, 1]))?.meta).toBe('block 7');
    expect(stage.decisionCoverage()).toEqual({
      spans: [
        { fromSeconds: 1010, toSeconds: 1049 },
        { fromSeconds: 1070, toSeconds: 1079 },
      ],
      isCurrent: true,
    });
  });

  it('goes on where a block cannot be written', async () => {
    const path = temporaryFolder();
    const { stage, own } = await started(path);
    rmSync(join(path, 'decisions'), { recursive: true });
    stage.keepDecisions(block(1));
    expect(await stage.findDecision([1, 0, 0, 1])).toBeUndefined();
    expect(own.counts('decisions_dropped')).toEqual({ failed: 10 });
    expect(own.log).toEqual([expect.stringContaining('STORE_DECISIONS: decisions were not stored: ENOENT') as string]);
    expect(stage.decisionCoverage()).toEqual({ spans: [], isCurrent: false });
    mkdirSync(join(path, 'decisions'));
    stage.keepDecisions(block(2));
    expect((await stage.findDecision([2, 0, 0, 1]))?.meta).toBe('block 2');
    expect(stage.decisionCoverage()).toEqual({ spans: [{ fromSeconds: 1020, toSeconds: 1029 }], isCurrent: true });
  });
});
