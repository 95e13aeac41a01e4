// What rivals' wrappers cost, each in a process of its own with the SDK it declares, beside ours: all sampled, spans
// dropped at their end, as a ratio to the idiom by hand in the same process.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { adapterOf, QUIET, RIVALS } from '../../tests/conformance/rivals.ts';
import type { Figure } from '../figure.ts';

const CHILD = join(import.meta.dirname, 'rival.ts');
const OWN = join(import.meta.dirname, 'own.mjs');

/** One after another; a rival that cannot be installed is said by its name. */
export async function run(): Promise<Figure[]> {
  const figures = await inChild(OWN, 'evenkeel');
  for (const rival of RIVALS.filter(({ packages }) => Object.keys(packages).length > 0)) {
    const adapter = await adapterOf(rival).catch((error: Error) => {
      console.error(`${rival.title} is missing: ${error.message}`);
    });
    if (adapter !== undefined) figures.push(...(await inChild(adapter, rival.title)));
  }
  return figures;
}

export function versions(): Promise<Record<string, string>> {
  const judged = RIVALS.map((rival) => rival.judged.split(' ') as [string, string]);
  return Promise.resolve(Object.fromEntries(judged));
}

function inChild(adapter: string, side: string): Promise<Figure[]> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [adapter], {
      env: { ...process.env, ...QUIET, BENCH_FILE: '' },
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.once('message', (figures) => resolve((figures as Figure[]).map((figure) => ({ ...figure, side }))));
    child.once('exit', (code) => reject(new Error(`the process of ${side} ended with ${code} and no figures`)));
  });
}
