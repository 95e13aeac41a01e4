import { describe, expect, it } from 'vitest';
import {
  EVENT_SCORE,
  type ResourceVerdict,
  ResourceWatch,
  STRONG_NATS,
} from '../../../collector/src/resource/watch.ts';
import { type Random, seeded } from '../../support/random.ts';

const STEP_MS = 300_000;
const DAY = 288;
/** A Monday. */
const START_MS = Date.UTC(2026, 0, 5);

interface Said extends ResourceVerdict {
  readonly reading: number;
}
type Shape = (reading: number, noise: () => number) => number;

/** Events and what made them worse, of readings each five minutes. */
function said(count: number, shape: Shape, { seed = 1, leastChange = 0 } = {}): Said[] {
  const watch = new ResourceWatch({ leastChange });
  const noise = normal(seeded(seed));
  const all: Said[] = [];
  for (let reading = 0; reading < count; reading++) {
    const verdict = watch.take(START_MS + reading * STEP_MS, shape(reading, noise));
    if (verdict.score >= EVENT_SCORE) all.push({ ...verdict, reading });
  }
  return all;
}

function normal(random: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The first strong thing said within a span. */
function firstStrong(all: readonly Said[], from: number, to: number): Said | undefined {
  return all.find(({ reading, nats }) => reading >= from && reading < to && nats >= STRONG_NATS);
}

describe('what changes for good', () => {
  const shift = (seed: number): Said[] =>
    said(6000, (reading, noise) => (reading < 3000 ? 50 : 62) + 3 * noise(), { seed });

  it.each([1, 2, 3])('is told within half an hour, and on which side (seed %i)', (seed) => {
    const first = firstStrong(shift(seed), 3000, 6000);
    expect(first?.reading).toBeLessThan(3006);
    expect(first?.direction).toBe('up');
    expect(Math.abs((first?.usual ?? 0) - 50)).toBeLessThan(6);
  });

  it.each([1, 2, 3])('begins one event, and is normal after it (seed %i)', (seed) => {
    const all = shift(seed);
    expect(all.filter(({ reading, state }) => state === 'begins' && reading >= 3000 && reading < 3150).length).toBe(1);
    expect(firstStrong(all, 3150, 6000)).toBeUndefined();
  });

  it('is told where it only swings more', () => {
    const wilder = said(4000, (reading, noise) => 50 + (reading < 3000 ? 3 : 12) * noise());
    expect(firstStrong(wilder, 3000, 3024)).toBeDefined();
  });

  it.each([1, 2, 3])('is told where it rises by a spread a day, again and again (seed %i)', (seed) => {
    const rising = said(
      3000 + 4 * DAY,
      (reading, noise) => 50 + (3 * Math.max(0, reading - 3000)) / DAY + 3 * noise(),
      { seed },
    );
    const since = rising.filter(({ reading }) => reading >= 3000);
    expect(since.length).toBeGreaterThanOrEqual(3);
    expect(since.every(({ direction }) => direction === 'up')).toBe(true);
  });
});

describe('what passes', () => {
  it('is told at once', () => {
    const all = said(4000, (reading, noise) => (reading === 3000 ? 120 : 50) + 3 * noise());
    const event = firstStrong(all, 0, 4000);
    expect(event).toMatchObject({ reading: 3000, state: 'begins', direction: 'up' });
  });

  it('is normal once it comes often', () => {
    const all = said(12_000, (reading, noise) => (reading > 2000 && reading % 170 === 0 ? 120 : 50) + 3 * noise());
    expect(firstStrong(all, 2000, 2200)).toBeDefined();
    expect(firstStrong(all, 4000, 12_000)).toBeUndefined();
  });

  it('is told where a series stands still that never did', () => {
    const all = said(4000, (reading, noise) => (reading >= 3000 && reading < 3100 ? 50 : 50 + 3 * noise()));
    expect(firstStrong(all, 3000, 3030)).toMatchObject({ sign: 'activity', direction: 'down' });
  });

  it('is nothing where it is less than the least change', () => {
    const step: Shape = (reading) => (reading < 1000 ? 50 : 51);
    expect(said(2000, step)).not.toEqual([]);
    expect(said(2000, step, { leastChange: 5 })).toEqual([]);
    expect(said(2000, (reading) => (reading < 1000 ? 50 : 50.01))).toEqual([]);
  });
});

describe('an event', () => {
  /** States from a change at reading 3000 on. */
  function states(shape: Shape): string[] {
    const watch = new ResourceWatch();
    const noise = normal(seeded(2));
    const all = Array.from({ length: 3300 }, (_, i) => watch.take(START_MS + i * STEP_MS, shape(i, noise)).state);
    return all.slice(3000);
  }

  it('is over when readings are back', () => {
    const all = states((reading, noise) => (reading >= 3000 && reading < 3030 ? 70 : 50) + 3 * noise());
    expect(all.slice(0, 30)).toContain('begins');
    expect(all.slice(4, 30)).not.toContain('back');
    expect(all.slice(30, 50)).toContain('back');
    expect(all.slice(60, 140).filter((state) => state === 'back').length).toBeGreaterThan(70);
  });

  it('is not over while a change lasts, until that is normal', () => {
    const all = states((reading, noise) => (reading >= 3000 ? 70 : 50) + 3 * noise());
    expect(all.slice(0, 3)).toContain('begins');
    expect(all).not.toContain('back');
    expect(all.slice(4, 150).every((state) => state === 'held' || state === 'worsens')).toBe(true);
    expect(all.slice(200).every((state) => state === 'normal')).toBe(true);
  });
});

describe('a season', () => {
  const daily = (reading: number): number => 50 + 20 * Math.sin((2 * Math.PI * reading) / DAY);

  it('is no event', () => {
    const all = said(30 * DAY, (reading, noise) => daily(reading) + 2 * noise());
    expect(firstStrong(all, 0, 30 * DAY)).toBeUndefined();
  });

  it('is missed when a day goes without it, though every value is usual', () => {
    const all = said(13 * DAY, (reading, noise) =>
      Math.floor(reading / DAY) === 11 ? 50 + 2 * noise() : daily(reading) + 2 * noise(),
    );
    const first = firstStrong(all, 11 * DAY, 12 * DAY);
    expect(first?.sign).toMatch(/^season/);
  });

  it('knows weekends once it has seen two', () => {
    const weekly: Shape = (reading, noise) =>
      (Math.floor(reading / DAY) % 7 < 5 ? daily(reading) + 10 : 20) + 2 * noise();
    const all = said(8 * 7 * DAY, weekly);
    expect(firstStrong(all, 5 * DAY, 7 * DAY)).toBeDefined();
    expect(firstStrong(all, 3 * 7 * DAY, 8 * 7 * DAY)).toBeUndefined();
  });
});

describe('noise', () => {
  const shapes: Readonly<Record<string, () => Shape>> = {
    normal: () => (_, noise) => 50 + 5 * noise(),
    'heavy-tailed': () => (_, noise) => Math.exp(3 + 0.8 * noise()),
    wandering: () => {
      let off = 0;
      return (_, noise) => 50 + (off = 0.95 * off + noise());
    },
  };

  it.each(Object.keys(shapes))(
    'that is %s gives an event in 500 readings at most, hardly ever a strong one',
    (name) => {
      let [events, strong] = [0, 0];
      for (const seed of [1, 2, 3]) {
        const begun = said(20_000, shapes[name]?.() ?? (() => 0), { seed }).filter(({ state }) => state === 'begins');
        events += begun.length;
        strong += begun.filter(({ nats }) => nats >= STRONG_NATS).length;
      }
      expect(events).toBeLessThan(120);
      expect(strong).toBeLessThan(6);
    },
  );

  it('gives no event while nothing can be known', () => {
    const early = said(60, (reading) => (reading % 7 === 0 ? 1000 * reading : 1));
    expect(early).toEqual([]);
  });
});

describe('a watch', () => {
  it('takes less than 8 KB, however long a series is', () => {
    const watch = new ResourceWatch();
    for (let reading = 0; reading < 20_000; reading++) watch.take(START_MS + reading * STEP_MS, reading % 97);
    expect(watch.sizeBytes).toBeLessThan(8192);
    expect(watch.sizeBytes).toBe(new ResourceWatch().sizeBytes);
  });

  it('goes on where a snapshot was taken, as if it had never stopped', () => {
    const noise = normal(seeded(5));
    const value = (reading: number): number => 50 + 10 * Math.sin((2 * Math.PI * reading) / DAY) + 2 * noise();
    const first = new ResourceWatch();
    for (let reading = 0; reading < 5000; reading++) first.take(START_MS + reading * STEP_MS, value(reading));
    const second = new ResourceWatch();
    expect(second.restore(first.snapshot())).toBe(true);
    const states: string[] = [];
    for (let reading = 5000; reading < 7000; reading++) {
      const reads = [START_MS + reading * STEP_MS, value(reading) + (reading === 6000 ? 90 : 0)] as const;
      const verdict = first.take(...reads);
      expect(second.take(...reads)).toEqual(verdict);
      if (verdict.nats >= STRONG_NATS) states.push(verdict.state);
    }
    expect(states).toContain('begins');
  });

  it('begins anew rather than with a snapshot it cannot read', () => {
    const watch = new ResourceWatch();
    for (let reading = 0; reading < 500; reading++) watch.take(START_MS + reading * STEP_MS, reading % 7);
    const before = watch.snapshot();
    const other = Uint8Array.from(before);
    other[3] = 200;
    expect(watch.restore(other)).toBe(false);
    expect(watch.restore(before.subarray(1))).toBe(false);
    expect(watch.snapshot()).toEqual(before);
  });

  it('passes over what is no number', () => {
    const shape: Shape = (reading, noise) => 50 + 3 * noise() + (reading === 2500 ? 60 : 0);
    const clean = said(3000, shape);
    const watch = new ResourceWatch();
    const noise = normal(seeded(1));
    const all: number[] = [];
    for (let reading = 0; reading < 3000; reading++) {
      if (reading % 50 === 0) expect(watch.take(START_MS + reading * STEP_MS, NaN)).toMatchObject({ score: 0 });
      if (watch.take(START_MS + reading * STEP_MS, shape(reading, noise)).score >= EVENT_SCORE) all.push(reading);
    }
    expect(all).toEqual(clean.map(({ reading }) => reading));
  });

  it('says since when a reading is overdue, by the intervals there were', () => {
    const watch = new ResourceWatch();
    expect(watch.overdueSinceMs(START_MS)).toBeUndefined();
    let timeMs = START_MS;
    // One of ten takes three steps.
    for (let reading = 0; reading < 200; reading++)
      watch.take((timeMs += reading % 10 === 0 ? 3 * STEP_MS : STEP_MS), reading);
    expect(watch.overdueSinceMs(timeMs + 4 * STEP_MS)).toBeUndefined();
    const sinceMs = watch.overdueSinceMs(timeMs + 6 * STEP_MS) ?? 0;
    expect(sinceMs).toBeGreaterThan(timeMs);
    expect(sinceMs).toBeLessThan(timeMs + 2 * STEP_MS);
  });
});
