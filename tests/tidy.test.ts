// Holds the tree to its own rules: length, import directions, words, dependencies. See CONTRIBUTING.md.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const MAX_LINES = 300;

/** Longer files, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};

/** What a room of the collector may import beside itself. Others' contract.ts is for types only. */
const SHARED = [
  'model', 'otlp', 'config/addresses.ts', 'config/fields.ts', 'config/listener.ts', 'config/pattern.ts',
  'config/tokens.ts', 'errors.ts',
  'pipeline/contract.ts', 'pipeline/http-server.ts', 'pipeline/connection-cap.ts', 'pipeline/tls.ts', 'pipeline/bearer.ts',
  'pipeline/readers.ts', 'pipeline/trail.ts',
]; // prettier-ignore
const ROOMS = [
  'receive',
  'scrape',
  'monitoring',
  'measure',
  'remote-sampling',
  'sample',
  'logs',
  'limit',
  'aggregate',
  'baseline',
  'resource',
  'target',
  'report',
  'alert',
  'export',
  'store',
  'web',
];
/** Types that one room's contract shows the others. */
const CONTRACTS = [
  'alert/contract.ts',
  'baseline/contract.ts',
  'limit/contract.ts',
  'measure/contract.ts',
  'remote-sampling/contract.ts',
  'resource/contract.ts',
  'report/contract.ts',
  'sample/contract.ts',
  'store/contract.ts',
  'target/contract.ts',
  'web/api.ts',
];

/** Rooms in which input and output happen. */
const IO_PLACES = [
  'receive/', 'scrape/', 'monitoring/', 'limit/stream-file.ts', 'alert/channels/', 'export/', 'store/', 'web/', 'cli/', 'main.ts', 'config/load.ts', 'config/load-apart.ts', 'config/load-thread.ts', 'config/generate.ts', 'pipeline/http-server.ts',
  'pipeline/connection-cap.ts', 'pipeline/tls.ts', 'pipeline/bearer.ts', 'pipeline/watch-files.ts',
  'pipeline/readers.ts',
]; // prettier-ignore
const IO_MODULES = [
  'fs',
  'fs/promises',
  'http',
  'https',
  'http2',
  'net',
  'tls',
  'child_process',
  'worker_threads',
  'sqlite',
  'zlib',
];

/** Time may be read only where a Clock is made. */
const TIME = /\b(Date\.now|performance\.now|setInterval|setTimeout)\b/;
const TIME_PLACES: Readonly<Record<string, string>> = {
  'collector/src/pipeline/clock.ts': 'makes the Clock',
  'collector/src/pipeline/http-server.ts':
    'a limit that has to hold at exit, with a timer that keeps the process alive',
  'collector/src/cli/run.ts': 'keeps the process alive, and ends it where stopping hangs',
};

/** Where the environment may be read. `cli` hands it on to config/load. */
const ENVIRONMENT_PLACES = ['sdk/src/options.ts', 'collector/src/main.ts'];

/** Every dependency a package brings to its users, with its decision record. */
const RUNTIME_DEPENDENCIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  collector: { nodemailer: '029', re2js: '009', snappyjs: '023', systeminformation: '022', yaml: '002', zod: '002' },
  sdk: {
    '@opentelemetry/context-async-hooks': '036',
    '@opentelemetry/core': '036',
    '@opentelemetry/exporter-metrics-otlp-http': '004',
    '@opentelemetry/exporter-prometheus': '004',
    '@opentelemetry/instrumentation-runtime-node': '004',
    '@opentelemetry/otlp-exporter-base': '004',
    '@opentelemetry/otlp-transformer': '004',
    '@opentelemetry/propagator-b3': '036',
    '@opentelemetry/resources': '004',
    '@opentelemetry/sdk-metrics': '004',
    '@opentelemetry/sdk-logs': '036',
    '@opentelemetry/sdk-trace': '004',
    yaml: '036',
  },
};

