import { describe, expect, it } from 'vitest';
import { Bands, type Law } from '../../../collector/src/monitoring/bands.ts';

const LEVEL: Law = {
  follows: 'level',
  isRatio: false,
  isMean: false,
  isDear: false,
  threshold: 0.1,
  leastScale: 0,
  patienceS: 10,
};
const SLOPE: Law = { ...LEVEL, follows: 'slope' };

interface Rig {
  readonly bands: Bands;
  /** A reading a second. */
  read(...values: number[]): void;
  /** So many points were pushed for movement. */
  moved(points: number): void;
  /** The last point was 100. */
  band(): number;
}

function rig(law: Law): Rig {
  const bands = new Bands();
  bands.open(0, law);
  let second = 0;
  return {
    bands,
    read: (...values) => {
      for (const value of values) bands.take(0, value, 1000 * second++);
    },
    moved: (points) => {
      for (let i = 0; i < points; i++) bands.moved(0);
    },
    band: () => bands.band(0, 100),
  };
}

const flat = (count: number, value: number): number[] => Array<number>(count).fill(value);
/** Up for two seconds in five, all phases of a fixed interval miss some of it. */
const pulses = (count: number, height: number): number[] =>
  Array.from({ length: count }, (_, i) => 100 + (i % 5 < 2 ? height : 0));

describe('the band of a level', () => {
  it('is what is configured, whatever it did, until a second point was pushed for it', () => {
    const { read, moved, band } = rig(LEVEL);
    read(...pulses(60, 400));
    expect(band()).toBeCloseTo(10);
    moved(1);
    expect(band()).toBeCloseTo(10);
    moved(1);
    expect(band()).toBeGreaterThan(130);
  });

  it('is a third of a change from the first one on, whether it took one reading or two', () => {
    for (const step of [[400], [250, 400]]) {
      const { read, moved, band } = rig(LEVEL);
      read(...flat(5, 100), ...step);
      moved(2);
      expect(band()).toBeCloseTo(0.33 * 300);
    }
  });

  it('is less than half of what a fixed interval misses, and grows to that', () => {
    const { read, moved, band } = rig(LEVEL);
    moved(1);
    read(...pulses(100, 400));
    moved(2);
    expect(band()).toBeGreaterThan(0.39 * 400);
    expect(band()).toBeLessThan(0.41 * 400);
  });

  it('is what is configured again minutes after it last moved', () => {
    const { read, moved, band } = rig(LEVEL);
    read(...pulses(60, 400));
    moved(2);
    read(...flat(200, 100));
    expect(band()).toBeGreaterThan(20);
    read(...flat(250, 100));
    expect(band()).toBeCloseTo(10);
  });

  it('forgets within half an hour what a fixed interval missed', () => {
    const { read, moved, band } = rig(LEVEL);
    moved(4);
    read(...pulses(100, 400), ...flat(1800, 100), 110);
    moved(3);
    expect(band()).toBeCloseTo(10);
  });

  it('never is less than what is configured', () => {
    const { read, moved, band } = rig(LEVEL);
    read(...flat(20, 100), 101, 100, 101);
    moved(4);
    expect(band()).toBeCloseTo(10);
  });
});

describe('the band of a slope', () => {
  const counted = (rates: readonly number[]): number[] => {
    let sum = 0;
    return rates.map((rate) => (sum += rate));
  };

  it('hides a fifth of a second at its highest rate as soon as that was seen', () => {
    const { read, moved, band } = rig({ ...SLOPE, threshold: 0.01 });
    read(...counted([...flat(5, 10), 1000]));
    expect(band()).toBeCloseTo(0.01 * 0.1 * 1000 * 5);
    moved(2);
    expect(band()).toBeCloseTo(0.22 * 1000);
  });

  it('grows to less than half of what a fixed interval misses', () => {
    const { read, moved, band } = rig({ ...SLOPE, threshold: 0.01 });
    moved(1);
    // Bursts of 8 s every 20 s: a line over 14 s misses seconds of them.
    read(...counted(Array.from({ length: 200 }, (_, i) => (i % 20 < 8 ? 1000 : 0))));
    moved(2);
    expect(band()).toBeGreaterThan(0.5 * 1000);
    expect(band()).toBeLessThan(2 * 1000);
  });

  it('learns from rates, and from none where the counter began anew', () => {
    const { read, bands } = rig(SLOPE);
    read(1_000_000, 1_000_010, 5, 15);
    expect(bands.scale(0, 15)).toBeCloseTo(0.1 * 10);
  });
});

it('begins anew with a row that was used before', () => {
  const { bands, read, moved, band } = rig(LEVEL);
  read(...pulses(60, 400));
  moved(4);
  bands.open(0, LEVEL);
  read(100, 101);
  moved(4);
  expect(band()).toBeCloseTo(10);
});
