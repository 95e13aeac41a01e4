// What a detector may write, and what ends an exam.
import { expect, it } from 'vitest';
import { violationsOf } from '../../../bench/baselines/scan.ts';

const line = (ms: unknown, severity = 'info'): string =>
  JSON.stringify({ t_ms: ms, op: 'a', kind: 'latency', severity, ratio_ci: null });

it('reads a violation a line', () => {
  expect(violationsOf(`${line(1)}\n${line(1, 'none')}\n`).map(({ severity }) => severity)).toEqual(['info', 'none']);
  expect(violationsOf('')).toEqual([]);
});

it('refuses lines that are none, and time that goes back', () => {
  expect(() => violationsOf(line('1'))).toThrow('no violation');
  expect(() => violationsOf(line(1, 'bad'))).toThrow('no violation');
  expect(() => violationsOf('hello')).toThrow();
  expect(() => violationsOf(`${line(2)}\n${line(1)}`)).toThrow('goes back');
});
