import { expect, it } from 'vitest';
import { Beats } from '../../../collector/src/monitoring/beats.ts';

/** Points of rows that move in the seconds given and are repeated when they are due, as `row@second`, first points left out. */
function run(heartbeatS: number, seconds: number, moves: readonly (readonly number[])[]): string[] {
  const beats = new Beats(heartbeatS * 1000, 1000);
  const pushedMs = moves.map(() => 0);
  const repeated: string[] = [];
  for (let second = 1; second <= seconds; second++) {
    for (const [row, own] of moves.entries()) if (own.includes(second)) pushedMs[row] = second * 1000;
    for (const row of beats.due(pushedMs.keys(), (each) => pushedMs[each] ?? NaN, second * 1000)) {
      pushedMs[row] = second * 1000;
      repeated.push(`${row}@${second}`);
    }
  }
  return repeated;
}

it('comes as late as the next look would be too late', () => {
  expect(run(60, 180, [[]])).toEqual(['0@59', '0@118', '0@177']);
  expect(run(10, 30, [[]])).toEqual(['0@9', '0@18', '0@27']);
  expect(run(1, 3, [[]])).toEqual(['0@1', '0@2', '0@3']);
});

it('is put off by what was pushed in between', () => {
  expect(run(60, 130, [[50], []])).toEqual(['1@59', '0@109', '1@118']);
});

it('takes along who would be due within a twentieth of it', () => {
  expect(run(60, 130, [[3], [4], []])).toEqual(['0@59', '2@59', '1@63', '0@118', '2@118', '1@122']);
});

it('is never missed, whenever series begin and move', () => {
  const moves = Array.from({ length: 40 }, (_, row) => Array.from({ length: 30 }, (__, i) => 1 + row + i * (7 + row)));
  const repeated = run(60, 600, moves);
  for (const [row, own] of moves.entries()) {
    const at = repeated.filter((point) => point.startsWith(`${row}@`)).map((point) => Number(point.split('@')[1]));
    const all = [0, ...own.filter((second) => second <= 600), ...at].sort((a, b) => a - b);
    expect(Math.max(...all.slice(1).map((second, i) => second - (all[i] ?? 0)))).toBeLessThanOrEqual(59);
  }
});
