// The real parts tests run against: found on this machine, or skipped by name. Where CI is set a missing part is a
// failure, so that nothing stays untested unseen.
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const exec = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Programs written in other languages, as a user of them would write them. */
export const PROGRAMS = join(ROOT, 'tests/real/programs');

/** What was built or installed once is kept here, named by what it was made from. */
const CACHE = join(ROOT, 'node_modules/.cache/real-parts');

interface Part {
  readonly binary: string;
  /** Where it is installed though not on PATH. */
  readonly folders: readonly string[];
  readonly install: string;
  /** A missing module of it shows when it is run with these arguments. */
  readonly probe?: readonly string[];
}

const PARTS = {
  prometheus: { binary: 'prometheus', folders: ['/usr/bin'], install: 'apt-get install prometheus' },
  promtool: { binary: 'promtool', folders: ['/usr/bin'], install: 'apt-get install prometheus' },
  alertmanager: {
    binary: 'prometheus-alertmanager',
    folders: ['/usr/bin'],
    install: 'apt-get install prometheus-alertmanager',
  },
  chromium: { binary: 'chromium', folders: ['/usr/bin'], install: 'apt-get install chromium' },
  go: { binary: 'go', folders: ['/usr/local/go/bin'], install: 'the Go toolchain, 1.26 or newer' },
  python: {
    binary: 'python3',
    folders: ['/usr/bin'],
    install: 'apt-get install python3-venv',
    probe: ['-c', 'import ensurepip, venv'],
  },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;

/**
 * Describes tests that need real parts. `body` gets the path of each binary.
 *
 * Where a part is missing the tests are skipped under a title that names it; with CI set they fail instead.
 */
export function describeWith<Name extends PartName>(
  names: readonly Name[],
  title: string,
  body: (paths: Record<Name, string>) => void,
): void {
  const found = names.map((name) => [name, findPart(PARTS[name])] as const);
  const paths = Object.fromEntries(found.map(([name, path]) => [name, path ?? ''])) as Record<Name, string>;
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length === 0) {
    describe(title, () => body(paths));
    return;
  }
  const lack = missing.map((name) => `${name} (${PARTS[name].install})`).join(', ');
  if (['', 'false'].includes(process.env['CI'] ?? '')) {
    console.warn(`skipped: ${title}: this machine lacks ${lack}`);
    describe.skip(`${title} [this machine lacks ${lack}]`, () => body(paths));
    return;
  }
  describe(title, () => {
    it('finds every part it needs', () => expect.fail(`this machine lacks ${lack}`));
  });
}

function findPart({ binary, folders, probe }: Part): string | undefined {
  const places = [...(process.env['PATH'] ?? '').split(':'), ...folders].map((folder) => join(folder, binary));
  return places.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      if (probe !== undefined) execFileSync(path, probe, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** Reads JSON; undefined where nobody answers yet or the answer is not a success. */
export async function getJson<T>(url: string | URL): Promise<T | undefined> {
  const response = await fetch(url).catch(() => undefined);
  return response?.ok === true ? ((await response.json()) as T) : undefined;
}

/** Makes the virtual environment of `programs/python`. @returns path of its interpreter */
export async function pythonEnvironment(python: string): Promise<string> {
  const requirements = join(PROGRAMS, 'python/requirements.txt');
  const folder = await cached('python', [requirements], async (target) => {
    await exec(python, ['-m', 'venv', target]);
    await exec(join(target, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
  });
  return join(folder, 'bin/python');
}

/** Builds the Go programs of `programs/go`. @returns path of the executable of that name */
export async function goProgram(go: string, name: 'shop' | 'meter'): Promise<string> {
  const cwd = join(PROGRAMS, 'go');
  const sources = ['go.mod', 'go.sum', 'main.go', 'meter/main.go'].map((file) => join(cwd, file));
  const folder = await cached('go', sources, async (target) => {
    await exec(go, ['build', '-o', `${target}/`, '.', './meter'], { cwd });
  });
  return join(folder, name);
}

/** A folder filled once for the given inputs; half-made folders never get its name. */
async function cached(
  name: string,
  inputs: readonly string[],
  fill: (target: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(await readFile(input));
  const folder = join(CACHE, `${name}-${hash.digest('hex').slice(0, 12)}`);
  const exists = (): Promise<boolean> =>
    access(folder).then(
      () => true,
      () => false,
    );
  if (await exists()) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const target = await mkdtemp(`${folder}-`);
  await fill(target);
  // Another test file may have been quicker; its folder is as good.
  await rename(target, folder).catch(() => rm(target, { recursive: true, force: true }));
  return folder;
}
