// Global setup of the project tests: packs both packages once for all files, in a folder that goes with the run, and asks
// whether the registry answers.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
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
  /** Dependencies that name the tarballs, as package.json has them. */
  readonly sdk: Readonly<Record<string, string>>;
  readonly collector: Readonly<Record<string, string>>;
  readonly isRegistryReachable: boolean;
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
  project.provide('packed', { folder, sdk, collector, isRegistryReachable: await isRegistryReachable() });
  return () => rm(folder, { recursive: true, force: true });
}

async function pack(workspace: string, folder: string): Promise<Record<string, string>> {
  const args = ['pack', '--pack-destination', folder, '--json', '--loglevel=error'];
  const { stdout } = await exec('npm', args, { cwd: join(ROOT, workspace) });
  const [{ name, filename }] = JSON.parse(stdout) as [{ name: string; filename: string }];
  return { [name]: `file:${join(folder, filename.replace('@', '').replace('/', '-'))}` };
}

/** Whether packages that are not in npm's cache could be installed. */
async function isRegistryReachable(): Promise<boolean> {
  const args = ['view', 'express@5.3.0', 'version', '--prefer-online', '--fetch-retries=1', '--fetch-timeout=10000'];
  return exec('npm', [...args, '--fetch-retry-mintimeout=1000']).then(
    ({ stdout }) => stdout.includes('5.3.0'),
    () => false,
  );
}
