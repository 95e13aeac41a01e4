import { describe, expect, it } from 'vitest';
import type { Law } from '../../../collector/src/monitoring/bands.ts';
import { SeriesControl } from '../../../collector/src/monitoring/series-control.ts';

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
  /** A reading a second. */
  read(...values: number[]): void;
  readonly control: SeriesControl;
  /** As `value@second`. */
  readonly points: string[];
  readonly restarts: number[];
  beat(): void;
}

function rig(law: Law): Rig {
  const points: string[] = [];
  const restarts: number[] = [];
  const control = new SeriesControl(
    (_, value, timeMs) => points.push(`${value}@${timeMs / 1000}`),
    60,
    (_, sinceMs) => restarts.push(sinceMs / 1000),
  );
  control.open(0, law);
  let second = -1;
  return {
    control,
    points,
    restarts,
    read: (...values) => {
      for (const value of values) control.observe(0, value, ++second * 1000, false);
    },
    beat: () => control.beat(0, second * 1000),
  };
}

describe('a level', () => {
  it('is pushed first, and when it has left the band around what was pushed', () => {
    const { read, points } = rig(LEVEL);
    read(100, 105, 95, 110, 111, 112, 98);
    expect(points).toEqual(['100@0', '111@4', '98@6']);
  });

  it('is judged as it stands where it is a ratio', () => {
    const { read, points } = rig({ ...LEVEL, isRatio: true });
    read(0.01, 0.1, 0.12, 0.2);
    expect(points).toEqual(['0.01@0', '0.12@2']);
  });

  it('is relative to 5 % of its range where it is small', () => {
    const { read, points } = rig(LEVEL);
    read(0, 1000, 0, 4, 6);
    const [, ...first] = points;
    expect(first).toEqual(['1000@1', '0@2']);
    const other = rig(LEVEL);
    other.read(1000, 4, 8, 10);
    expect(other.points).toEqual(['1000@0', '4@1', '10@3']);
  });

  it('is relative to what is of interest at least', () => {
    const { read, points } = rig({ ...LEVEL, leastScale: 50 });
    read(1, 5, 6.5);
    expect(points).toEqual(['1@0', '6.5@2']);
  });

  it('is the mean of the quiet seconds on a heartbeat where it is a share of time', () => {
    const { read, points, beat } = rig({ ...LEVEL, isRatio: true, isMean: true });
    read(0.5, 0.5, 0.5625);
    beat();
    expect(points).toEqual(['0.5@0', '0.53125@2']);
  });

  it('needs more to be pushed where it moves much, and forgets that', () => {
    const { read, control } = rig(LEVEL);
    read(100);
    const before = control.band(0);
    read(...Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 200 : 100)));
    expect(control.band(0)).toBeGreaterThan(3 * before);
    read(...Array<number>(900).fill(100));
    expect(control.band(0)).toBe(before);
  });
});

describe('a band', () => {
  const noise = [100, 112, 99, 113, 98, 111, 100, 114, 97, 112];

  it('hides less than half of a step, so that it is pushed whenever it comes again', () => {
    const { read, control, points } = rig(LEVEL);
    for (let round = 0; round < 30; round++) read(...noise, 100, 400, 100);
    expect(control.band(0)).toBeLessThan(150);
    expect(points.slice(-2)).toEqual(['400@388', '100@389']);
  });

  it('is all that is stated, however often it was widened', () => {
    const { read, control } = rig(LEVEL);
    let widest = 0;
    for (let i = 0; i < 200; i++) {
      read(...noise, 150);
      widest = Math.max(widest, control.band(0));
    }
    expect(control.statedError(0)).toBeLessThanOrEqual(1.1 * widest);
    expect(control.statedError(0)).toBeGreaterThan(10);
  });

  it('is not widened by one jump that stays alone', () => {
    const { read, control } = rig(LEVEL);
    read(100, 100, 900, 900, 900);
    expect(control.band(0) / control.scale(0)).toBeCloseTo(LEVEL.threshold);
    read(...Array<number>(100).fill(900));
    expect(control.band(0) / control.scale(0)).toBeCloseTo(LEVEL.threshold);
  });

  it('of a slope hides no second at its highest rate', () => {
    const { read, control, points } = rig(SLOPE);
    let count = 0;
    const counted = Array.from({ length: 300 }, (_, i) => (count += i % 5 === 0 ? 100 : i % 3));
    read(...counted, ...Array<number>(50).fill(count), count + 100, count + 100);
    expect(control.band(0)).toBeLessThan(50);
    expect(points).toContain(`${count}@349`);
  });
});

it('states more than dear readings show, and no less because time passed in which nobody looked', () => {
  const { control } = rig({ ...LEVEL, isDear: true });
  control.observe(0, 100, 0, false);
  control.observe(0, 200, 300_000, false);
  const stated = control.statedError(0);
  expect(stated).toBeGreaterThanOrEqual(200);
  control.observe(0, 201, 900_000, false);
  expect(control.statedError(0)).toBeGreaterThan(0.99 * stated);
});

describe('a slope', () => {
  it('needs no point while it grows alike', () => {
    const { read, points } = rig(SLOPE);
    read(...Array.from({ length: 60 }, (_, i) => 5 + 7 * i));
    expect(points).toEqual(['5@0']);
  });

  it('is pushed as it was before it turned, and as it is where it jumped', () => {
    const { read, points } = rig(SLOPE);
    read(0, 10, 20, 30, 1030, 2030, 3030, 3040);
    expect(points).toEqual(['0@0', '30@3', '1030@4', '3030@6', '3040@7']);
  });

  it('begins anew where it falls, after what it had counted', () => {
    const { read, points, restarts } = rig(SLOPE);
    read(0, 10, 20, 30, 4, 14);
    expect(points).toEqual(['0@0', '30@3', '4@4']);
    expect(restarts).toEqual([3]);
  });

  it('states an error of its band at least, because it is judged only when the line is drawn', () => {
    const { read, control } = rig(SLOPE);
    read(0, 10, 20, 130, 140, 150);
    expect(control.statedError(0)).toBeGreaterThanOrEqual(control.band(0));
  });
});

it('pushes every reading where it is urgent', () => {
  for (const law of [LEVEL, SLOPE]) {
    const { control, points } = rig(law);
    for (let second = 0; second < 5; second++) control.observe(0, 100 + second, second * 1000, true);
    expect(points).toEqual(['100@0', '101@1', '102@2', '103@3', '104@4']);
  }
});

it('is no wider for what was pushed because it was urgent', () => {
  for (const law of [LEVEL, SLOPE]) {
    const { control, read } = rig(law);
    read(...Array.from({ length: 20 }, (_, i) => 100 + i + (i % 2)));
    const before = control.band(0);
    for (let second = 20; second < 40; second++) control.observe(0, 100 + second + (second % 2), second * 1000, true);
    expect(control.band(0) / before).toBeLessThan(1.3);
  }
});

it('uses a row again as if it were new', () => {
  const { control, points, read } = rig(LEVEL);
  read(100, 101);
  control.open(0, LEVEL);
  read(101);
  expect(points).toEqual(['100@0', '101@2']);
});
