// Decisions on disk against a plain Map: restarts, torn files, the limit, ids that look alike.
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DecisionBlock } from '../../../collector/src/store/contract.ts';
import type { TraceIdWords } from '../../../collector/src/store/decision-block.ts';
import { DecisionBlocks } from '../../../collector/src/store/decision-blocks.ts';
import { pick, type Random, seeded } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const RECORD_BYTES = 52;
const PLENTY = 1024 ** 3;

/** Any id; most share words with others, as those made from times or padded with zeros do. */
function anyId(random: Random): TraceIdWords {
  const kind = pick(random, 3);
  const word = (): number => pick(random, 2 ** 32);
  if (kind === 0) return [word(), word(), word(), word()];
  return kind === 1 ? [0, 0, word(), word()] : [1_800_000_000, 7, 7, word()];
}

interface Made {
  readonly block: DecisionBlock;
  /** The last word of each record, by id. */
  readonly decided: ReadonlyMap<string, { readonly id: TraceIdWords; readonly mark: number }>;
}

/** A block as memory gives it up: with room behind its records. */
function made(random: Random, count: number, firstSeconds: number): Made {
  const words = new Uint32Array((count + 10) * (RECORD_BYTES / 4)).fill(0xdeadbeef);
  const decided = new Map<string, { id: TraceIdWords; mark: number }>();
  for (let row = 0; row < count;) {
    const id = anyId(random);
    if (decided.has(id.join())) continue;
    const mark = pick(random, 2 ** 32);
    words.set([...id, 0, 0, 0, 0, 0, 0, 0, 0, mark], row * (RECORD_BYTES / 4));
    decided.set(id.join(), { id, mark });
    row++;
  }
  const lastSeconds = firstSeconds + 9;
  const meta = JSON.stringify({ block: firstSeconds, name: 'größer' });
  return {
    decided,
    block: { records: words.buffer, recordBytes: RECORD_BYTES, count, firstSeconds, lastSeconds, meta },
  };
}

function expectAll(blocks: DecisionBlocks, { decided, block }: Made): void {
  for (const { id, mark } of decided.values()) {
    const found = blocks.find(id);
    expect(found?.meta).toBe(block.meta);
    const words = new Uint32Array(found?.record ?? new ArrayBuffer(0));
    expect([...words.subarray(0, 4), words.length, words.at(-1)]).toEqual([...id, RECORD_BYTES / 4, mark]);
  }
}

function filesIn(path: string): string[] {
  return readdirSync(join(path, 'decisions'))
    .filter((name) => name !== 'running')
    .map((name) => join(path, 'decisions', name))
    .sort();
}

it('finds every decision again, also after a restart, and none that it was not given', () => {
  const random = seeded(1);
  const path = temporaryFolder();
  const all: Made[] = [];
  let blocks = new DecisionBlocks(path, PLENTY, 1);
  for (const [i, count] of [1, 63, 64, 65, 1000, 5000, 128, 16_500].entries()) {
    const next = made(random, count, 100 + i * 10);
    all.push(next);
    blocks.keep(next.block);
    if (i % 3 !== 2) continue;
    blocks.close();
    blocks = new DecisionBlocks(path, PLENTY, 100 + i);
  }
  for (const each of all) expectAll(blocks, each);
  const known = new Set(all.flatMap(({ decided }) => [...decided.keys()]));
  for (let i = 0; i < 20_000; i++) {
    const id = anyId(random);
    if (!known.has(id.join())) expect(blocks.find(id)).toBeUndefined();
  }
  const bytes = filesIn(path).reduce((sum, file) => sum + statSync(file).size, 0);
  expect(blocks.held).toMatchObject({ count: 22_821, bytes, damaged: 0 });
  expect(bytes / 22_821).toBeLessThan(64);
  expect(blocks.held.coverage).toEqual({ spans: [{ fromSeconds: 100, toSeconds: 179 }], isCurrent: true });
  blocks.close();
});

it('answers with the newest decision on a trace that was decided twice', () => {
  const random = seeded(2);
  const blocks = new DecisionBlocks(temporaryFolder(), PLENTY, 1);
  const first = made(random, 500, 100);
  blocks.keep(first.block);
  const again = { ...made(random, 1, 200) };
  const [id] = [...first.decided.values()].map((each) => each.id);
  new Uint32Array(again.block.records).set(id ?? []);
  blocks.keep(again.block);
  expect(blocks.find(id ?? [0, 0, 0, 0])?.meta).toBe(again.block.meta);
  blocks.close();
});

