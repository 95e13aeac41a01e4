import { describe, expect, it } from 'vitest';
import { ResourceSaturation } from '../../../collector/src/resource/saturation.ts';
import { seeded } from '../../support/random.ts';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;

/** Changes of severity, as `second:severity`, of readings every ten seconds. */
function changes(ratios: readonly number[], everyMs = 10_000): string[] {
  const saturation = new ResourceSaturation();
  return ratios.flatMap((ratio, i) => {
    const { severity, isChange } = saturation.take(START_MS + i * everyMs, ratio);
    return isChange ? [`${(i * everyMs) / 1000}:${severity}`] : [];
  });
}
const held = (ratio: number, count: number): number[] => Array<number>(count).fill(ratio);

describe('saturation', () => {
  it('is said a minute after a resource passed 80 and 95 %', () => {
    expect(changes([...held(0.5, 6), ...held(0.85, 12), ...held(0.97, 12)])).toEqual(['120:warning', '240:critical']);
  });

  it('is not said at the limit itself, nor of what passes it for less than a minute', () => {
    expect(changes(held(0.8, 60))).toEqual([]);
    expect(changes([...held(0.5, 6), ...held(0.99, 5), ...held(0.5, 30)])).toEqual([]);
  });

  it('is said once of what swings around a limit, dips included', () => {
    const random = seeded(1);
    const swinging = Array.from({ length: 600 }, () => 0.79 + 0.04 * random());
    expect(changes([...held(0.9, 12), ...swinging])).toEqual(['60:warning']);
    const dipping = Array.from({ length: 60 }, (_, i) => (i % 4 === 3 ? 0.7 : 0.9));
    expect(changes(dipping)).toHaveLength(1);
  });

  it('is over a minute after it fell well below', () => {
    expect(changes([...held(0.97, 12), ...held(0.9, 12), ...held(0.5, 12)])).toEqual([
      '60:critical',
      '180:warning',
      '300:none',
    ]);
  });

  it('takes three readings where they come seldom', () => {
    expect(changes([0.5, 0.9, 0.5, 0.9, 0.9, 0.9, 0.9], 10 * MINUTE_MS)).toEqual(['3000:warning']);
  });

  it('knows since when', () => {
    const saturation = new ResourceSaturation();
    let onsetMs = NaN;
    for (let i = 0; i < 30; i++) ({ onsetMs } = saturation.take(START_MS + i * 10_000, i < 10 ? 0.5 : 0.9));
    expect(onsetMs).toBe(START_MS + 100_000);
  });

  it('passes over what is no number', () => {
    expect(changes([...held(0.9, 3), NaN, ...held(0.9, 6)])).toEqual(['60:warning']);
  });
});

describe('time to the limit', () => {
  /** A disk read each minute that fills by a share an hour, with noise and a few wild readings. */
  function filled(perHour: number, hours: number): ResourceSaturation {
    const random = seeded(7);
    const saturation = new ResourceSaturation();
    for (let minute = 0; minute < hours * 60; minute++) {
      const wild = random() < 0.02 ? 0.3 : 0;
      saturation.take(START_MS + minute * MINUTE_MS, 0.5 + (perHour * minute) / 60 + 0.01 * (random() - 0.5) + wild);
    }
    return saturation;
  }

  it('is told with an interval from the trend of the last hours', () => {
    const time = filled(0.02, 10).timeToLimit();
    const truthMs = 15 * 60 * MINUTE_MS;
    expect(Math.abs((time?.ms ?? 0) / truthMs - 1)).toBeLessThan(0.05);
    expect(time?.earliestMs).toBeLessThan(truthMs);
    expect(time?.latestMs).toBeGreaterThan(truthMs);
  });

  it('is not told of what does not rise, nor of a few minutes', () => {
    expect(filled(0, 10).timeToLimit()).toBeUndefined();
    expect(filled(-0.02, 10).timeToLimit()).toBeUndefined();
    expect(filled(0.02, 0.4).timeToLimit()).toBeUndefined();
  });

  it('forgets what was before the last hours', () => {
    const saturation = filled(0.02, 10);
    for (let minute = 600; minute < 1100; minute++)
      saturation.take(START_MS + minute * MINUTE_MS, 0.3 + (minute % 7) / 1000);
    expect(saturation.timeToLimit()).toBeUndefined();
  });

  it('goes on after it was kept', () => {
    const first = new ResourceSaturation();
    held(0.9, 120).forEach((ratio, i) => first.take(START_MS + i * MINUTE_MS, ratio + i * 1e-4));
    const again = new ResourceSaturation();
    again.restore(structuredClone(first.snapshot()));
    expect(again.timeToLimit()).toEqual(first.timeToLimit());
    expect(again.take(START_MS + 120 * MINUTE_MS, 0.9)).toMatchObject({ severity: 'warning', isChange: false });
  });

  it('is over as soon as is asked, however long it takes to be said', () => {
    const slow = new ResourceSaturation({ sustainedMs: 900_000, clearMs: 60_000 });
    const severities = [...held(1, 20), ...held(0.1, 4)].map(
      (ratio, i) => slow.take(START_MS + i * MINUTE_MS, ratio).severity,
    );
    expect(severities.indexOf('critical')).toBe(15);
    expect(severities.slice(20)).toEqual(['critical', 'none', 'none', 'none']);
  });
});
