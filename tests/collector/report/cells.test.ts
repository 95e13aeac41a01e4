import { describe, expect, it } from 'vitest';
import {
  barsText,
  changeCell,
  countText,
  durationText,
  ratioText,
  timeText,
  unitText,
} from '../../../collector/src/report/cells.ts';

function check<In>(write: (value: In) => string, pairs: readonly (readonly [In, string])[]): void {
  expect(pairs.map(([value]) => write(value))).toEqual(pairs.map(([, text]) => text));
}

describe('values in reports', () => {
  it('are durations in the unit people would say', () => {
    check(durationText, [
      [0, '0 ms'],
      [0.0123, '0.012 ms'],
      [9.94, '9.9 ms'],
      [99.6, '100 ms'],
      [999.6, '1 s'],
      [9_949, '9.9 s'],
      [99_400, '99 s'],
      [100_000, '2 min'],
      [5_400_000, '90 min'],
      [7_200_000, '2 h'],
      [172_800_000, '2 days'],
    ]);
  });

  it('are counts, ratios, times, and numbers with their unit', () => {
    check(countText, [
      [0, '0'],
      [1_234_567, '1\u202f234\u202f567'],
    ]);
    check(ratioText, [
      [0, '0 %'],
      [0.00012, '0.012 %'],
      [0.0312, '3.1 %'],
      [0.995, '100 %'],
      [1, '100 %'],
    ]);
    check(timeText, [
      [Date.UTC(2026, 2, 1, 14, 5, 59), '2026-03-01 14:05'],
      [NaN, '–'],
      [1e300, '–'],
    ]);
    check(
      ([value, unit]: readonly [number, string]) => unitText(value, unit),
      [
        [[0.5, '1'], '50 %'],
        [[0.25, 's'], '250 ms'],
        [[1536, 'By'], '1.5 KiB'],
        [[5 * 2 ** 20, 'By/s'], '5 MiB/s'],
        [[1_000, '{file}'], '1\u202f000 file'],
      ],
    );
  });

  it('are changes with their news, and none where it is small or nothing was before', () => {
    expect(changeCell(100, 120, 'more_is_worse')).toMatchObject({ text: '+20 %', tone: 'worse' });
    expect(changeCell(100, 50, 'more_is_worse')).toMatchObject({ text: '−50 %', tone: 'better' });
    expect(changeCell(100, 410, 'more_is_better')).toMatchObject({ text: '4.1 ×', tone: 'better' });
    expect(changeCell(100, 104, 'more_is_worse').text).toBe('same');
    expect(changeCell(100, 150, 'neutral')).not.toHaveProperty('tone');
    expect(changeCell(0, 3, 'more_is_worse')).toEqual({ text: 'new', value: null });
    expect(changeCell(undefined, 3, 'more_is_worse').text).toBe('–');
  });

  it('are bars from the lowest to the highest', () => {
    check(barsText, [
      [[0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█'],
      [[5, 5], '▄▄'],
      [[0, NaN, 8], '▁ █'],
      [[1], ''],
      [[], ''],
    ]);
  });
});
