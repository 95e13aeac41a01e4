import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readOptions } from '../../examples/workflow-runtime/src/options.ts';

test('has defaults that work in a fresh clone', () => {
  const options = readOptions([]);
  expect(options).toMatchObject({ port: 3000, seed: 1 });
  expect(existsSync(join(options.project, 'package-lock.json'))).toBe(true);
});

test('reads every option', () => {
  const args = [
    '--port',
    '3100',
    '--endpoint',
    'http://127.0.0.1:5318',
    '--project',
    '/p',
    '--rate',
    '0',
    '--seed',
    '9',
  ];
  expect(readOptions(args)).toEqual({ port: 3100, endpoint: 'http://127.0.0.1:5318', project: '/p', rate: 0, seed: 9 });
});

const check = (args: string[], message: RegExp) =>
  expect(() => readOptions(args)).toThrow(
    expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringMatching(message) }),
  );

test('names everything that is wrong, with the usage', () => {
  check(['--port', '70000', '--rate', 'fast'], /port[\s\S]*rate[\s\S]*usage/);
  check(['--colour', 'red'], /--colour[\s\S]*usage/);
});
