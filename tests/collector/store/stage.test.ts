import { storeConfig } from '../../../collector/src/store/config.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ErrorCode } from '../../../collector/src/errors.ts';
import { storeInstruments } from '../../../collector/src/store/instruments.ts';
import type { TraceQuery } from '../../../collector/src/store/contract.ts';
import type { TraceAnswer, TracesAnswer, TraceSummary } from '../../../collector/src/web/api.ts';
import { store, type StoreStage } from '../../../collector/src/store/stage.ts';
import { eventually } from '../../support/eventually.ts';
import { keptBatch } from '../../support/kept-batch.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';
import { testSpan, traceIdOf } from '../../support/test-span.ts';

interface Opened {
  readonly stage: StoreStage;
  readonly own: TestHost<typeof storeInstruments>;
}

/** As in YAML, and what the store keeps for sampling. */
interface Settings {
  readonly max_decision_disk?: number;
  readonly max_queue?: string;
  readonly ring_size?: string;
  readonly ring_age?: string;
}

const ALL = { limit: 500 };

function json<T>(bytes: Uint8Array | undefined): T {
  return JSON.parse(Buffer.from(bytes ?? []).toString()) as T;
}

async function listed(stage: StoreStage, query: TraceQuery = ALL): Promise<readonly TraceSummary[]> {
  return json<TracesAnswer>(await stage.list(query)).traces;
}

function create({ max_decision_disk = 0, ...settings }: Settings = {}, path = temporaryFolder()): Opened {
  const own = testHost('store', storeInstruments);
  const stage = store.create({ ...storeConfig.parse({ path, ...settings }), max_decision_disk }, own.host);
  onTestFinished(() => stage.stop());
  return { stage, own };
}

/** The thread that the next stage starts. */
function nextWorker(): Promise<Worker> {
  return new Promise((resolve) => process.once('worker', resolve));
}

async function started(settings: Settings = {}): Promise<Opened & { worker: Worker }> {
  const opened = create(settings);
  const worker = nextWorker();
  await opened.stage.start();
  return { ...opened, worker: await worker };
}

