// Who else is put to the conformance suite, and with which packages. What is installed is installed for it alone, outside
// of this repository.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** An instrumentation that somebody else makes. */
export interface Rival {
  /** Name of its adapter in `rivals/`. */
  readonly id: string;
  /** What a table calls it. */
  readonly title: string;
  /** Package and version that it is judged by. */
  readonly judged: string;
  /** All that its adapter imports, by name, at exact versions; none where this repository has them. */
  readonly packages: Readonly<Record<string, string>>;
}

/** The newest SDK that they all declare; none of them declares 3.x. */
const SDK = { '@opentelemetry/sdk-trace-base': '2.12.1', '@opentelemetry/sdk-trace-node': '2.12.1' };
const API = { '@opentelemetry/api': '1.9.1' };

export const RIVALS: readonly Rival[] = [
  { id: 'by-hand', title: 'by hand', judged: '@opentelemetry/api 1.10.0', packages: {} },
  rival('openinference', 'OpenInference', { '@arizeai/openinference-core': '2.7.1', ...API, ...SDK }),
  rival('langfuse', 'Langfuse', { '@langfuse/tracing': '5.11.1', ...API, ...SDK }),
  rival('nestjs-otel', 'nestjs-otel', {
    'nestjs-otel': '8.1.1',
    '@nestjs/common': '12.5.1',
    '@nestjs/core': '12.5.1',
    'reflect-metadata': '0.2.2',
    rxjs: '7.8.2',
    ...API,
    ...SDK,
  }),
  rival('traceloop', 'OpenLLMetry', { '@traceloop/node-server-sdk': '0.27.0', ...API, ...SDK }),
  rival('logfire', 'Logfire', { logfire: '0.22.9', ...API, ...SDK }),
  rival('laminar', 'Laminar', { '@lmnr-ai/lmnr': '0.8.46', ...API, ...SDK }),
  rival('autotel', 'autotel', { autotel: '7.9.0', ...API, ...SDK }),
];

function rival(id: string, title: string, packages: Readonly<Record<string, string>>): Rival {
  const [[name, version] = ['', '']] = Object.entries(packages);
  return { id, title, judged: `${name} ${version}`, packages };
}

/** Keeps rivals from telling their makers about themselves. */
export const QUIET = { TRACELOOP_TELEMETRY: 'false', LMNR_LOG_LEVEL: 'error' };

const CACHE = join(homedir(), '.cache/evenkeel-bench/conformance');
const ADAPTERS = join(import.meta.dirname, 'rivals');
const exec = promisify(execFile);

/**
 * Makes sure that a rival is installed.
 *
 * @returns path of its adapter, beside which all that it imports is found
 * @throws when npm cannot install it
 */
export async function adapterOf({ id, judged, packages }: Rival): Promise<string> {
  if (Object.keys(packages).length === 0) return join(ADAPTERS, `${id}.mjs`);
  const folder = await installed(`${id}-${judged.split(' ').at(-1)}`, packages);
  for (const file of ['spans.mjs', 'provider.mjs', 'idiom.mjs', `${id}.mjs`])
    cpSync(join(ADAPTERS, file), join(folder, file));
  return join(folder, `${id}.mjs`);
}

/**
 * Installs packages into a folder of their own in the cache, unless they are there.
 *
 * Scripts of packages are not run. What was installed in part is never found: a folder gets its name at the end.
 */
export async function installed(name: string, packages: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const made = mkdtempSync(join(CACHE, 'installing-'));
  try {
    const manifest = { private: true, type: 'module', dependencies: packages };
    writeFileSync(join(made, 'package.json'), JSON.stringify(manifest, undefined, 2));
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
    await exec('npm', ['install', ...flags], { cwd: made });
    renameSync(made, folder);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return folder;
}
