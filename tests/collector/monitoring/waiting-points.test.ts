import { expect, it } from 'vitest';
import { WaitingPoints } from '../../../collector/src/monitoring/waiting-points.ts';
import { dataPoint } from '../../support/data-points.ts';

/** Points come in the seconds given, looks every second. @returns what goes, as `second second@second` */
function gone(seconds: readonly number[], hurried: readonly number[] = []): string[] {
  const waiting = new WaitingPoints(1000);
  const batches: string[] = [];
  for (let second = 0; second <= 20; second++) {
    if (seconds.includes(second)) waiting.add({ component: 'cpu', point: dataPoint({ timeMs: second }) });
    if (hurried.includes(second)) waiting.hurry();
    const points = waiting.take(second * 1000);
    if (points.length > 0) batches.push(`${points.map(({ point }) => point.timeMs).join(' ')}@${second}`);
  }
  return batches;
}

it('goes at once after seconds without a point', () => {
  expect(gone([0, 5, 10])).toEqual(['0@0', '5@5', '10@10']);
});

it('goes with what came since, five seconds after others went', () => {
  expect(gone([1, 2, 3, 4, 5, 9])).toEqual(['1@1', '2 3 4 5@6', '9@11']);
});

it('goes at once where somebody is in a hurry', () => {
  expect(gone([1, 2, 3, 4], [3])).toEqual(['1@1', '2 3@3', '4@8']);
});

it('goes whole at the end', () => {
  const waiting = new WaitingPoints(1000);
  waiting.add({ component: 'cpu', point: dataPoint() });
  waiting.take(1000);
  waiting.add({ component: 'cpu', point: dataPoint() });
  expect(waiting.take(2000)).toEqual([]);
  expect(waiting.takeAll()).toHaveLength(1);
  expect(waiting.takeAll()).toEqual([]);
});
