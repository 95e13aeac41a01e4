import { expect, it } from 'vitest';
import { FeedbackCounts } from '../../../collector/src/alert/feedback.ts';

const of = (key: string) => ({ key, name: `named ${key}`, attributes: {} });
const said = (isUseful: boolean) => ({ isUseful, by: 'ada', atMs: 1 });

it('counts the last answer to each alert, by what the alert was of', () => {
  const counts = new FeedbackCounts();
  counts.note(of('a'), false, undefined, 1);
  counts.note(of('a'), false, undefined, 2);
  counts.note(of('b'), true, undefined, 3);
  counts.note(of('a'), true, said(false), 4);
  counts.note(of('a'), true, said(true), 5);
  expect(counts.list()).toEqual([
    { key: 'b', name: 'named b', useful: 1, useless: 0, atMs: 3 },
    { key: 'a', name: 'named a', useful: 1, useless: 1, atMs: 5 },
  ]);
});

it('takes back nothing that it does not know of', () => {
  const counts = new FeedbackCounts();
  counts.note(of('a'), true, said(false), 1);
  expect(counts.list()).toMatchObject([{ useful: 1, useless: 0 }]);
});

it('forgets what was spoken of longest ago where there is too much, also of what was kept', () => {
  const counts = new FeedbackCounts();
  for (let i = 0; i < 1000; i++) counts.note(of(`s${i}`), true, undefined, i);
  counts.note(of('s0'), true, undefined, 1000);
  counts.note(of('new'), true, undefined, 1001);
  const keys = counts.list().map(({ key }) => key);
  expect([keys.length, keys[0], keys.slice(-2)]).toEqual([1000, 's2', ['s0', 'new']]);
  const again = new FeedbackCounts();
  again.restore([{ key: 'older', name: '', useful: 1, useless: 0, atMs: 0 }, ...counts.list()]);
  expect(again.list()).toEqual(counts.list());
});
