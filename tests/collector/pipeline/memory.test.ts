import { array, assert, constant, integer, option, property, record } from 'fast-check';
import { expect, it } from 'vitest';
import { memoryShares } from '../../../collector/src/pipeline/memory.ts';

const MIB = 1024 * 1024;

/** So many exporters whose queue is not configured. */
const unset = (exporters: number): undefined[] => Array.from({ length: exporters }, () => undefined);

it('shares the one number out', () => {
  expect(memoryShares(256 * MIB, { queueBytes: unset(1) })).toEqual({
    heldLogBytes: 0,
    pendingBytes: 96 * MIB,
    arenaBytes: 112 * MIB,
    inFlightBytes: 32 * MIB,
    queueBytes: 64 * MIB,
    maxDecisions: 524_288,
    maxSeries: 16_384,
    maxTotalSeries: 10_000,
    totalBytes: 256 * MIB,
  });
});

it('leaves the queues one share, however many there are', () => {
  for (const exporters of [0, 1, 2, 3, 7]) {
    const { queueBytes } = memoryShares(64 * MIB, { queueBytes: unset(exporters) });
    expect(queueBytes * Math.max(1, exporters)).toBeLessThanOrEqual(16 * MIB);
  }
});

it('lets decisions have an eighth, and no more than are of use', () => {
  const check = (limitBytes: number, decisions: number): void =>
    expect(memoryShares(limitBytes, { queueBytes: unset(1) }).maxDecisions).toBe(decisions);
  check(32 * MIB, 65_536);
  check(128 * MIB, 262_144);
  check(1024 * MIB, 1_000_000);
});

it('lets series have an eighth, less of them where remote write knows them too', () => {
  const check = (limitMib: number, remoteWrites: number, maxSeries: number, maxTotalSeries: number): void =>
    expect(memoryShares(limitMib * MIB, { queueBytes: unset(1), remoteWrites })).toMatchObject({
      maxSeries,
      maxTotalSeries,
    });
  check(32, 0, 2048, 1024);
  check(256, 1, 9362, 5900);
  check(512, 1, 18_724, 10_000);
  check(4096, 0, 50_000, 10_000);
});

it('makes room on the page for what limit is told to let through', () => {
  const shares = memoryShares(256 * MIB, { queueBytes: unset(1), maxTotalSeries: 20_000 });
  expect(shares).toMatchObject({ maxSeries: 30_512, maxTotalSeries: 20_000 });
  expect(shares.totalBytes).toBeLessThanOrEqual(256 * MIB);
  expect(memoryShares(256 * MIB, { queueBytes: [], maxSeries: 500_000 }).totalBytes).toBeGreaterThan(900 * MIB);
});

it('lets a configured size stand', () => {
  expect(memoryShares(256 * MIB, { pendingBytes: 10 * MIB, queueBytes: unset(1) })).toMatchObject({
    pendingBytes: 10 * MIB,
    inFlightBytes: 32 * MIB,
  });
});

it('takes the share of held logs from that of waiting spans, where logs follow', () => {
  const [passing, following] = [false, true].map((followsLogs) =>
    memoryShares(256 * MIB, { queueBytes: unset(1), followsLogs }),
  );
  expect(following).toEqual({
    ...passing,
    pendingBytes: 80 * MIB,
    arenaBytes: 96 * MIB,
    heldLogBytes: 16 * MIB,
  });
});

it('gives less to the others where a configured size takes more than its share, in the same proportions', () => {
  const { totalBytes, ...shares } = memoryShares(256 * MIB, {
    queueBytes: unset(1),
    followsLogs: true,
    heldLogBytes: 196 * MIB,
  });
  // 60 MiB are left for shares of 5, 2, 4, 2 and 2 sixteenths.
  expect(shares).toEqual({
    heldLogBytes: 196 * MIB,
    pendingBytes: 20 * MIB,
    arenaBytes: 36 * MIB,
    inFlightBytes: 8 * MIB,
    queueBytes: 16 * MIB,
    maxDecisions: 131_072,
    maxSeries: 4096,
    maxTotalSeries: 2389,
  });
  expect(totalBytes).toBe(256 * MIB);
});

const size = option(integer({ min: 0, max: 200 * MIB }), { nil: undefined });
const sizes = record({
  limitMib: integer({ min: 32, max: 1024 }),
  pendingBytes: size,
  inFlightBytes: size,
  queueBytes: array(size, { maxLength: 4 }),
  followsLogs: constant(true),
  heldLogBytes: size,
  storeQueueBytes: integer({ min: 0, max: 16 * MIB }),
});

function setBytes(configured: Parameters<typeof memoryShares>[1]): number {
  const { pendingBytes = 0, inFlightBytes = 0, heldLogBytes = 0, storeQueueBytes = 0, queueBytes } = configured;
  const queues = queueBytes.reduce<number>((total, bytes = 0) => total + bytes, 0);
  return pendingBytes + inFlightBytes + heldLogBytes + storeQueueBytes + queues;
}

it('never holds more than the limit while the least of each fits', () => {
  assert(
    property(sizes, ({ limitMib, ...configured }) => {
      const { totalBytes, pendingBytes, inFlightBytes } = memoryShares(limitMib * MIB, configured);
      expect(inFlightBytes).toBeGreaterThanOrEqual(Math.min(2 * MIB, configured.inFlightBytes ?? Infinity));
      expect(pendingBytes).toBeGreaterThanOrEqual(Math.min(5 * MIB, configured.pendingBytes ?? Infinity));
      // At most 17 MiB are the least of all that have a share.
      if (setBytes(configured) + 17 * MIB <= limitMib * MIB) expect(totalBytes).toBeLessThanOrEqual(limitMib * MIB);
      if (setBytes(configured) > limitMib * MIB) expect(totalBytes).toBeGreaterThan(limitMib * MIB);
    }),
  );
});
