// Test projects: `unit*` (fast, before each commit), `e2e` (real processes, Node and npm only), `real` (real servers),
// `projects` (fresh projects that install what is packed), `jaeger` (a real Jaeger, long to build; not for CI).
// Standard decorators are lowered by esbuild, because the runner's own transform leaves them in place.
import { transform } from 'esbuild';
import { defineConfig, type Plugin } from 'vitest/config';

const standardDecorators: Plugin = {
  name: 'standard-decorators',
  enforce: 'pre',
  async transform(code, id) {
    if (!id.endsWith('.ts') || id.includes('/legacy/') || !/^\s*@\w/m.test(code)) return null;
    const result = await transform(code, {
      loader: 'ts',
      target: 'node24',
      sourcefile: id,
      sourcemap: true,
      tsconfigRaw: { compilerOptions: { experimentalDecorators: false } },
    });
    return { code: result.code, map: result.map };
  },
};

// Unit files share a process, and so must leave it as they found it, which `leaves-nothing.ts` checks. Those of what uses
// the SDK have one each: they register providers for the whole program, once and for good.
const OWN_PROCESS = 'tests/{sdk,examples,conformance}/**/*.test.ts';

/** None takes two seconds; a machine that builds something else beside takes many times as long. */
const UNIT_TIMEOUT_MS = 30_000;

export default defineConfig({
  test: {
    // One less than the cores is the default, which is one where there are two.
    maxWorkers: 2,
    reporters: ['default', './tests/support/count-reporter.ts'],
    projects: [
      {
        plugins: [standardDecorators],
        test: {
          name: 'unit',
          testTimeout: UNIT_TIMEOUT_MS,
          sequence: { groupOrder: 0 },
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.{e2e,real}.test.ts', 'tests/{jaeger,projects}/**', OWN_PROCESS],
          // A process for each file costs more than most of them do.
          isolate: false,
          setupFiles: ['tests/support/leaves-nothing.ts'],
        },
      },
      {
        plugins: [standardDecorators],
        test: {
          name: 'unit-own-process',
          testTimeout: UNIT_TIMEOUT_MS,
          sequence: { groupOrder: 0 },
          include: [OWN_PROCESS],
          exclude: ['tests/**/*.e2e.test.ts', 'tests/sdk/legacy/**'],
        },
      },
      {
        oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
        test: { name: 'unit-legacy', sequence: { groupOrder: 0 }, include: ['tests/sdk/legacy/**/*.test.ts'] },
      },
      {
        plugins: [standardDecorators],
        test: {
          name: 'e2e',
          include: ['tests/**/*.e2e.test.ts'],
          // Each starts processes of its own and watches what they do under load, apart from the unit tests. Half of
          // their time they wait for what those do, which a third file fills.
          sequence: { groupOrder: 1 },
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        plugins: [standardDecorators],
        test: { name: 'real', include: ['tests/real/*.real.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
      },
      {
        // Its hooks and tests install from the registry what was packed once, and wait for that more than they work.
        test: {
          name: 'projects',
          include: ['tests/projects/*.projects.test.ts'],
          globalSetup: ['tests/support/pack-once.ts'],
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        // A hook builds it.
        test: {
          name: 'jaeger',
          include: ['tests/jaeger/*.jaeger.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 3_600_000,
        },
      },
    ],
  },
});
