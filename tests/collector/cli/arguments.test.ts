import { expect, it } from 'vitest';
import { configArguments, UsageError } from '../../../collector/src/cli/arguments.ts';

it('reads files, settings and words', () => {
  expect(configArguments([])).toEqual({ files: [], overrides: [], json: false, positionals: [] });
  expect(
    configArguments([
      '-c',
      'a.yaml',
      '--json',
      'check',
      '--config',
      'b.yaml',
      '--set',
      'web.port=1',
      '--set',
      'a.b=c=d',
    ]),
  ).toEqual({
    files: ['a.yaml', 'b.yaml'],
    overrides: [
      { path: ['web', 'port'], value: '1' },
      { path: ['a', 'b'], value: 'c=d' },
    ],
    json: true,
    positionals: ['check'],
  });
});

it('refuses what it does not know', () => {
  const check = (args: string[], message: RegExp): void => {
    expect(() => configArguments(args)).toThrow(UsageError);
    expect(() => configArguments(args)).toThrow(message);
  };
  check(['--prot', '1'], /--prot/);
  check(['--config'], /--config/);
  check(['--json=yes'], /--json/);
  check(['--set', 'web.port'], /path=value/);
  check(['--set', '=1'], /path=value/);
});

it('does not repeat a setting whose path was forgotten, because it may be a secret', () => {
  for (const given of ['hidden-word', '=hidden-word'])
    expect(() => configArguments(['--set', given])).toThrow(/^(?!.*hidden-word)/);
});
