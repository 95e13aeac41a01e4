// `evenkeel config test`: what it prints, and how it ends.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SCENARIOS = fileURLToPath(new URL('../scenarios/', import.meta.url));

/** Writes a configuration and a file with one test that passes and one that fails. @returns the file of tests */
function written(config: string, decision = 'kept'): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'collector.yaml'), config);
  const file = join(folder, 'sampling.test.yaml');
  const lines = [
    'config: collector.yaml',
    'tests:',
    '  - { name: first, spans: [{ trace: a, status: error }], expect: { a: { decision: kept, policy: errors } } }',
    `  - { name: second, spans: [{ trace: b }], expect: { b: { decision: ${decision} } } }`,
  ];
  writeFileSync(file, lines.join('\n'));
  return file;
}

describe('evenkeel config test', () => {
  it('passes where every decision is as expected', async () => {
    const files = ['sample-drop.yaml', 'sample-status.yaml'].map((name) => join(SCENARIOS, name));
    const ended = await runCommand(['config', 'test', ...files]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/sample-drop\.yaml\n {2}ok {2}wins over .*\n {2}ok .*\n.*sample-status\.yaml\n/);
    expect(ended.stdout).toMatch(/\n4 passed, 0 failed\n$/);
  });

  it('fails where one is not, and says which and why', async () => {
    const file = written('sample: { policies: [{ name: errors, type: status }] }');
    const ended = await runCommand(['config', 'test', file]);
    expect(ended).toMatchObject({ code: 1, stderr: '' });
    expect(ended.stdout).toMatch(
      / {2}ok {2}first\n {2}failed {2}second\n +b: expected decision kept instead of dropped\./,
    );
    expect(ended.stdout).toMatch(/\n1 passed, 1 failed\n$/);
    const asJson = await runCommand(['config', 'test', file, '--json']);
    expect([asJson.code, JSON.parse(asJson.stdout)]).toMatchObject([
      1,
      { passed: false, files: [{ file, tests: [{ name: 'first', passed: true, problems: [] }, { passed: false }] }] },
    ]);
  });

  it('takes settings beside the file and values of the environment', async () => {
    const file = written(
      'sample: { policies: [{ name: errors, type: status }], after_root: "${env:WAIT}" }',
      'dropped',
    );
    expect(await runCommand(['config', 'test', file], { WAIT: '1s' })).toMatchObject({ code: 0 });
    const policies = 'sample.policies=[{ name: errors, type: probabilistic, ratio: 1 }]';
    expect(await runCommand(['config', 'test', file, '--set', policies], { WAIT: '1s' })).toMatchObject({ code: 1 });
  });

  it('lists what is wrong with the file or with the configuration it tests', async () => {
    const check = async (file: string, ...messages: RegExp[]): Promise<void> => {
      const ended = await runCommand(['config', 'test', file]);
      expect([ended.code, ended.stdout]).toEqual([1, '']);
      for (const message of messages) expect(ended.stderr).toMatch(message);
    };
    await check(
      written('sample: { polices: [] }'),
      /collector\.yaml:1 sample\.polices: unknown key; did you mean policies/,
    );
    await check('/no/such/file.yaml', /cannot be read: \/no\/such\/file\.yaml/);
    const file = join(temporaryFolder(), 'odd.yaml');
    writeFileSync(file, 'tests: [{ name: a, spans: [{ trace: 1 }] }]');
    await check(
      file,
      /odd\.yaml config: /,
      /odd\.yaml:1 tests\[0\]\.expect: /,
      /tests\[0\]\.spans\[0\]\.trace: must be text/,
    );
    writeFileSync(file, 'tests: [');
    await check(file, /odd\.yaml:1: /);
  });

  it('wants a file', async () => {
    expect(await runCommand(['config', 'test'])).toMatchObject({ code: 2 });
  });
});
