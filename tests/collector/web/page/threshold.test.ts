import { expect, test } from 'vitest';
import type { SpanJson } from '../../../../collector/src/web/api.ts';
import { explainSampling, explainThreshold, readThreshold } from '../../../../collector/src/web/page/threshold.ts';

function spansWith(...traceStates: string[]): SpanJson[] {
  return traceStates.map((traceState) => ({ traceState }) as SpanJson);
}

test('a threshold says how many spans a kept one stands for', () => {
  expect(readThreshold('ot=th:0')).toEqual({ stands: 1, text: '0' });
  expect(readThreshold('vendor=th:8,ot=rv:00000000000000;th:c')).toEqual({ stands: 4, text: 'c' });
  for (const none of ['', 'ot=rv:00000000000000', 'vendor=th:8', 'ot=th:xyz'])
    expect(readThreshold(none)).toBeUndefined();
});

test('threshold 0 reads as 1 in 1', () => {
  expect(explainThreshold('ot=th:0')).toBe('threshold ot=th:0: every trace like this is kept, 1 in 1');
});

test('a tenth reads as 1 in 10, though its threshold is cut to four digits', () => {
  expect(explainThreshold('vendor=x,ot=th:e6666')).toBe(
    'threshold ot=th:e6666: 1 in 10 is kept, so each span stands for about 10',
  );
});

test('a trace of one threshold is told in one line', () => {
  expect(explainSampling('errors', spansWith('ot=th:0', 'ot=th:0;rv:80000000000000'))).toBe(
    'Kept by policy errors; threshold ot=th:0: every trace like this is kept, 1 in 1.',
  );
});

test('a trace without thresholds says what to do', () => {
  expect(explainSampling('share', spansWith('', ''))).toContain('name it in sources.unsampled');
});

test('a trace of several thresholds gives their range and what is unknown', () => {
  expect(explainSampling('share', spansWith('ot=th:8', 'ot=th:c', 'ot=th:c'))).toBe(
    'Kept by policy share; its spans stand for 2 to 4 each by their own thresholds.',
  );
  expect(explainSampling('share', spansWith('ot=th:8', '', ''))).toBe(
    'Kept by policy share; its spans stand for 2 each by their threshold; 2 of 3 carry no threshold, what they stand for is unknown.',
  );
});
