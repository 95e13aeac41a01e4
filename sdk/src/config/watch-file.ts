// Follows the configuration file of a running program: a changed sampler counts at once, other changes wait for a restart,
// and what is wrong with a change is told and changes nothing.
import { unwatchFile, watchFile } from 'node:fs';
import { EvenkeelError, warn } from '../errors.ts';
import type { Environment } from '../options.ts';
import type { Model, SamplerNode } from './model.ts';
import { readConfigFile } from './read-file.ts';

/** It is asked by path, so a file that was replaced, or is behind a link that was, is found too. A question costs microseconds. */
const INTERVAL_MS = 1000;

/** What a running program was started from. */
export interface WatchedFile {
  readonly path: string;
  readonly environment: Environment;
  readonly model: Model;
}

/**
 * Watches until it is ended; nothing of it keeps the process alive.
 *
 * @param apply is given the sampler of a good file whose sampler is another one
 * @returns what ends it
 */
export function watchSampler(
  { path, environment, model }: WatchedFile,
  apply: (sampler: SamplerNode | null | undefined) => void,
): () => void {
  let sampler = JSON.stringify(model.tracer_provider?.sampler);
  let others = JSON.stringify(withoutSampler(model));
  const read = (): void => {
    try {
      const changed = readConfigFile(path, environment);
      const wanted = JSON.stringify(changed.tracer_provider?.sampler);
      if (wanted !== sampler) apply(changed.tracer_provider?.sampler);
      sampler = wanted;
      const rest = JSON.stringify(withoutSampler(changed));
      if (rest !== others) warn('CONFIG_FILE_CHANGED', `${path}: not only the sampler`);
      others = rest;
    } catch (error) {
      // Half a file, which is still being written, is read again when it is whole.
      const problems = error instanceof EvenkeelError ? error.detail : String(error);
      for (const problem of problems.split('\n')) warn('CONFIG_FILE_CHANGED', problem);
    }
  };
  watchFile(path, { interval: INTERVAL_MS, persistent: false }, read);
  // It may have changed since it was read, before the first question.
  const first = setTimeout(read, INTERVAL_MS).unref();
  return () => {
    clearTimeout(first);
    unwatchFile(path, read);
  };
}

function withoutSampler(model: Model): object {
  return { ...model, tracer_provider: { ...model.tracer_provider, sampler: null } };
}
