// What rooms keep, written by a process that is killed at some moment.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { check } from '../../../collector/src/store/state-copy.ts';
import { StateFile } from '../../../collector/src/store/state-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const FIXTURE = fileURLToPath(new URL('../../fixtures/store/save-until-killed.ts', import.meta.url));

/** @returns the number that was said last before it was killed */
async function killAfter(path: string, said: number): Promise<number> {
  const child = fork(FIXTURE, [path], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout?.on('data', (part: Buffer) => {
    text += part.toString();
    if (text.split('\n').length > said) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return Number(text.trimEnd().split('\n').at(-1));
}

it('is all there as far as it was answered, each change whole', async () => {
  for (const said of [1, 40, 700]) {
    const path = temporaryFolder();
    const last = await killAfter(path, said);
    expect(last).toBeGreaterThanOrEqual(said);
    expect(check(join(path, 'state.sqlite'), () => {}).faults).toEqual([]);
    const file = new StateFile(path);
    const keys: string[] = [];
    for (let page = file.page('baseline', ''); page.length > 0; page = file.page('baseline', page.at(-1)?.key ?? ''))
      keys.push(...page.map(({ key }) => key));
    file.close();
    const written = keys.filter((key) => key.startsWith('a')).length;
    expect(written).toBeGreaterThanOrEqual(last);
    // Of each change the second document went with the next one, whole.
    expect(keys.filter((key) => key.startsWith('b'))).toEqual([`b${written}`]);
  }
}, 30_000);
