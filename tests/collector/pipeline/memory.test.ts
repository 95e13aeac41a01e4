import { expect, it } from 'vitest';
import { memoryShares } from '../../../collector/src/pipeline/memory.ts';

const MIB = 1024 * 1024;

it('shares the one number out', () => {
  expect(memoryShares(256 * MIB, { exporters: 1 })).toEqual({
    heldLogBytes: 0,
    pendingBytes: 96 * MIB,
    arenaBytes: 112 * MIB,
    inFlightBytes: 32 * MIB,
    queueBytes: 80 * MIB,
    maxDecisions: 524_288,
  });
});

it('leaves the queues one share, however many there are', () => {
  for (const exporters of [0, 1, 2, 3, 7])
    expect(memoryShares(64 * MIB, { exporters }).queueBytes * Math.max(1, exporters)).toBeLessThanOrEqual(20 * MIB);
});

it('lets decisions have an eighth, and no more than are of use', () => {
  const check = (limitBytes: number, decisions: number): void =>
    expect(memoryShares(limitBytes, { exporters: 1 }).maxDecisions).toBe(decisions);
  check(32 * MIB, 65_536);
  check(128 * MIB, 262_144);
  check(1024 * MIB, 1_000_000);
});

it('lets a configured size stand', () => {
  expect(memoryShares(256 * MIB, { pendingBytes: 10 * MIB, exporters: 1 })).toMatchObject({
    pendingBytes: 10 * MIB,
    inFlightBytes: 32 * MIB,
  });
});

it('takes the share of held logs from that of waiting spans, where logs follow', () => {
  const [passing, following] = [false, true].map((followsLogs) =>
    memoryShares(256 * MIB, { exporters: 1, followsLogs }),
  );
  expect(following).toEqual({
    ...passing,
    pendingBytes: 80 * MIB,
    arenaBytes: 96 * MIB,
    heldLogBytes: 16 * MIB,
  });
});
