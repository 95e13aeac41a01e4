// Baselines as code, as a build uses them: recordings of a real program, the command, exit codes and files.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../support/command.ts';
import { linesOf, recordedRun } from '../support/recorded-runs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runProgram } from '../support/timed-program.ts';

const TURNS = [20_000, 30_000, 50_000, 40_000];
const ROUNDS = 200;

function fileIn(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('a real program that is run again', () => {
  it('passes as it is, and fails where one operation has half as much again to do', async () => {
    const folder = temporaryFolder();
    const baselines = join(folder, 'baselines.json');
    const before = fileIn(folder, 'before.jsonl', await runProgram(ROUNDS, TURNS));
    const learned = await runCommand(['baseline', 'learn', before, '--out', baselines]);
    expect(learned).toMatchObject({ code: 0, stdout: expect.stringContaining('4 operations learned') });

    const same = fileIn(folder, 'same.jsonl', await runProgram(ROUNDS, TURNS));
    const fine = await runCommand(['baseline', 'check', '--against', baselines, same]);
    expect(fine, fine.stdout).toMatchObject({ code: 0, stdout: expect.stringMatching(/^fine: /m) });

    const slowed = TURNS.map((turns, i) => (i === 1 ? 1.5 * turns : turns));
    const slower = fileIn(folder, 'slower.jsonl', await runProgram(ROUNDS, slowed));
    const failed = await runCommand(['baseline', 'check', '--against', baselines, slower]);
    expect(failed, failed.stdout).toMatchObject({ code: 1, stderr: '' });
    expect(failed.stdout).toMatch(/^slower +program price /m);
    expect(failed.stdout).toMatch(/^regression: 1 slower/m);
  });
});

describe('evenkeel baseline', () => {
  const recording = (seed: number, altered = {}): string => linesOf(recordedRun({ seed, altered }));

  it('writes reports beside what it says', async () => {
    const folder = temporaryFolder();
    const baselines = join(folder, 'baselines.json');
    await runCommand(['baseline', 'learn', fileIn(folder, 'a.jsonl', recording(1)), '--out', baselines]);
    const [junit, markdown] = [join(folder, 'junit.xml'), join(folder, 'check.md')];
    const slower = fileIn(folder, 'b.jsonl', recording(2, { render: { scale: 2 } }));
    const check = ['baseline', 'check', '--against', baselines, slower, '--json'];
    const { code, stdout } = await runCommand([...check, '--junit', junit, '--markdown', markdown]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'regression',
      operations: [{ name: 'render' }, {}, {}, {}, {}],
    });
    expect(readFileSync(junit, 'utf8')).toContain('failures="1"');
    expect(readFileSync(markdown, 'utf8')).toContain('**slower** | shop render');

    const tolerant = await runCommand([...check, '--tolerance', '2']);
    expect(tolerant.code).toBe(0);
    const listed = await runCommand(['baseline', 'list', baselines]);
    expect(listed.stdout).toMatch(/^shop render .* provisional$/m);
    const shown = await runCommand(['baseline', 'show', baselines, 'render']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ op: 'render', service: 'shop', calls: 1200 });
    expect((await runCommand(['baseline', 'show', baselines, 'none'])).code).toBe(1);
  });

  it('tells a regression from what could not be judged, and from wrong arguments', async () => {
    const folder = temporaryFolder();
    const run = fileIn(folder, 'a.jsonl', recording(1));
    const ended = async (args: string[]): Promise<[number | null, string]> => {
      const { code, stderr } = await runCommand(['baseline', ...args]);
      return [code, stderr];
    };
    const none = join(folder, 'none.json');
    expect(await ended(['check', '--against', none, run])).toEqual([3, expect.stringContaining('cannot be read')]);
    const empty = fileIn(folder, 'empty.json', '{"version":1,"created":"2026-01-02T03:04:05Z","operations":[]}');
    expect(await ended(['check', '--against', empty, run])).toEqual([3, '']);
    expect(await ended(['check', '--against', empty, folder])).toEqual([3, expect.stringContaining('it is a folder')]);
    expect(await ended(['check', run])).toEqual([2, expect.stringContaining('--against baselines.json FILE')]);
    expect(await ended(['check', '--against', empty, run, '--tolerance', '-1'])).toEqual([2, expect.any(String)]);
    expect(await ended(['check', '--against', empty, run, '--tolerance=20%'])).toEqual([
      2,
      expect.stringContaining('--tolerance is a share'),
    ]);
    expect(await ended(['learn', run])).toEqual([2, expect.stringContaining('--out baselines.json')]);
    expect(await ended(['learn', none, '--out', '-'])).toEqual([1, expect.stringContaining(none)]);
    expect(await ended(['list', run])).toEqual([1, expect.stringContaining('baselines cannot be used')]);
    expect(await ended(['teach'])).toEqual([2, expect.stringContaining('scan|learn|check|list|show')]);
  });
});