describe('the store', () => {
  it('answers what it was given to keep', async () => {
    const { stage, own } = await started();
    await stage.consume(
      keptBatch([testSpan({ trace: 'a' }), testSpan({ trace: 'b', error: true })], { policy: 'share' }),
    );
    await stage.consume(keptBatch([testSpan({ trace: 'a', name: 'late' })], { policy: 'share', late: true }));
    const all = await listed(stage);
    expect(all.map(({ spanCount, reason }) => [spanCount, reason]).sort()).toEqual([
      [1, 'share'],
      [2, 'share'],
    ]);
    expect(await listed(stage, { ...ALL, errorsOnly: true })).toHaveLength(1);
    const trace = json<TraceAnswer>(await stage.get(traceIdOf('a').toString('hex')));
    expect(trace.spans.map(({ name }) => name).sort()).toEqual(['GET /cart', 'late']);
    expect(await stage.get('0'.repeat(32))).toBeUndefined();
    expect(stage.stats()).toMatchObject({ traces: 2, dropped: 0 });
    expect([own.read('traces'), own.read('queue_size'), own.counts('dropped')]).toEqual([2, 0, {}]);
  });

  it('leaves out what its queue cannot hold, and says so', async () => {
    const { stage, own } = await started({ max_queue: '2KiB' });
    const batch = keptBatch(Array.from({ length: 50 }, (_, i) => testSpan({ trace: `${i}` })));
    await stage.consume(batch);
    const { dropped } = stage.stats();
    expect(dropped).toBeGreaterThan(20);
    expect(own.counts('dropped')).toEqual({ queue_full: dropped });
    expect(await listed(stage)).toHaveLength(50 - dropped);
    await stage.consume(keptBatch([testSpan({ trace: 'later' })]));
    expect(await listed(stage)).toHaveLength(51 - dropped);
  });

  it('leaves out a trace larger than its ring, which would empty it for nothing', async () => {
    const { stage, own } = await started({ ring_size: '16KiB', max_queue: '8MiB' });
    await stage.consume(keptBatch([testSpan({ trace: 'small' })]));
    await stage.consume(keptBatch(Array.from({ length: 400 }, () => testSpan({ trace: 'large' }))));
    expect((await listed(stage)).map(({ traceId }) => traceId)).toEqual([traceIdOf('small').toString('hex')]);
    expect(own.counts('dropped')).toEqual({ too_large: 1 });
    expect(stage.stats()).toMatchObject({ traces: 1, dropped: 1 });
    // One that fits counts, also where it takes all of the room.
    await stage.consume(keptBatch(Array.from({ length: 80 }, () => testSpan({ trace: 'fits' }))));
    await listed(stage);
    expect([stage.stats().traces, own.counts('dropped')]).toEqual([2, { too_large: 1 }]);
  });

  it('keeps nothing beyond its age, also where nothing new comes and after a pause', async () => {
    const path = temporaryFolder();
    const first = create({ ring_age: '10m' }, path);
    await first.stage.start();
    await first.stage.consume(keptBatch([testSpan()]));
    expect(await listed(first.stage)).toHaveLength(1);
    first.own.clock.advance(9 * 60_000);
    expect(await listed(first.stage)).toHaveLength(1);
    first.own.clock.advance(2 * 60_000);
    expect(await listed(first.stage)).toEqual([]);
    expect([first.stage.stats().traces, first.own.read('traces'), first.own.read('size')]).toEqual([0, 0, 0]);
    expect(first.own.counts('removed')).toEqual({ traces: 1 });
    expect(first.own.counts('removed_size')).toEqual({ traces: expect.any(Number) });
    await first.stage.consume(keptBatch([testSpan()]));
    await first.stage.stop();
    const second = create({ ring_age: '10m' }, path);
    second.own.clock.advance(60 * 60_000);
    await second.stage.start();
    expect(await listed(second.stage)).toEqual([]);
  });

  it('loses only a small part of its ring where something new comes', async () => {
    const traces = Array.from({ length: 400 }, (_, i) => testSpan({ trace: `${i}` }));
    const { stage, own } = await started({ ring_size: '16KiB' });
    // Far more than the ring holds, handed over at once.
    await stage.consume(keptBatch(traces));
    await stage.list(ALL);
    expect(stage.stats()).toMatchObject({ dropped: 0 });
    expect(own.counts('removed')).toEqual({ traces: 400 - stage.stats().traces });
    expect(stage.stats().bytes).toBeGreaterThan(13 * 1024);
    const newest = (await listed(stage)).map(({ traceId }) => traceId);
    expect(newest.slice(0, 3)).toEqual(['399', '398', '397'].map((trace) => traceIdOf(trace).toString('hex')));
  });

  it('refuses more questions than its thread can answer', async () => {
    const { stage } = await started();
    const answers = await Promise.allSettled(Array.from({ length: 80 }, () => stage.list(ALL)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(64);
    expect(answers.at(-1)).toMatchObject({ reason: new Error('the store is busy') });
    expect(await listed(stage)).toEqual([]);
  });

  it('answers short questions and keeps traces between two turns of a long one', async () => {
    const { stage } = await started();
    const large = Array.from({ length: 30_000 }, () => testSpan({ trace: 'large' }));
    await stage.consume(keptBatch(large));
    const order: string[] = [];
    const long = ['large', 'large', 'large'].map(async (trace) => {
      await stage.get(traceIdOf(trace).toString('hex'));
      order.push('trace');
    });
    await stage.consume(keptBatch([testSpan({ trace: 'new' })], { policy: 'share' }));
    const short = stage.keptBy(traceIdOf('new').toString('hex')).then((policy) => order.push(policy ?? 'nothing'));
    await Promise.all([...long, short]);
    expect(order).toEqual(['share', 'trace', 'trace', 'trace']);
    expect(await stage.keptBy('0'.repeat(32))).toBeUndefined();
  });

  it('closes without waiting for what is asked of it', async () => {
    const { stage } = await started();
    await stage.consume(keptBatch(Array.from({ length: 20_000 }, () => testSpan({ trace: 'large' }))));
    const id = traceIdOf('large').toString('hex');
    const asked = Array.from({ length: 30 }, () => stage.get(id).catch((error: Error) => error.message));
    await stage.stop();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['the store is closed']));
  });

  it('keeps what it was given before it closes', async () => {
    const path = temporaryFolder();
    const first = create({}, path);
    await first.stage.start();
    for (let i = 0; i < 20; i++) await first.stage.consume(keptBatch([testSpan({ trace: `${i}` })]));
    await first.stage.stop();
    await first.stage.stop();
    await expect(first.stage.list(ALL)).rejects.toThrow('the store is closed');
    const second = create({}, path);
    await second.stage.start();
    expect(second.stage.stats().traces).toBe(20);
  });

  it('drops, and never fails, while it is closed', async () => {
    const { stage, own } = create();
    await stage.stop();
    await stage.consume(keptBatch([testSpan({ trace: 'a' }), testSpan({ trace: 'b' })]));
    expect(own.counts('dropped')).toEqual({ queue_full: 2 });
  });
});

