// A program that loads the machine in bursts, as services do: CPU, memory, disk and network, with pauses between.
// Which comes when is drawn with a seed; how much of it the machine gives is the machine's.
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pick, seeded } from '../../tests/support/random.ts';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { serve } from '../peers/child.ts';

export type LoadMethods = {
  /** Loads for so long; answers when it is over. */
  run(argument: { readonly seconds: number; readonly seed: number }): Promise<void>;
};

const MEBIBYTE = 1024 * 1024;
/** Bursts begin so far apart. */
const PAUSE_S = { least: 8, most: 20 };
/** And last so long. */
const BURST_S = { least: 4, most: 10 };

setFlagsFromString('--expose-gc');
/** Memory that is given back is to be seen at once. */
const collect = runInNewContext('gc') as () => void;

type Burst = (untilMs: number, random: () => number) => Promise<void>;

/** One core busy, by halves of a second, so that the other bursts get their turn. */
const burnCpu: Burst = async (untilMs) => {
  while (performance.now() < untilMs) {
    const stepMs = performance.now() + 50;
    while (performance.now() < stepMs);
    await wait(0);
  }
};

/** Takes memory, holds it, and gives it back. */
const holdMemory: Burst = async (untilMs, random) => {
  const held: Buffer[] = [];
  for (let i = 0; i < 12 + pick(random, 20); i++) {
    held.push(Buffer.alloc(64 * MEBIBYTE, i + 1));
    await wait(5);
  }
  await wait(Math.max(0, untilMs - performance.now()));
  held.length = 0;
  collect();
};

/** Writes a file, piece by piece, each down to the disk. */
const writeDisk: Burst = async (untilMs) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-load-'));
  const piece = Buffer.alloc(2 * MEBIBYTE, 7);
  const file = openSync(join(folder, 'load'), 'w');
  for (let at = 0; performance.now() < untilMs; at = (at + piece.length) % (128 * MEBIBYTE)) {
    writeSync(file, piece, 0, piece.length, at);
    fsyncSync(file);
    await wait(20);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
};

/** Sends over the loopback interface. */
const sendNetwork: Burst = async (untilMs) => {
  const server = await listening();
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const piece = Buffer.alloc(MEBIBYTE, 3);
  while (performance.now() < untilMs) {
    socket.write(piece);
    await wait(10);
  }
  socket.destroy();
  server.close();
};

function listening(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.resume().on('error', () => socket.destroy()));
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

const BURSTS: readonly Burst[] = [burnCpu, holdMemory, writeDisk, sendNetwork];

serve({
  async run({ seconds, seed }: { readonly seconds: number; readonly seed: number }) {
    const random = seeded(seed);
    const endMs = performance.now() + seconds * 1000;
    const between = ({ least, most }: typeof PAUSE_S): number => (least + random() * (most - least)) * 1000;
    while (performance.now() < endMs) {
      await wait(Math.min(between(PAUSE_S), Math.max(0, endMs - performance.now())));
      const untilMs = Math.min(endMs, performance.now() + between(BURST_S));
      const first = pick(random, BURSTS.length);
      const chosen = [BURSTS[first], ...(random() < 0.5 ? [BURSTS[(first + 1) % BURSTS.length]] : [])];
      await Promise.all(chosen.map((burst) => burst?.(untilMs, random)));
    }
  },
} satisfies LoadMethods);
