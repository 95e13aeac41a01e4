// The queue of deadlines against a plain list, while entries of those that no longer wait are let go of.
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { DeadlineQueue, SPARE_ENTRIES } from '../../../collector/src/sample/deadline-queue.ts';
import { pick, seeded } from '../../support/random.ts';

const SLOTS = 1024;

interface Entry {
  readonly slot: number;
  readonly generation: number;
  readonly deadlineMs: number;
}

const burst = record({
  kind: constantFrom<'push' | 'shift' | 'end'>('push', 'push', 'shift', 'end'),
  count: integer({ min: 1, max: 1500 }),
});

test('answers those that wait in the order in which they came, whatever is let go of, and holds few others', () => {
  let most = 0;
  let pushed = 0;
  assert(
    property(array(burst, { maxLength: 40 }), integer(), (bursts, seed) => {
      const random = seeded(seed);
      const queue = new DeadlineQueue();
      const generation = new Uint32Array(SLOTS);
      const waiting = new Set<number>();
      let plain: Entry[] = [];
      let mostBeyond = 0;
      const isLive = (entry: Entry): boolean => generation[entry.slot] === entry.generation;
      const head = (): Entry => ({ slot: queue.slot, generation: queue.generation, deadlineMs: queue.nextMs });
      const take = (): void => {
        // Entries of those that no longer wait may or may not be there.
        while (queue.count > 0 && !isLive(head())) queue.shift();
        plain = plain.filter(isLive);
        expect(queue.count === 0 ? undefined : head()).toEqual(plain[0]);
        if (plain.length === 0) return;
        waiting.delete(queue.slot);
        generation[queue.slot] = queue.generation + 1;
        queue.shift();
      };
      for (const { kind, count } of bursts)
        for (let i = 0; i < count; i++) {
          if (kind === 'shift') {
            if (i < 20) take();
            continue;
          }
          const slot = pick(random, SLOTS);
          if (waiting.delete(slot)) generation[slot] = (generation[slot] ?? 0) + 1;
          if (kind === 'end') continue;
          waiting.add(slot);
          const entry = { slot, generation: generation[slot] ?? 0, deadlineMs: pushed++ };
          plain.push(entry);
          queue.push(entry.slot, entry.generation, entry.deadlineMs);
          queue.trim(waiting.size, generation);
          most = Math.max(most, plain.length);
          mostBeyond = Math.max(mostBeyond, queue.count - 2 * waiting.size);
        }
      expect(mostBeyond).toBeLessThanOrEqual(SPARE_ENTRIES);
      for (let left = waiting.size; left > 0; left--) take();
      take();
      expect(queue.nextMs === Infinity || !isLive(head())).toBe(true);
    }),
    // What fails is shown as it is: to make it smaller takes longer than to read it.
    { numRuns: 40, seed: 11, endOnFailure: true },
  );
  // Enough that something had to be let go of.
  expect(most).toBeGreaterThan(2 * SLOTS + SPARE_ENTRIES);
}, 60_000);
