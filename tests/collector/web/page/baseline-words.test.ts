import { expect, test } from 'vitest';
import type { BaselineLine, GroupSummary, Sight } from '../../../../collector/src/web/api.ts';
import {
  bySeverity,
  chanceText,
  lastedText,
  learnedText,
  openText,
  progressRatio,
  progressText,
  quantilesText,
  ratioText,
  seasonText,
  seenSoon,
  sightsText,
  sightText,
  watchedText,
} from '../../../../collector/src/web/page/baseline-words.ts';
import { openCount, worstOf } from '../../../../collector/src/web/page/severities.ts';

const NOTHING_OPEN = { info: 0, warning: 0, critical: 0, emergency: 0 };

function group(id: string, severity: GroupSummary['severity'], onsetMs = 0): GroupSummary {
  return { id, severity, peak: 'critical', onsetMs, changedMs: onsetMs, members: [], memberCount: 0 };
}

test('open groups come with the worst first, then the latest', () => {
  const groups = [
    group('info', 'info', 9),
    group('over', 'none', 9),
    group('early', 'critical', 1),
    group('late', 'critical', 2),
    group('stop', 'emergency', 0),
  ];
  expect(bySeverity(groups).map(({ id }) => id)).toEqual(['stop', 'late', 'early', 'info']);
});

test('what is open is counted, and the worst of it named', () => {
  const check = (open: Partial<typeof NOTHING_OPEN>, expected: readonly unknown[]): void => {
    const all = { ...NOTHING_OPEN, ...open };
    expect([openCount(all), worstOf(all), openText(all)]).toEqual(expected);
  };
  check({}, [0, 'none', '0 open violations']);
  check({ info: 1 }, [1, 'info', '1 open violation: 1 info']);
  check({ info: 2, warning: 1, emergency: 1 }, [4, 'emergency', '4 open violations: 1 emergency, 1 warning, 2 info']);
});

test('ratios come with their interval, also where it has no end', () => {
  expect(ratioText({ value: 3.94, low: 3.62, high: 4.217 })).toBe('3.9 × (3.6 to 4.2)');
  expect(ratioText({ value: 25.44, low: 10, high: 140.2 })).toBe('25.4 × (10 to 140)');
  // As JSON brings Infinity.
  expect(ratioText({ value: 3.3, low: 3.3, high: 3.3 })).toBe('3.3 ×');
  expect(ratioText({ value: 2, low: 1.5, high: null as never })).toBe('2 × (1.5 or more)');
});

test('quantiles are named', () => {
  expect(
    quantilesText([
      { quantile: 0.5, ratio: 1.02 },
      { quantile: 0.99, ratio: 7.96 },
    ]),
  ).toBe('p50 1 ×, p99 8 ×');
  expect(quantilesText([])).toBe('');
  expect(learnedText({ quantile: 0.95, ms: 27.81, lowMs: 26.4, highMs: 1290 })).toBe('p95 27.8 ms (26.4 ms to 1.29 s)');
});

test('chance is told in days, then years', () => {
  const check = (days: number, expected: string): void => expect([days, chanceText(days)]).toEqual([days, expected]);
  check(0.2, 'more than once a day');
  check(1, 'once in 1 day');
  check(24.4, 'once in 24 days');
  check(800, 'once in 2 years');
  check(1e9, 'less than once in 10,000 years');
});

test('says how soon what would be seen', () => {
  const sight: Sight[] = [
    { kind: 'latency', to: 1.2, seconds: 240.4 },
    { kind: 'latency', to: 1.5, seconds: 21.2 },
    { kind: 'error', to: 0.05, seconds: 60 },
    { kind: 'error', to: 0.25, seconds: null },
    { kind: 'throughput', to: 0, seconds: 0.3 },
  ];
  expect(sight.map(sightText)).toEqual([
    '1.2 × as long: 4 min',
    '1.5 × as long: 21 s',
    'errors to 5 %: 1 min',
    'errors to 25 %: not within 10 min',
    'no more calls: 1 s',
  ]);
  expect(seenSoon(sight).map(({ to }) => to)).toEqual([1.5, 0.05, 0]);
});

test('learning is as far as what it lacks most', () => {
  const check = (calls: number, windows: number, ratio: number, text: string): void => {
    const progress = { calls, ofCalls: 100, windows, ofWindows: 20 };
    const line: BaselineLine = { key: '', service: '', operation: '', kind: '', state: 'learning', progress };
    expect([progressRatio(line), progressText(line)]).toEqual([ratio, text]);
  };
  check(0, 0, 0, '0 of 100 calls, 0 of 20 windows');
  check(61, 4, 0.2, '61 of 100 calls, 4 of 20 windows');
  check(1500, 10, 0.5, '1,500 calls, 10 of 20 windows');
  check(1500, 24, 1, '1,500 calls, 24 windows');
});

test('says what is watched', () => {
  expect(watchedText({ learned: 0, provisional: 0, learning: 0 })).toBe('No operation is watched yet.');
  expect(watchedText({ learned: 0, provisional: 1, learning: 0 })).toBe('1 operation is watched: 1 provisional.');
  expect(watchedText({ learned: 1200, provisional: 1, learning: 2 })).toBe(
    '1,203 operations are watched: 1,200 learned, 1 provisional, 2 still learning.',
  );
});

test('says how long it lasted, or has lasted', () => {
  const times = { onsetMs: 1000, changedMs: 31_000 };
  expect(lastedText({ ...times, severity: 'none' }, 90_000)).toBe('30.0 s');
  expect(lastedText({ ...times, severity: 'info' }, 91_000)).toBe('1 min 30 s');
  // Clocks of reader and sidecar may differ.
  expect(lastedText({ ...times, severity: 'info' }, 0)).toBe('0 ms');
});

test('all that would be seen stands in one line, and a season says what it makes of now', () => {
  const sight: Sight[] = [
    { kind: 'latency', to: 1.5, seconds: 21 },
    { kind: 'latency', to: 1.2, seconds: 240 },
    { kind: 'throughput', to: 0, seconds: null },
  ];
  expect(sightsText(sight)).toBe('1.5 × as long: 21 s; 1.2 × as long: 4 min; no more calls: not within 10 min');
  expect(seasonText({ periodSeconds: 86_400, now: 1.3, least: 0.8, most: 1.6 })).toBe(
    'It comes back every 1 d: 0.8 to 1.6 × as long, 1.3 × now.',
  );
});

test('what chance never does comes as null over JSON', () => {
  expect([null, Infinity].map((days) => chanceText(days))).toEqual(['never', 'never']);
});
