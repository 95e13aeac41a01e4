// Loads a configuration in a thread that ends. Schemas, YAML and the checks between keys take as much memory as all
// rooms that run, and nobody needs them once the values are known.
import { Worker } from 'node:worker_threads';
import { EvenkeelError } from '../errors.ts';
import type { Environment, Override } from './load.ts';
import type { Config } from './schema.ts';
import type { Loaded } from './load-thread.ts';

/** What the thread is given: what `loadConfig` is given on the machine it runs on. */
export interface LoadOrder {
  readonly files: readonly string[];
  readonly overrides: readonly Override[];
  readonly environment: Environment;
}

/** Loads a configuration for this machine, as `loadConfig` does. @throws what that throws, as an EvenkeelError */
export async function loadConfigApart(order: LoadOrder): Promise<Config> {
  // The build does not rewrite this URL, and the sources run as they are.
  const file = import.meta.url.endsWith('.ts') ? './load-thread.ts' : './load-thread.js';
  const thread = new Worker(new URL(file, import.meta.url), { workerData: order });
  const loaded = await new Promise<Loaded>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  // Its memory is given back before anything is built.
  await thread.terminate();
  if ('config' in loaded) return loaded.config;
  throw new EvenkeelError(loaded.code, loaded.detail);
}
