// Makes what the package ships of its sources: one file an entry instead of a hundred, because each costs a program time
// when it is loaded. Types are the compiler's; it runs after it, by `npm run build`.
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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
/** Files of their own because they are loaded on demand; ES modules load the same ones. */
const ON_DEMAND = ['options', 'providers', 'config/from-settings', 'config/from-file', 'monitor/alert-feed'];
/** They begin a process, which imports them. */
const MODULES_ONLY = ['register', 'doctor'];

/**
 * Leaves imports on demand to the files in CommonJS, for both kinds of module: OpenTelemetry's SDK is some hundred small
 * files, which take Node 160 ms of CPU to load that way and 250 ms as ES modules. What begins a process takes them from there
 * as well.
 */
const onDemand: Plugin = {
  name: 'on-demand',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path, importer, resolveDir }) => {
      const wanted = relative(join(HERE, 'src'), join(resolveDir, path)).replace(/\.ts$/, '');
      const begins = MODULES_ONLY.some((name) => importer.startsWith(join(HERE, 'src', name)));
      if (kind !== 'dynamic-import' && !(begins && ON_DEMAND.includes(wanted))) return undefined;
      if (!ON_DEMAND.includes(wanted)) throw new Error(`${importer} loads ${wanted}, which has no file of its own`);
      // From the file that is made, which for monitors is in a folder.
      const up = wanted.startsWith('monitor/') ? '../..' : '..';
      return { path: `${up}/cjs/${wanted}.js`, external: true };
    });
  },
};

/** What entries use of the API: what 1.9 exports, so a build in which one wants more fails; and logs, where they are. */
const API = `DiagConsoleLogger DiagLogLevel INVALID_SPANID INVALID_SPAN_CONTEXT INVALID_TRACEID ProxyTracer
  ProxyTracerProvider ROOT_CONTEXT SamplingDecision SpanKind SpanStatusCode TraceFlags ValueType
  baggageEntryMetadataFromString context createContextKey createNoopMeter createTraceState defaultTextMapGetter
  defaultTextMapSetter diag isSpanContextValid isValidSpanId isValidTraceId metrics propagation trace logs`.split(
  /\s+/,
);

/**
 * Has an entry import the API once. Each import of each source would stay one of its own, and be looked up on disk: in
 * CommonJS that is a third of the time it takes to load.
 */
const oneApi: Plugin = {
  name: 'one-api',
  setup({ onResolve, onLoad }) {
    const filter = /^@opentelemetry\/api$/;
    onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'one-api' ? { path, external: true } : { path, namespace: 'one-api', sideEffects: false },
    );
    onLoad({ filter, namespace: 'one-api' }, ({ path }) => ({
      // Names are computed, or those that 1.9 lacks would be imported, which fails.
      contents: [
        `import * as api from '${path}';`,
        ...API.map((name) => `export const ${name} = api['${name}'];`),
      ].join('\n'),
    }));
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
  // Node prints the line an error comes from, which would be all the text before the error.
  lineLimit: 120,
  legalComments: 'none',
};

const filesOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, join(HERE, 'src', `${name}.ts`)]));

const [dist, cjs] = ['dist', 'cjs'].map((folder) => join(HERE, folder)) as [string, string];
const entry = { ...shared, plugins: [onDemand, oneApi], entryPoints: filesOf(ENTRIES) };
const builds: BuildOptions[] = [
  { ...entry, outdir: dist, format: 'esm' },
  { ...entry, outdir: cjs, format: 'cjs' },
  { ...shared, entryPoints: filesOf(MODULES_ONLY), outdir: dist, format: 'esm' },
  { ...shared, entryPoints: filesOf(ON_DEMAND), outdir: cjs, format: 'cjs' },
];
const made = new Set<string>();
for (const options of builds) {
  const { outputFiles = [] } = await build({ ...options, write: false });
  for (const { path, contents } of outputFiles) {
    made.add(path);
    replace(path, contents);
  }
}
for (const folder of [dist, cjs])
  for (const file of globSync('**/*.js{,.map}', { cwd: folder }).map((name) => join(folder, name)))
    if (!made.has(file)) rmSync(file);

/** Puts a file in its place as a whole, and only if it is another one: programs may be loading it. */
function replace(path: string, contents: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, path);
}
