// Looks at the packages of a program: copies of the OpenTelemetry API, and other SDKs. Reads package.json files only.
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A copy of `@opentelemetry/api` on disk. */
export interface ApiCopy {
  readonly path: string;
  readonly version: string;
  /** Who gets this copy: the SDK, which registers with it, or the program. */
  readonly usedBy: readonly ('sdk' | 'program')[];
}

/** Packages that register an SDK of their own. */
const OTHER_SDKS: ReadonlySet<string> = new Set(
  [
    ['@opentelemetry/sdk-node', '@opentelemetry/sdk-trace-node', '@opentelemetry/sdk-trace', '@splunk/otel'],
    [
      '@sentry/node',
      '@sentry/nestjs',
      '@sentry/nextjs',
      'dd-trace',
      'newrelic',
      'elastic-apm-node',
      'applicationinsights',
    ],
    ['@elastic/opentelemetry-node', '@azure/monitor-opentelemetry', '@honeycombio/opentelemetry-node', '@vercel/otel'],
    ['@traceloop/node-server-sdk', 'openlit', '@lmnr-ai/lmnr', '@langfuse/otel', 'autotel', '@pydantic/logfire-node'],
  ].flat(),
);

/** Folders looked into; a program has a few thousand. */
const MAX_FOLDERS = 20_000;

/** `node_modules` inside of `node_modules`; npm nests two or three deep. */
const MAX_DEPTH = 6;

/**
 * Finds every copy of the API below `folder`, and the one each side gets.
 *
 * @param sdk a file of this SDK, from which its own copy is resolved
 */
export function findApiCopies(folder: string, sdk: string): ApiCopy[] {
  const users = new Map<string, ('sdk' | 'program')[]>();
  for (const [who, from] of [
    ['sdk', sdk],
    ['program', join(folder, 'package.json')],
  ] as const) {
    const root = rootOf(createRequire(from));
    if (root !== undefined) users.set(root, [...(users.get(root) ?? []), who]);
  }
  const paths = new Set([...users.keys(), ...walk(join(folder, 'node_modules'), { folders: 0 }, 0)]);
  return [...paths].map((path) => ({ path, version: versionOf(path), usedBy: users.get(path) ?? [] }));
}

/** Names of the SDKs that the program has installed beside this one. */
export function findOtherSdks(folder: string): string[] {
  const manifest = readJson(join(folder, 'package.json'));
  const names = Object.keys({
    ...(manifest?.['dependencies'] as object),
    ...(manifest?.['devDependencies'] as object),
  });
  return names.filter((name) => OTHER_SDKS.has(name));
}

/** Whether code of version `user` is heard by an API that was registered by version `registered`. */
export function isHeard(user: string, registered: string): boolean {
  const [userMajor, userMinor] = user.split('.').map(Number);
  const [major, minor] = registered.split('.').map(Number);
  return userMajor === major && (userMinor ?? 0) <= (minor ?? 0);
}

function rootOf(require: NodeJS.Require): string | undefined {
  try {
    // Entry files lie at different depths in versions; the folder of the package ends with its name.
    const entry = realpathSync(require.resolve('@opentelemetry/api'));
    return /^.*[\\/]@opentelemetry[\\/]api(?=[\\/])/.exec(entry)?.[0];
  } catch {
    return undefined;
  }
}

function walk(modules: string, seen: { folders: number }, depth: number): string[] {
  if (depth > MAX_DEPTH) return [];
  return foldersOf(modules).flatMap((name) => {
    const names = name.startsWith('@') ? foldersOf(join(modules, name)).map((inner) => join(name, inner)) : [name];
    return names.flatMap((one) => {
      if (++seen.folders > MAX_FOLDERS) return [];
      const path = join(modules, one);
      const found = one === join('@opentelemetry', 'api') ? [realpathSync(path)] : [];
      return [...found, ...walk(join(path, 'node_modules'), seen, depth + 1)];
    });
  });
}

function foldersOf(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function versionOf(path: string): string {
  const version = readJson(join(path, 'package.json'))?.['version'];
  return typeof version === 'string' ? version : 'unknown';
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
