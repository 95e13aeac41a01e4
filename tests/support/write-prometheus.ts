// A Prometheus that takes remote write and scrapes nothing; it can be away for a while. It ends with the test file.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { eventually } from './eventually.ts';
import { closedPort } from './exporter-rig.ts';
import { prometheusClient, type RunningPrometheus } from './prometheus.ts';
import { PROGRAMS } from './real-parts.ts';

const exec = promisify(execFile);

export interface WritePrometheus extends RunningPrometheus {
  /** Where samples are written to. */
  readonly writeUrl: string;
  /** Ends it, and keeps its data. */
  leave(): Promise<void>;
  /** Starts it again with its data, where it was. */
  comeBack(): Promise<void>;
}

const stops: (() => Promise<void>)[] = [];
// Here, because a hook registered while tests run would never be called.
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

/** Builds Prometheus 3 where that was not done before; takes some minutes, once. @returns path of its executable */
export async function prometheus3(): Promise<string> {
  const { stdout } = await exec(join(PROGRAMS, 'prometheus3/build'));
  return stdout.trim();
}

/** Starts it and waits until it is ready. @param features to enable, separated by commas */
export async function startWritePrometheus(binary: string, features: string): Promise<WritePrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-written-'));
  const config = join(folder, 'prometheus.yml');
  await writeFile(config, 'global: { scrape_interval: 1m }\n');
  const address = `127.0.0.1:${await closedPort()}`;
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--web.enable-remote-write-receiver',
    `--enable-feature=${features}`,
  ];
  let child: ChildProcess | undefined;
  const comeBack = async (): Promise<void> => {
    const started = spawn(binary, flags, {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    let words = '';
    started.stderr.on('data', (text: Buffer) => (words = (words + text.toString()).slice(-4000)));
    await eventually(
      () => `Prometheus to be ready:\n${words}`,
      async () => {
        if (started.exitCode !== null) throw new Error(`Prometheus ended:\n${words}`);
        return fetch(`http://${address}/-/ready`).then(
          async (response) => {
            await response.arrayBuffer();
            return response.ok;
          },
          () => false,
        );
      },
    );
  };
  const leave = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    await ended;
  };
  stops.push(async () => {
    await leave();
    await rm(folder, { recursive: true, force: true });
  });
  await comeBack();
  return { ...prometheusClient(`http://${address}`), writeUrl: `http://${address}/api/v1/write`, leave, comeBack };
}
