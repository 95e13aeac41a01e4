// Finds the OpenTelemetry instrumentations that a program has installed, and starts them. The SDK brings none.
import { readFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { metrics, trace } from '@opentelemetry/api';
import { warn } from '../errors.ts';
import type { Switches } from './channels.ts';

/** The package that brings all of them. */
export const AUTO = '@opentelemetry/auto-instrumentations-node';

/** How packages of instrumentations are named; others are not looked for. */
export const PACKAGE = /^@opentelemetry\/instrumentation-|^opentelemetry-instrumentation-/;

/** Instrumentations of one program; more are a mistake in its package.json. */
const MAX_INSTALLED = 100;

/** An instrumentation, as far as it is used here. */
interface Instrumentation {
  readonly instrumentationName: string;
  enable(): void;
  setTracerProvider(provider: unknown): void;
  setMeterProvider(provider: unknown): void;
}

/** Instrumentations resolvable from `folder`: those its package.json names, by the name of their package. */
export function findInstalled(folder: string): { name: string; version: string }[] {
  const require = createRequire(join(folder, 'package.json'));
  const wanted = dependenciesOf(folder).filter((name) => name === AUTO || PACKAGE.test(name));
  return wanted.slice(0, MAX_INSTALLED).flatMap((name) => {
    try {
      require.resolve(name);
      return [{ name, version: versionOf(require, name) }];
    } catch {
      return [];
    }
  });
}

/**
 * Starts what is installed with the options that `switches` have, but for what they turn off.
 *
 * @returns the names of the instrumentations at work, and of their packages
 */
export function startInstalled(switches: Switches, folder: string = process.cwd()): string[] {
  // The package of all comes first: what it brings must not be there twice where the program names it as well.
  const found = findInstalled(folder).toSorted((a, b) => Number(b.name === AUTO) - Number(a.name === AUTO));
  if (found.length === 0) return [];
  const require = createRequire(join(folder, 'package.json'));
  const started = new Set<string>();
  for (const { name } of found) {
    try {
      if (started.has(name)) continue;
      for (const instrumentation of create(require(name) as Record<string, unknown>, name, switches)) {
        instrumentation.setTracerProvider(trace.getTracerProvider());
        instrumentation.setMeterProvider(metrics.getMeterProvider());
        started.add(instrumentation.instrumentationName);
        if (name !== AUTO) started.add(name);
      }
    } catch (error) {
      warn('INSTRUMENTATION_FAILED', `${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (started.size > 0) hookImports(require);
  return [...started];
}

/** Makes the instrumentations a package exports. */
function create(exported: Record<string, unknown>, name: string, switches: Switches): Instrumentation[] {
  if (name === AUTO) {
    // Runtime metrics are the SDK's own, and would be there twice.
    const config = { ...switches, '@opentelemetry/instrumentation-runtime-node': { enabled: false } };
    return (exported['getNodeAutoInstrumentations'] as (config: object) => Instrumentation[])(config);
  }
  const { enabled, ...options } = switches[name] ?? {};
  if (name === '@opentelemetry/instrumentation-runtime-node' || enabled === false) return [];
  return Object.entries(exported).flatMap(([key, Kind]) => {
    if (!/^[A-Z]\w*Instrumentation$/.test(key) || typeof Kind !== 'function') return [];
    const instrumentation = new (Kind as new (options: object) => Instrumentation)(options);
    return typeof instrumentation.setTracerProvider === 'function' ? [instrumentation] : [];
  });
}

/** Instrumentations patch ES modules through hooks; those of this thread where Node and the package have them. */
function hookImports(require: NodeJS.Require): void {
  try {
    const own = createRequire(require.resolve('@opentelemetry/instrumentation'));
    const sync = resolveOptional(own, 'import-in-the-middle/register-hooks.mjs');
    const hooks = sync === undefined ? undefined : (own(sync) as SyncHooks);
    if (hooks?.supportsSyncHooks()) hooks.register();
    else register(pathToFileURL(own.resolve('@opentelemetry/instrumentation/hook.mjs')));
  } catch (error) {
    warn('INSTRUMENTATION_FAILED', `hooks of ES modules: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface SyncHooks {
  supportsSyncHooks(): boolean;
  register(): void;
}

function resolveOptional(require: NodeJS.Require, path: string): string | undefined {
  try {
    return require.resolve(path);
  } catch {
    return undefined;
  }
}

function dependenciesOf(folder: string): string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, object>;
    return Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] });
  } catch {
    return [];
  }
}

function versionOf(require: NodeJS.Require, name: string): string {
  try {
    // Many packages do not export their package.json, so it is looked for above the file they are entered by.
    const entry = require.resolve(name).replaceAll('\\', '/');
    const root = entry.slice(0, entry.lastIndexOf(`/${name}/`) + name.length + 1);
    return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
