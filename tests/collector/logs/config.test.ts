import { expect, it } from 'vitest';
import { parseConfig } from '../../../collector/src/config/load.ts';

const MIB = 1024 * 1024;

const logsOf = (yaml: string): unknown => parseConfig(yaml, 'test.yaml').logs;

it('takes a word or a block, and passes logs through unless told otherwise', () => {
  const times = { unseen_wait: 6000 };
  expect(logsOf('')).toEqual({ mode: 'pass', ...times });
  expect(logsOf('logs:')).toEqual({ mode: 'pass', ...times });
  expect(logsOf('logs: pass')).toEqual({ mode: 'pass', ...times });
  expect(logsOf('logs: false')).toBe(false);
  expect(logsOf('logs: follow')).toEqual({ mode: 'follow', ...times });
  expect(logsOf('logs: { mode: follow, max_held: 8MiB, unseen_wait: 0s, max_wait: 5m }')).toEqual({
    mode: 'follow',
    max_held: 8 * MIB,
    unseen_wait: 0,
    max_wait: 300_000,
  });
});

it('says what is wrong with either form', () => {
  const check = (yaml: string, message: RegExp): void => expect(() => logsOf(yaml)).toThrow(message);
  check('logs: folow', /test\.yaml:1 logs: must be pass or follow, or a map/);
  check('logs: { max_held: 8MiB }', /logs\.mode: is missing; must be pass or follow/);
  check('logs: { mode: follow, max_wait: 10ms }', /logs\.max_wait: must be from 1s/);
  check('logs: true', /logs: must be pass or follow, or a map/);
});

it('counts what logs may hold against the one number', () => {
  const check = (mode: string) => () => logsOf(`{ memory_limit: 64MiB, logs: { mode: ${mode}, max_held: 60MiB } }`);
  expect(check('follow')).toThrow(/memory_limit: is less than .*max_held/);
  expect(check('pass')).not.toThrow();
});
