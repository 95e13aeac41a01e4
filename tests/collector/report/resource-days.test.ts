import { expect, it } from 'vitest';
import { joinResources, mostTelling, oneOfDay } from '../../../collector/src/report/resource-days.ts';

const HOUR_MS = 3_600_000;

it('joins the hours of before a restart and after it, and days to one point each', () => {
  const part = (hours: readonly number[], value: number) => ({
    name: 'x',
    unit: '1',
    mean: value,
    max: value * 2,
    points: hours.map((hour) => ({ timeMs: hour * HOUR_MS, value })),
  });
  const [joined] = joinResources([part([0, 1], 4), part([1, 2], 8)]);
  expect(joined).toMatchObject({ max: 16, points: [{ value: 4 }, { value: 6 }, { value: 8 }] });
  expect(joined?.mean).toBe(6);
  expect(oneOfDay(part([5, 6], 3)).points).toEqual([{ timeMs: 5 * HOUR_MS, value: 3 }]);
});

it('keeps of very many what is nearest its limit', () => {
  const named = (i: number) => ({ name: `r${String(i).padStart(3, '0')}`, unit: '1', mean: 0, max: i, points: [] });
  const many = Array.from({ length: 400 }, (_, i) => ({ ...named(i), ...(i % 100 === 99 ? { limit: 1000 } : {}) }));
  const kept = mostTelling(many).map(({ name }) => name);
  expect(kept.slice(0, 5)).toEqual(['r399', 'r299', 'r199', 'r099', 'r000']);
  expect(kept).toHaveLength(300);
  expect(mostTelling(many.slice(0, 300))).toEqual(many.slice(0, 300));
});
