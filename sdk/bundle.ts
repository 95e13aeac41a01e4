// Makes what the package ships of its sources: few files instead of a hundred, because each costs a program time when it
// is loaded. Types are the compiler's; it runs after it, by `npm run build`.
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const HERE = import.meta.dirname;
const source = (name: string): string => join(HERE, 'src', `${name}.ts`);
/** Entries by the name of their file, for both kinds of module. */
const ENTRIES = [
  'index',
  'instrument/entry',
  'sampling',
  'monitor/entry',
  'testkit/entry',
  'testkit/matchers',
  'conformance/suite',
];
/** They begin a process, which imports them. */
const MODULES_ONLY = ['register', 'doctor'];

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node22.15',
  packages: 'external',
  logLevel: 'warning',
  // Half the text is half the time that it takes to load.
  minify: true,
  legalComments: 'none',
} as const;

const entriesOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, source(name)]));

for (const folder of ['dist', 'cjs'])
  for (const file of globSync('**/*.js{,.map}', { cwd: join(HERE, folder) })) rmSync(join(HERE, folder, file));
// Each entry by itself: chunks shared by all would be nine files where there are three now. What starts telemetry shares it.
const MAIN = 'index';
for (const names of [[MAIN, ...MODULES_ONLY], ...ENTRIES.filter((name) => name !== MAIN).map((name) => [name])])
  await build({
    ...shared,
    entryPoints: entriesOf(names),
    outdir: join(HERE, 'dist'),
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
await build({ ...shared, entryPoints: entriesOf(ENTRIES), outdir: join(HERE, 'cjs'), format: 'cjs' });
