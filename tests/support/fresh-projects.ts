// Fresh projects in a temporary folder that install what is packed here, as a user's would; and a sidecar beside them.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NPM_QUIET = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/** Whether packages that are not in npm's cache could be installed. */
export async function isRegistryReachable(): Promise<boolean> {
  const args = ['view', 'express@5.3.0', 'version', '--prefer-online', '--fetch-retries=0', '--fetch-timeout=10000'];
  return exec('npm', args).then(
    ({ stdout }) => stdout.includes('5.3.0'),
    () => false,
  );
}

/** A fenced block of the SDK's README by the file name in its first line. */
export async function readmeFile(name: string): Promise<string> {
  const readme = await readFile(join(ROOT, 'sdk/README.md'), 'utf8');
  const block = [...readme.matchAll(/```[a-z]+\n(.+?)```/gs)].find(([, text]) => text?.startsWith(`// ${name}\n`));
  if (block?.[1] === undefined) throw new Error(`the README has no ${name}`);
  return block[1];
}

export class FreshProjects {
  readonly folder: string;
  readonly #packed: Readonly<Record<string, string>>;

  private constructor(folder: string, packed: Readonly<Record<string, string>>) {
    [this.folder, this.#packed] = [folder, packed];
  }

  /** Packs both packages. */
  static async pack(): Promise<FreshProjects> {
    const folder = await mkdtemp(join(tmpdir(), 'evenkeel-projects-'));
    const packed: Record<string, string> = {};
    for (const workspace of ['sdk', 'collector']) {
      const args = ['pack', '--pack-destination', folder, '--json', '--loglevel=error'];
      const { stdout } = await exec('npm', args, { cwd: join(ROOT, workspace) });
      const [{ name, filename }] = JSON.parse(stdout) as [{ name: string; filename: string }];
      packed[name] = `file:${join(folder, filename.replace('@', '').replace('/', '-'))}`;
    }
    return new FreshProjects(folder, packed);
  }

  /** Makes an empty project, writes its files and installs what it needs beside the packed packages. @returns its folder */
  async make(
    name: string,
    dependencies: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>>,
    manifest: object = {},
  ): Promise<string> {
    const cwd = join(this.folder, name);
    await mkdir(cwd);
    const all = { ...this.#packed, '@opentelemetry/api': '1.10.0', ...dependencies };
    await writeFile(
      join(cwd, 'package.json'),
      JSON.stringify({ name, private: true, ...manifest, dependencies: all }, undefined, 2),
    );
    for (const [file, text] of Object.entries(files)) await writeFile(join(cwd, file), text);
    await exec('npm', ['install', ...NPM_QUIET], { cwd });
    return cwd;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * A packed sidecar with page and metrics page on free ports; it keeps every trace
 * of the named services, also while this machine is too busy to keep a share, so that exemplars have theirs.
 */
export class PackedSidecar {
  readonly endpoint: string;
  readonly #pageUrl: string;
  readonly #metricsUrl: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, [otlp, metrics, page]: readonly number[]) {
    this.#process = process;
    this.endpoint = `http://127.0.0.1:${otlp}`;
    this.#metricsUrl = `http://127.0.0.1:${metrics}/metrics`;
    this.#pageUrl = `http://127.0.0.1:${page}`;
  }

  /** @param project where the packages are installed */
  static async start(project: string, services: readonly string[]): Promise<PackedSidecar> {
    const ports = [await freePort(), await freePort(), await freePort()];
    const config = join(project, 'evenkeel.yaml');
    await writeFile(
      config,
      `receive: { http: { port: ${ports[0]} }, grpc: { port: 0 } }\nexport: { prometheus: { port: ${ports[1]} } }\n` +
        `web: { port: ${ports[2]} }\nstore: { path: ${join(project, 'store')} }\n` +
        `sample: { after_root: 1s, policies: [{ name: named, type: service, names: [${services.join()}] }] }\n`,
    );
    const child = spawn(join(project, 'node_modules/.bin/evenkeel'), ['run', '--config', config], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const sidecar = new PackedSidecar(child, ports);
    await until(async () => (await fetch(`${sidecar.#pageUrl}/ready`).catch(() => undefined))?.status === 200);
    return sidecar;
  }

  /** Names of a service's operations as its spans tell them. */
  async operations(service: string): Promise<string[]> {
    const answer = (await (await fetch(`${this.#pageUrl}/api/operations`)).json()) as {
      operations: { service: string; name: string }[];
    };
    return answer.operations.filter((each) => each.service === service).map(({ name }) => name);
  }

  /** Lines of a metric on the Prometheus page, in OpenMetrics, which has exemplars. */
  async metric(name: string, service: string): Promise<string[]> {
    const text = await (
      await fetch(this.#metricsUrl, { headers: { accept: 'application/openmetrics-text; version=1.0.0' } })
    ).text();
    return text.split('\n').filter((line) => line.startsWith(name) && line.includes(`job="${service}"`));
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks until it is so; the time limit is that of the test. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}
