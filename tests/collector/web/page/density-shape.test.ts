import { expect, test } from 'vitest';
import { densityShape } from '../../../../collector/src/web/page/density-shape.ts';

const quantile = (share: number, ms: number): { quantile: number; ms: number; lowMs: number; highMs: number } => ({
  quantile: share,
  ms,
  lowMs: ms,
  highMs: ms,
});

test('draws equal factors equally wide, the largest share highest', () => {
  const shape = densityShape(
    [
      [1, 0.1],
      [10, 0.8],
      [100, 0.1],
    ],
    [quantile(0.5, 10), quantile(0.99, 100), quantile(0.999, 5000)],
  );
  expect(shape?.path).toBe('M0 90L0 79.3L150 4L300 79.3L300 90Z');
  // What lies beyond the picture is not marked in it.
  expect(shape?.marks).toEqual([
    { quantile: 0.5, x: 150 },
    { quantile: 0.99, x: 300 },
  ]);
});

test('draws nothing of a single point', () => {
  expect(densityShape([[5, 1]], [])).toBeUndefined();
  expect(densityShape([], [])).toBeUndefined();
});