const BANNED_FILE_NAMES = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'manager', 'base'];
/** Words style.md replaces; matched in identifiers and prose of `src`. */
const BANNED_WORDS: readonly [RegExp, string][] = [
  [/\banomal(y|ies)\b/i, 'violation'],
  [/\bsampling interval\b/i, 'collection interval'],
  [/\btime ?series key\b/i, 'series'],
];

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');
const code = files.filter((file) => /\.(ts|tsx|js)$/.test(file) && !file.startsWith('tests/fixtures/'));
const sources = code.filter((file) => /^(sdk|collector)\/src\//.test(file));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Paths this file imports, as in `collector/src/otlp/wire.ts`; packages keep their name. */
function imports(file: string): { target: string; typeOnly: boolean }[] {
  const found = read(file).matchAll(/^\s*(?:import|export)\s+(type\s+)?[^'"]*?from\s+'([^']+)'|^import '([^']+)'/gm);
  return [...found].map(([, type, from, bare]) => {
    const name = from ?? bare ?? '';
    const target = name.startsWith('.') ? normalize(join(dirname(file), name)) : name;
    return { target, typeOnly: type !== undefined };
  });
}

function expectNone(found: readonly string[]): void {
  expect(found).toEqual([]);
}

describe('the tree', () => {
  it('keeps files short', () => {
    const long = code.filter((file) => read(file).split('\n').length > MAX_LINES + 1 && LONG_FILES[file] === undefined);
    expectNone(long);
  });

  it('names files by what they are', () => {
    const bad = code.filter((file) => {
      const name = basename(file).replace(/\..*$/, '');
      return BANNED_FILE_NAMES.includes(name) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
    });
    expectNone(bad);
  });

  it('says at the head of each source file what it is for', () => {
    expectNone(sources.filter((file) => /\.tsx?$/.test(file) && !/^(#!.*\n)?\/\/ /.test(read(file))));
  });

  it('uses the words of style, not their rivals', () => {
    const found = sources.flatMap((file) =>
      BANNED_WORDS.filter(([word]) => word.test(read(file))).map(([word, better]) => `${file}: ${word}, say ${better}`),
    );
    expectNone(found);
  });

  it('carries no tests, mocks or doubles in product code', () => {
    expectNone(sources.filter((file) => /\b(vitest|vi\.mock|jest)\b/.test(read(file))));
  });

  it('has an index only as the barrel of a package', () => {
    const barrels = ['sdk/src/index.ts', 'collector/src/index.ts'];
    expectNone(sources.filter((file) => basename(file) === 'index.ts' && !barrels.includes(file)));
  });
});

describe('the collector', () => {
  const own = sources.filter(
    (file) => file.startsWith('collector/src/') && !file.startsWith('collector/src/web/page/'),
  );
  const inside = (file: string): string => relative('collector/src', file);

  it('imports in one direction only', () => {
    const wrong = own.flatMap((file) => {
      const room = ROOMS.find((name) => inside(file).startsWith(`${name}/`));
      if (room === undefined) return [];
      return imports(file)
        .filter(({ target }) => target.startsWith('collector/src/'))
        .map(({ target, typeOnly }) => ({ target: inside(target), typeOnly }))
        .filter(({ target }) => !target.startsWith(`${room}/`))
        .filter(({ target }) => !SHARED.some((shared) => target === shared || target.startsWith(`${shared}/`)))
        .filter(
          ({ target, typeOnly }) => !(typeOnly && (CONTRACTS.includes(target) || target === 'pipeline/telemetry.ts')),
        )
        .map(({ target }) => `${file} -> ${target}`);
    });
    expectNone(wrong);
  });

  it('keeps model and otlp free of every room', () => {
    const wrong = own
      .filter((file) => /^(model|otlp)\//.test(inside(file)))
      .flatMap((file) => imports(file).map(({ target }) => [file, target] as const))
      .filter(
        ([, target]) => target.startsWith('collector/src/') && !/^(model|otlp|pipeline\/contract)/.test(inside(target)),
      )
      .map(([file, target]) => `${file} -> ${target}`);
    expectNone(wrong);
  });

  it('reads configurations apart from what runs', () => {
    const running = own.filter((file) => /\/(stage|cli\/run|collector|web\/server|web\/kpis)\.ts$/.test(file));
    const reached = new Set(running);
    // A set is walked to what is added on the way.
    for (const file of reached)
      if (file.endsWith('.ts')) for (const { target, typeOnly } of imports(file)) if (!typeOnly) reached.add(target);
    expect(reached.size).toBeGreaterThan(running.length);
    expectNone(['zod', 'yaml', 're2js'].filter((name) => reached.has(name)));
  });

  it('does input and output at its ends only', () => {
    const wrong = own
      .filter((file) => !IO_PLACES.some((place) => inside(file).startsWith(place)))
      .filter((file) => imports(file).some(({ target }) => IO_MODULES.includes(target.replace('node:', ''))));
    expectNone(wrong);
  });

  it('reads time through the clock', () => {
    expectNone(own.filter((file) => TIME.test(withoutComments(read(file))) && TIME_PLACES[file] === undefined));
  });
});

describe('the packages', () => {
  it('read the environment in one place each', () => {
    const wrong = sources.filter(
      (file) => /process\.env/.test(withoutComments(read(file))) && !ENVIRONMENT_PLACES.includes(file),
    );
    expectNone(wrong);
  });

  it('bring only dependencies with a decision record', () => {
    for (const [name, allowed] of Object.entries(RUNTIME_DEPENDENCIES)) {
      const { dependencies = {} } = JSON.parse(read(`${name}/package.json`)) as {
        dependencies?: Record<string, string>;
      };
      expect(Object.keys(dependencies).sort()).toEqual(Object.keys(allowed).sort());
      for (const record of Object.values(allowed))
        expect(files.some((file) => file.startsWith(`docs/adr/${record}-`))).toBe(true);
    }
  });

  it('say the same version everywhere', () => {
    const { version } = JSON.parse(read('collector/package.json')) as { version: string };
    expect(read('collector/src/version.ts')).toContain(`'${version}'`);
  });

  it('mention no address of the place they were made in', () => {
    const wrong = files.filter((file) => file !== 'tests/tidy.test.ts' && /\.(ts|tsx|js|json|ya?ml|md|sh)$/.test(file));
    expectNone(wrong.filter((file) => /\/work\/(main|shared)|registry\.npmjs|\.library\b/.test(read(file))));
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
