// One rival against the idiom by hand, in this process: node bench/sdk/rival.ts <adapter>. Sends its figures home.
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Figure } from '../figure.ts';
import { compare, ratio } from './pairs.ts';
import { DROPPING } from './dropping.ts';

type Wrap = <F>(name: string, fn: F) => F;

const [, , adapter = ''] = process.argv;
const beside = (file: string): Promise<unknown> => import(pathToFileURL(join(dirname(adapter), file)).href);
const { subject } = (await import(pathToFileURL(adapter).href)) as { subject(processor: object): { wrap: Wrap } };
const { wrap } = subject(DROPPING);
const { byHand } = (await beside('idiom.mjs')) as { byHand: Wrap };

const work = (a: number, b: number): number => a * b;
const workLater = async (a: number, b: number): Promise<number> => a * b;
const figures: Figure[] = [];
for (const [name, fn] of [
  ['sync', work],
  ['async', workLater],
] as const) {
  const [ours, raw] = [wrap('op', fn), byHand('op', fn)];
  figures.push(
    ratio(
      `sampled, ${name}`,
      await compare(
        () => ours(3, 4),
        () => raw(3, 4),
      ),
    ),
  );
}
process.send?.(figures, () => process.exit());
