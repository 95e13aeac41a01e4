import { expect, it } from 'vitest';
import { memoryShares } from '../../../collector/src/pipeline/memory.ts';

const MIB = 1024 * 1024;

it('shares the one number out', () => {
  expect(memoryShares(256 * MIB, undefined, 1)).toEqual({
    pendingBytes: 128 * MIB,
    arenaBytes: 152 * MIB,
    inFlightBytes: 32 * MIB,
    queueBytes: 64 * MIB,
  });
});

it('leaves the queues one share, however many there are', () => {
  for (const exporters of [0, 1, 2, 3, 7])
    expect(memoryShares(64 * MIB, undefined, exporters).queueBytes * Math.max(1, exporters)).toBeLessThanOrEqual(
      16 * MIB,
    );
});

it('lets a configured size stand', () => {
  expect(memoryShares(256 * MIB, 10 * MIB, 1)).toMatchObject({ pendingBytes: 10 * MIB, inFlightBytes: 32 * MIB });
});
