// Fresh projects in a temporary folder that install what is packed here, as a user's would, and what runs in them.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { install } from './pack-once.ts';

const exec = promisify(execFile);

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Tells the test where a program listens. */
const TELL_PORT = fileURLToPath(new URL('../fixtures/projects/tell-port.mjs', import.meta.url));

/** Describes tests that install from the registry: skipped by name where it cannot be reached; with CI set they fail. */
export function describeProjects(title: string, body: () => void): void {
  if (inject('packed').both !== undefined) {
    describe(title, body);
  } else if (['', 'false'].includes(process.env['CI'] ?? '')) {
    console.warn(`skipped: ${title}: the registry cannot be reached`);
    describe.skip(`${title} [the registry cannot be reached]`, body);
  } else {
    describe(title, () => {
      it('reaches the registry', () => expect.fail('the registry cannot be reached'));
    });
  }
}

/** A fenced block of the SDK's README by the file name in its first line. */
export async function readmeFile(name: string): Promise<string> {
  const readme = await readFile(join(ROOT, 'sdk/README.md'), 'utf8');
  const block = [...readme.matchAll(/```[a-z]+\n(.+?)```/gs)].find(([, text]) => text?.startsWith(`// ${name}\n`));
  if (block?.[1] === undefined) throw new Error(`the README has no ${name}`);
  return block[1];
}

/**
 * Makes a project, writes its files and installs what it needs beside the packed SDK.
 *
 * @param name its own among all test files
 * @returns its folder
 */
export async function makeProject(
  name: string,
  dependencies: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
  manifest: object = {},
): Promise<string> {
  const { folder, sdk } = inject('packed');
  const cwd = join(folder, name);
  await mkdir(cwd);
  const all = { ...sdk, '@opentelemetry/api': '1.10.0', ...dependencies };
  for (const [file, text] of Object.entries(files)) await writeFile(join(cwd, file), text);
  await install(cwd, { name, private: true, ...manifest, dependencies: all });
  return cwd;
}

/** Compiles with a compiler of that folder. @throws what the compiler finds */
export async function compile(cwd: string, args: readonly string[], compiler = cwd): Promise<void> {
  const command = join(compiler, 'node_modules/.bin/tsc');
  await exec(command, args, { cwd }).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
}

/**
 * Runs a server, asks it for an order three times once it listens, ends it, and expects that it ends well.
 *
 * The server takes a port that is free at that moment and tells it: one that is chosen before can have been taken by
 * somebody else when a server is slow to start, who would then be asked.
 *
 * @param args of Node, in that folder
 * @returns its answers
 */
export async function serve(cwd: string, args: readonly string[], env: Record<string, string>): Promise<unknown[]> {
  const server = spawn(process.execPath, ['--import', TELL_PORT, ...args], {
    cwd,
    env: { PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  onTestFinished(() => void server.kill('SIGKILL'));
  let stderr = '';
  server.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = once(server, 'close').then(([code, signal]) => ({ code, signal, stderr }));
  const told = await Promise.race([once(server, 'message'), ended]);
  if (!Array.isArray(told)) throw new Error(`the server ended before it listened: ${told.stderr}`);
  const answers: unknown[] = [];
  for (let count = 0; count < 3; count++) {
    answers.push(await (await fetch(`http://127.0.0.1:${told[0]}/orders/7`)).json());
  }
  server.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null, stderr: '' });
  return answers;
}
