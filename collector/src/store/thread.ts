// Starts the store's thread.
import { Worker } from 'node:worker_threads';
import type { StoreWorkerData } from './contract.ts';

/** Its objects live as long as one batch. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 8 };

export function startThread(workerData: StoreWorkerData): Worker {
  // The build does not rewrite this URL, and the sources run as they are.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  return new Worker(new URL(file, import.meta.url), { workerData, resourceLimits: WORKER_LIMITS });
}
