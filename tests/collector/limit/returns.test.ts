// Streams that come back to series of their own, begin anew there, fall silent, and are folded again: totals stay exact.
import { expect, it } from 'vitest';
import { limitRig } from '../../support/limit-rig.ts';
import { MetricConsumer } from '../../support/metric-consumer.ts';

const TTL_MS = 60_000;

/** Counters and levels of users under a budget of six series, and what a backend makes of them. */
async function rig(isMonotonic: boolean) {
  const { stage, clock, send, points, beganMs, read } = limitRig({ max_series: 6, templates: [], ttl: '1m' });
  const consumer = new MetricConsumer(beganMs);
  await stage.start();
  const counted = new Map<number, { value: number; startMs: number }>();
  let truth = 0;
  return {
    /** Each of these users counts so much more; all in one request. */
    count: async (users: readonly number[], more: number): Promise<void> => {
      for (const user of users) {
        const { value, startMs } = counted.get(user) ?? { value: 0, startMs: beganMs };
        counted.set(user, { value: value + more, startMs });
        truth += more;
      }
      await send(
        ...users.map((user) => ({ ...counted.get(user), isMonotonic, name: 'used', attributes: { user: `u${user}` } })),
      );
      consumer.take(points());
    },
    reset: (user: number): void => void counted.set(user, { value: 0, startMs: clock.nowMs() - 1 }),
    wait: (ms: number): void => {
      clock.advance(ms);
      consumer.take(points());
    },
    forget: (user: number): void => {
      truth -= counted.get(user)?.value ?? 0;
    },
    exposed: (): number => (isMonotonic ? (consumer.increase('used').get('value') ?? 0) : consumer.level('used')),
    truth: (): number => truth,
    read,
    stop: (): Promise<void> => stage.stop(),
  };
}

const EVERYBODY = Array.from({ length: 20 }, (_, n) => n);

/** Only one user is left for so long that nothing is folded any more. */
async function calm({ count, wait }: Awaited<ReturnType<typeof rig>>, user: number): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await count([user], 1);
    wait(TTL_MS / 8);
  }
}

it('a counter that comes back shows what it counts from then on', async () => {
  const each = await rig(true);
  await each.count(EVERYBODY, 100);
  await calm(each, 15);
  const absorbed = each.read('absorbed');
  await each.count([15], 7);
  each.wait(10_000);
  expect(each.read('absorbed')).toBe(absorbed);
  expect(each.exposed()).toBe(each.truth());
  await each.stop();
});

it('a counter that came back begins anew where its source does', async () => {
  const each = await rig(true);
  await each.count(EVERYBODY, 100);
  await calm(each, 15);
  each.reset(15);
  await each.count([15], 3);
  each.wait(1000);
  await each.count([15], 400);
  each.wait(10_000);
  expect(each.exposed()).toBe(each.truth());
  await each.stop();
});

it('a counter that came back, fell silent and is folded again is counted on from where it was', async () => {
  const each = await rig(true);
  await each.count(EVERYBODY, 100);
  await calm(each, 15);
  each.wait(TTL_MS * 2);
  await each.count(
    EVERYBODY.map((n) => n + 100),
    10,
  );
  const absorbed = each.read('absorbed');
  await each.count([15], 5);
  expect(each.read('absorbed')).toBe(absorbed + 1);
  each.wait(10_000);
  expect(each.exposed()).toBe(each.truth());
  // And comes back a second time, where everybody else has left again.
  await calm(each, 15);
  each.wait(TTL_MS * 2);
  await each.count([15], 9);
  await each.count([15], 9);
  each.wait(10_000);
  expect(each.exposed()).toBe(each.truth());
  await each.stop();
});

it('a level that comes back leaves the sum it was in', async () => {
  const each = await rig(false);
  await each.count(EVERYBODY, 100);
  // Five had a place, and stay on show until a backend forgets them; the others leave the sum as they fall silent.
  for (const user of EVERYBODY) if (user >= 5 && user !== 15) each.forget(user);
  const absorbed: number[] = [];
  for (let step = 0; step < 40; step++) {
    await each.count([15], 1);
    each.wait(10_000);
    absorbed.push(each.read('absorbed'));
    if (step > 15) expect(each.exposed(), `step ${step}`).toBe(each.truth());
  }
  expect(absorbed[0]).toBeLessThan(absorbed[3] ?? 0);
  expect(absorbed.at(-1)).toBe(absorbed.at(-10));
  await each.stop();
});
