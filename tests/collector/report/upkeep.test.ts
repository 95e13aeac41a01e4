import { expect, it } from 'vitest';
import { upkeepOf } from '../../../collector/src/report/upkeep.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 100 * DAY_MS;

const results = (...args: Parameters<typeof upkeepOf>): string[] => upkeepOf(...args).map(({ result }) => result);

it('tells what was done, what failed, and what is due, with the command that does it', () => {
  expect(upkeepOf({}, NOW_MS)).toMatchObject([
    { result: 'due', detail: 'never done; run evenkeel store backup FILE' },
    { result: 'due', detail: 'never done; run evenkeel store verify' },
  ]);
  const backup = { timeMs: NOW_MS - 6 * DAY_MS, isSound: true, detail: '3 documents' };
  const verify = { timeMs: NOW_MS - 20 * DAY_MS, isSound: false, detail: 'its checksum is wrong' };
  expect(upkeepOf({ backup, verify }, NOW_MS)).toMatchObject([
    { result: 'done', lastMs: backup.timeMs, detail: '3 documents' },
    { result: 'failed', lastMs: verify.timeMs, detail: 'its checksum is wrong' },
  ]);
  expect(results({ backup, verify: { ...verify, isSound: true } }, NOW_MS + 2 * DAY_MS)).toEqual(['due', 'done']);
});
