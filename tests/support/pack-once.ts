// Global setup of the project tests: asks whether the registry answers, packs both packages once for all files, and installs
// them together, in a folder that goes with the run.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

const exec = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What the setup hands to the test files. */
interface Packed {
  /** Where projects are made; removed at the end. */
  readonly folder: string;
  /** The dependency that names the tarball, as package.json has it. */
  readonly sdk: Readonly<Record<string, string>>;
  /** A project that has both packages; absent where the registry cannot be reached. */
  readonly both?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly packed: Packed;
  }
}

/** @returns what removes everything again */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-projects-'));
  const [sdk, collector] = [await pack('sdk', folder), await pack('collector', folder)];
  if (await isRegistryReachable()) {
    const both = join(folder, 'both');
    await mkdir(both);
    await install(both, { private: true, dependencies: { ...sdk, ...collector, '@opentelemetry/api': '1.10.0' } });
    project.provide('packed', { folder, sdk, both });
  } else {
    project.provide('packed', { folder, sdk });
  }
  return () => rm(folder, { recursive: true, force: true });
}

async function pack(workspace: string, folder: string): Promise<Record<string, string>> {
  const args = ['pack', '--pack-destination', folder, '--json', '--loglevel=error'];
  const { stdout } = await exec('npm', args, { cwd: join(ROOT, workspace) });
  const [{ name, filename }] = JSON.parse(stdout) as [{ name: string; filename: string }];
  return { [name]: `file:${join(folder, filename.replace('@', '').replace('/', '-'))}` };
}

/** Writes a project's package.json and installs what it names. */
export async function install(cwd: string, manifest: object): Promise<void> {
  await writeFile(join(cwd, 'package.json'), JSON.stringify(manifest));
  await exec('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], { cwd });
}

/** Whether packages that are not in npm's cache could be installed. */
async function isRegistryReachable(): Promise<boolean> {
  const args = ['view', 'express@5.3.0', 'version', '--prefer-online', '--fetch-retries=1', '--fetch-timeout=10000'];
  return exec('npm', [...args, '--fetch-retry-mintimeout=1000']).then(
    ({ stdout }) => stdout.includes('5.3.0'),
    () => false,
  );
}
