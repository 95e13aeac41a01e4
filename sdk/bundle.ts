// Makes what the package ships of its sources: one file an entry instead of a hundred, because each costs a program time
// when it is loaded. Types are the compiler's; it runs after it, by `npm run build`.
import { globSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const HERE = import.meta.dirname;
/** Entries by the name of their file, for both kinds of module. */
const ENTRIES = [
  'index',
  'core',
  'sampling',
  'monitor/entry',
  'testkit/entry',
  'testkit/matchers',
  'conformance/suite',
];
/** Files of their own because they are loaded on demand. */
const ON_DEMAND = [
  'options',
  'providers',
  'config/from-settings',
  'config/read-file',
  'config/watch-file',
  'monitor/alert-feed',
];
/** They begin a process, which imports them. */
const MODULES_ONLY = ['register', 'doctor'];

/** Leaves imports on demand as they are. */
const onDemand: Plugin = {
  name: 'on-demand',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path, importer, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const wanted = relative(join(HERE, 'src'), join(resolveDir, path)).replace(/\.ts$/, '');
      if (!ON_DEMAND.includes(wanted)) throw new Error(`${importer} loads ${wanted}, which has no file of its own`);
      // From the file that is made, which for monitors is in a folder.
      return { path: `./${wanted.replace(/^monitor\//, '')}.js`, external: true };
    });
  },
};

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node22.15',
  packages: 'external',
  plugins: [onDemand],
  logLevel: 'warning',
  // Half the text is half the time that it takes to load.
  minify: true,
  legalComments: 'none',
};

const filesOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, join(HERE, 'src', `${name}.ts`)]));

const [dist, cjs] = ['dist', 'cjs'].map((folder) => join(HERE, folder)) as [string, string];
for (const outdir of [dist, cjs])
  for (const file of globSync('**/*.js{,.map}', { cwd: outdir })) rmSync(join(outdir, file));
await build({ ...shared, entryPoints: filesOf(ENTRIES), outdir: dist, format: 'esm' });
// What begins a process may take some files more, and shares them.
await build({
  ...shared,
  entryPoints: filesOf([...ON_DEMAND, ...MODULES_ONLY]),
  outdir: dist,
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
});
await build({ ...shared, entryPoints: filesOf([...ENTRIES, ...ON_DEMAND]), outdir: cjs, format: 'cjs' });
