// The thread that loads a configuration: says what it found, and ends.
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, EvenkeelError } from '../errors.ts';
import type { LoadOrder } from './load-apart.ts';
import { loadConfig } from './load.ts';
import { thisMachine } from './machine.ts';
import type { Config } from './schema.ts';

/** A configuration is data and crosses threads as it is; of an error its code and its words do. */
export type Loaded = { readonly config: Config } | { readonly code: ErrorCode; readonly detail: string };

assert(parentPort !== null, 'configurations are loaded in a thread');
parentPort.postMessage(load(workerData as LoadOrder));

function load({ files, overrides, environment }: LoadOrder): Loaded {
  try {
    return { config: loadConfig(files, overrides, environment, thisMachine()) };
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error;
    return { code: error.code, detail: error.detail };
  }
}