it('deletes the oldest blocks beyond its limit', () => {
  const random = seeded(3);
  const path = temporaryFolder();
  const limit = 200_000;
  const blocks = new DecisionBlocks(path, limit, 1);
  const all = Array.from({ length: 12 }, (_, i) => made(random, 1000, 100 + i * 10));
  for (const { block } of all) {
    blocks.keep(block);
    expect(blocks.held.bytes).toBeLessThanOrEqual(limit);
    expect(blocks.held.bytes).toBe(filesIn(path).reduce((sum, file) => sum + statSync(file).size, 0));
  }
  const { count } = blocks.held;
  expect(count).toBe(3000);
  for (const each of all.slice(-3)) expectAll(blocks, each);
  for (const { id } of all[8]?.decided.values() ?? []) expect(blocks.find(id)).toBeUndefined();
  expect(blocks.held.coverage.spans).toEqual([{ fromSeconds: 190, toSeconds: 219 }]);
  blocks.close();
  const smaller = new DecisionBlocks(path, limit / 2, 1);
  expect(smaller.held.count).toBe(1000);
  smaller.close();
  const none = new DecisionBlocks(path, 0, 1);
  none.keep(made(random, 10, 500).block);
  expect([none.held.count, filesIn(path)]).toEqual([0, []]);
  none.close();
});

it('ignores a torn or damaged last block wherever it is cut, and says that something is missing', () => {
  const random = seeded(4);
  const path = temporaryFolder();
  const [first, second, third] = [made(random, 300, 100), made(random, 400, 200), made(random, 200, 300)];
  const before = new DecisionBlocks(path, PLENTY, 1);
  before.keep(first.block);
  before.keep(second.block);
  before.close();
  const [, last = ''] = filesIn(path);
  const whole = readFileSync(last);
  for (let i = 0; i < 40; i++) {
    writeFileSync(last, whole);
    if (i % 2 === 0) truncateSync(last, pick(random, whole.length));
    else {
      const damaged = Buffer.from(whole);
      const at = pick(random, whole.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << pick(random, 8));
      writeFileSync(last, damaged);
    }
    const blocks = new DecisionBlocks(path, PLENTY, 1);
    expect(blocks.held).toMatchObject({ count: 300, damaged: 1 });
    expect(existsSync(last)).toBe(false);
    expectAll(blocks, first);
    for (const { id } of second.decided.values()) expect(blocks.find(id)).toBeUndefined();
    expect(blocks.held.coverage).toEqual({
      spans: [{ fromSeconds: 100, toSeconds: 109 }],
      isCurrent: false,
    });
    blocks.close();
  }
  const blocks = new DecisionBlocks(path, PLENTY, 1);
  blocks.keep(third.block);
  expectAll(blocks, third);
  expect(blocks.held.coverage).toEqual({
    spans: [
      { fromSeconds: 100, toSeconds: 109 },
      { fromSeconds: 300, toSeconds: 309 },
    ],
    isCurrent: true,
  });
  blocks.close();
});

it('knows a gap by its number where a block is missing', () => {
  const random = seeded(5);
  const path = temporaryFolder();
  const before = new DecisionBlocks(path, PLENTY, 1);
  for (const seconds of [100, 200, 300]) before.keep(made(random, 100, seconds).block);
  before.close();
  truncateSync(filesIn(path)[1] ?? '', 1000);
  const blocks = new DecisionBlocks(path, PLENTY, 1);
  expect(blocks.held.coverage.spans).toEqual([
    { fromSeconds: 100, toSeconds: 109 },
    { fromSeconds: 300, toSeconds: 309 },
  ]);
  blocks.close();
});

it('knows that decisions are lost which an earlier run had in memory, or which did not get here', () => {
  const random = seeded(6);
  const path = temporaryFolder();
  const killed = new DecisionBlocks(path, PLENTY, 1);
  killed.keep(made(random, 100, 100).block);
  expect(killed.held.coverage.isCurrent).toBe(true);
  // Never closed, as after kill -9; one file was being written.
  writeFileSync(join(path, 'decisions', '0000000002.block.unfinished'), 'half of');
  const next = new DecisionBlocks(path, PLENTY, 1);
  expect(next.held).toMatchObject({ count: 100, damaged: 1 });
  expect(next.held.coverage).toEqual({ spans: [{ fromSeconds: 100, toSeconds: 109 }], isCurrent: false });
  next.keep(made(random, 100, 200).block);
  next.lost();
  next.keep(made(random, 100, 300).block);
  next.keep(made(random, 100, 310).block);
  expect(next.held.coverage).toEqual({
    spans: [
      { fromSeconds: 100, toSeconds: 109 },
      { fromSeconds: 200, toSeconds: 209 },
      { fromSeconds: 300, toSeconds: 319 },
    ],
    isCurrent: true,
  });
  next.close();
  const last = new DecisionBlocks(path, PLENTY, 1);
  expect(last.held.coverage.isCurrent).toBe(true);
  last.close();
});

it('does not answer from a page that was damaged since', () => {
  const random = seeded(7);
  const path = temporaryFolder();
  const blocks = new DecisionBlocks(path, PLENTY, 1);
  const one = made(random, 500, 100);
  blocks.keep(one.block);
  const [file = ''] = filesIn(path);
  const bytes = readFileSync(file);
  bytes.fill(0, bytes.length - 500 * RECORD_BYTES);
  writeFileSync(file, bytes);
  for (const { id } of one.decided.values()) expect(() => blocks.find(id)).toThrow('damaged');
  blocks.close();
});
