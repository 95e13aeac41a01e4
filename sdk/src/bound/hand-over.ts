// Sends one body while the process is ending and nothing asynchronous runs any more: a worker thread sends, this
// thread waits for it. Costs some tens of milliseconds, so it is done only when something would be lost.
import { Worker } from 'node:worker_threads';
import type { Address } from '../providers/exporters.ts';

/** How long an ending process waits for an answer; a dead address refuses at once. */
const HAND_OVER_TIMEOUT_MS = 300;

/** How long it waits for the thread: 30 to 60 ms, and more only where the machine itself is too busy. */
const THREAD_TIMEOUT_MS = 1000;

/** What the worker says; 0 is that it has said nothing. */
const SENDING = 1;
const TAKEN = 2;
const FAILED = 3;

/** Plain script of the worker: it must not load the program's hooks, nor anything from a package. */
const SCRIPT = `
const { workerData: { url, headers, body, flag } } = require('node:worker_threads');
const { request } = url.startsWith('https:') ? require('node:https') : require('node:http');
const say = (state) => { Atomics.store(flag, 0, state); Atomics.notify(flag, 0); };
say(${SENDING});
try {
  const sending = request(url, { method: 'POST', headers }, (answer) => {
    const state = answer.statusCode >= 200 && answer.statusCode < 300 ? ${TAKEN} : ${FAILED};
    answer.resume();
    answer.on('end', () => say(state));
    answer.on('error', () => say(${FAILED}));
  });
  sending.on('error', () => say(${FAILED}));
  sending.end(body);
} catch { say(${FAILED}); }
`;

/**
 * Sends `body` to `address` and waits for the answer, at most 300 ms after it began to send.
 *
 * Never throws, and gives whether the body was taken. Certificates of the configuration are not used; a server that
 * needs them does not get the body.
 */
export function handOver(body: Uint8Array, { url, headers }: Address): boolean {
  try {
    const flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const worker = new Worker(SCRIPT, {
      eval: true,
      workerData: { url, headers, body, flag },
      // Neither --import nor NODE_OPTIONS of the program: the worker would start telemetry of its own.
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
    });
    worker.on('error', () => {});
    worker.unref();
    Atomics.wait(flag, 0, 0, THREAD_TIMEOUT_MS);
    Atomics.wait(flag, 0, SENDING, HAND_OVER_TIMEOUT_MS);
    return Atomics.load(flag, 0) === TAKEN;
  } catch {
    return false;
  }
}
