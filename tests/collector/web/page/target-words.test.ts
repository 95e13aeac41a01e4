import { expect, it } from 'vitest';
import type { TargetLine, TargetSubject } from '../../../../collector/src/web/api.ts';
import { isJudged, missedFirst, stateText } from '../../../../collector/src/web/page/target-words.ts';

function line(name: string, subjects: readonly Pick<TargetSubject, 'state'>[]): TargetLine {
  return {
    name,
    of: 'metrics',
    what: '',
    statistic: 'mean',
    bound: 1,
    direction: 'max',
    text: 'at most 1',
    unit: '',
    windowSeconds: 60,
    subjects: subjects.map((each) => ({ name: '', attributes: {}, value: 2, text: '2', sinceMs: 1000, ...each })),
    subjectCount: subjects.length,
    missedCount: subjects.filter(({ state }) => state === 'missed').length,
  };
}

const [met, missed, unknown] = (['met', 'missed', 'unknown'] as const).map((state) => ({ state }));

it('shows what is missed first, and tells what is not judged apart', () => {
  const targets = [line('idle', []), line('met', [{ state: 'met' }]), line('missed', [{ state: 'missed' }])];
  expect(missedFirst(targets).map(({ name }) => name)).toEqual(['missed', 'idle', 'met']);
  expect(targets.filter(isJudged).map(({ name }) => name)).toEqual(['met', 'missed']);
});

it('says how many miss a target, and since when', () => {
  const check = (states: readonly (Pick<TargetSubject, 'state'> | undefined)[], text: string): void => {
    const subjects = states.filter((each) => each !== undefined);
    expect(stateText(line('a', subjects), 61_000)).toBe(text);
  };
  check([unknown], 'too little to judge yet');
  check([met, unknown], 'met');
  check([missed], 'missed, 1 min ago');
  check([missed, missed, met], 'missed by 2 of 3 subjects, 1 min ago');
});
