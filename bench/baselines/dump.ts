// Writes streams with their truth as files: node bench/baselines/dump.ts --seeds tuning --out DIR [--kinds a,b] [--count N]
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { chosenSpecs } from './choice.ts';
import { textOf } from './generate.ts';
import { truthOf } from './truth.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, out: { type: 'string' }, kinds: { type: 'string' }, count: { type: 'string' } },
});
const { out } = values;
if (out === undefined) throw new Error('--out DIR says where to');
mkdirSync(out, { recursive: true });
for (const spec of chosenSpecs(values)) {
  await pipeline(Readable.from(textOf(spec)), createWriteStream(join(out, `${spec.name}.jsonl`)));
  writeFileSync(join(out, `${spec.name}.truth.json`), `${JSON.stringify(truthOf(spec), undefined, 1)}\n`);
  console.log(spec.name);
}
