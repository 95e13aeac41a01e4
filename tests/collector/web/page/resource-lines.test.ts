import { expect, test } from 'vitest';
import { linesOf, newestOf, type Series, type Source } from '../../../../collector/src/web/page/resource-lines.ts';

const NOW_MS = 30_000;

/** Points by Unix second. */
function series(metric: string, points: readonly (readonly [number, number])[], shape: Partial<Series> = {}): Series {
  const kept = points.map(([second, value]) => [NOW_MS - second * 1000, value] as const);
  return { metric, unit: '', kind: 'gauge', attributes: {}, points: kept, ...shape };
}

/** Lines by name. */
function lines(known: readonly Series[], ...sources: Source[]): Record<string, readonly (number | null)[]> {
  return Object.fromEntries(linesOf(known, sources, NOW_MS).lines.map(({ label, values }) => [label, values]));
}

test('a gauge is drawn as it came, and up to now', () => {
  const { times, lines: drawn } = linesOf(
    [
      series('m', [
        [10, 1],
        [20, 5],
      ]),
    ],
    [{ metric: 'm', label: 'used' }],
    NOW_MS,
  );
  expect(times).toEqual([10, 20, 30]);
  expect(drawn).toEqual([{ label: 'used', values: [1, 5, 5] }]);
});

test('of a running total its growth per second is drawn, also where it began anew', () => {
  const total = series(
    'm',
    [
      [10, 100],
      [20, 150],
      [25, 150],
      [30, 10],
    ],
    { kind: 'counter' },
  );
  const { times, lines: drawn } = linesOf([total], [{ metric: 'm' }], NOW_MS);
  expect(times).toEqual([20, 25, 30]);
  expect(drawn[0]?.values).toEqual([5, 0, 2]);
});

test('growth is by the exact time, though lines are drawn by whole seconds', () => {
  const total = series(
    'm',
    [
      [10.4, 0],
      [12.6, 22],
    ],
    { kind: 'counter' },
  );
  expect(lines([total], { metric: 'm' })['m']?.[0]).toBeCloseTo(10);
});

test('series with one value of an attribute are one line, added up, each held until it changes', () => {
  const known = [
    series(
      'm',
      [
        [10, 1],
        [30, 2],
      ],
      { attributes: { direction: 'in', device: 'a' } },
    ),
    series('m', [[20, 10]], { attributes: { direction: 'in', device: 'b' } }),
    series('m', [[10, 7]], { attributes: { direction: 'out', device: 'a' } }),
    series('other', [[10, 7]]),
  ];
  expect(lines(known, { metric: 'm', by: ['way', 'direction'] })).toEqual({ in: [1, 11, 12], out: [7, 7, 7] });
});

test('nothing is drawn before a series begins', () => {
  const known = [
    series('a', [
      [10, 1],
      [20, 1],
    ]),
    series('b', [[20, 3]]),
    series(
      'c',
      [
        [10, 0],
        [20, 40],
      ],
      { kind: 'counter' },
    ),
  ];
  expect(lines(known, { metric: 'a' }, { metric: 'b' }, { metric: 'c' })).toEqual({
    a: [1, 1, 1],
    b: [null, 3, 3],
    c: [null, 4, 4],
  });
});

test('of equal parts the mean is drawn, with what is the rest of a whole left out', () => {
  const core = (cpu: string, mode: string, value: number): Series =>
    series('m', [[10, value]], { attributes: { cpu, mode } });
  const known = [core('0', 'user', 0.5), core('0', 'system', 0.1), core('0', 'idle', 0.4), core('1', 'user', 0.2)];
  const busy = { metric: 'm', by: ['mode'], except: ['idle'], together: 'busy', meanOver: ['cpu'] };
  expect(lines(known, busy)['busy']?.[0]).toBeCloseTo(0.4);
});

test('the largest four lines are drawn, or three and all others together', () => {
  const many = (count: number): Series[] =>
    Array.from({ length: count }, (_, i) => series('m', [[10, i + 1]], { attributes: { state: `s${i}` } }));
  const source = { metric: 'm', by: ['state'] };
  expect(Object.keys(lines(many(4), source))).toEqual(['s3', 's2', 's1', 's0']);
  expect(lines(many(6), source)).toEqual({ s5: [6, 6], s4: [5, 5], s3: [4, 4], others: [6, 6] });
});

test('nothing is drawn of what has no two points to grow between, or none', () => {
  const known = [series('m', [[10, 1]], { kind: 'counter' }), series('n', [])];
  expect(linesOf(known, [{ metric: 'm' }, { metric: 'n' }], NOW_MS)).toEqual({ times: [], lines: [] });
});

test('a line ends where nothing came for five minutes', () => {
  const known = [
    series('gauge', [[10, 7]]),
    series(
      'total',
      [
        [0, 1],
        [10, 21],
      ],
      { kind: 'counter' },
    ),
  ];
  const check = (nowSecond: number, expected: (number | null)[]): void => {
    const aged = known.map((each) => ({
      ...each,
      points: each.points.map(([ago, value]) => [ago + nowSecond * 1000 - NOW_MS, value] as const),
    }));
    const { lines: drawn } = linesOf(aged, [{ metric: 'gauge' }, { metric: 'total' }], nowSecond * 1000);
    expect(drawn.map(newestOf)).toEqual(expected);
  };
  check(310, [7, 2]);
  check(311, [null, null]);
});