describe('a store that cannot be used', () => {
  it('says why and starts nothing', async () => {
    const check = async (path: string, message: RegExp, code: ErrorCode = 'STORE_UNUSABLE'): Promise<void> => {
      const { stage } = create({}, path);
      const failed = stage.start();
      await expect(failed).rejects.toMatchObject({ code });
      await expect(failed).rejects.toThrow(message);
      await expect(stage.list(ALL)).rejects.toThrow('the store is closed');
    };
    const used = temporaryFolder();
    const first = create({}, used);
    await first.stage.start();
    await check(used, /locked/);
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await check(join(file, 'below'), /ENOTDIR/);
    const foreign = temporaryFolder();
    writeFileSync(join(foreign, 'traces.sqlite'), 'not a database '.repeat(100));
    // What may be moved away is named.
    await check(foreign, /traces\.sqlite: file is not a database/, 'STORE_FOREIGN');
    expect(await listed(first.stage)).toEqual([]);
  });

  it('is refused when it is in use, not when it was', async () => {
    const path = temporaryFolder();
    const first = create({}, path);
    await first.stage.start();
    await first.stage.stop();
    await create({}, path).stage.start();
  });
});

describe('the end of its thread', () => {
  it('fails open questions, drops what comes, and lets the sidecar go on', async () => {
    const { stage, own, worker } = await started();
    await stage.consume(keptBatch([testSpan({ trace: 'a' })]));
    expect(await listed(stage)).toHaveLength(1);
    const asked = stage.list(ALL).catch((error: Error) => error.message);
    await worker.terminate();
    expect(typeof (await asked)).toMatch(/string|object/);
    await eventually('the end to be noticed', async () => {
      return (await stage.list(ALL).catch((error: Error) => error.message)) === 'the store is closed';
    });
    await stage.consume(keptBatch([testSpan({ trace: 'b' })]));
    expect(own.counts('dropped')).toEqual({ queue_full: 1 });
    expect(own.read('queue_size')).toBe(0);
    expect(own.log.join()).toContain('error store STORE_ENDED');
    await stage.stop();
  });

  it('counts what was on its way to it', async () => {
    const { stage, own, worker } = await started({ max_decision_disk: 1024 ** 3 });
    const batch = keptBatch(Array.from({ length: 300 }, (_, i) => testSpan({ trace: `${i}` })));
    // Takes the thread far longer than it takes to hand the rest over.
    const [count, recordBytes] = [400_000, 52];
    const records = new ArrayBuffer(count * recordBytes);
    stage.keepDecisions({ records, recordBytes, count, firstSeconds: 1, lastSeconds: 2, meta: '' });
    for (let i = 0; i < 5; i++) await stage.consume(batch);
    await worker.terminate();
    await eventually('the end to be noticed', () => own.log.length > 0);
    expect(own.read('queue_size')).toBe(0);
    expect(own.counts('dropped')).toEqual({ failed: 5 * 300 });
    expect(own.counts('decisions_dropped')).toEqual({ failed: count });
  });
});
