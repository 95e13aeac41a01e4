// The runs of the workflow: one at a time, a few waiting, the latest remembered.
import { LRUCache } from 'lru-cache';
import { RuntimeError } from '../errors.ts';
import type { NodeOutcome, RunWorkflow } from '../workflow/run.ts';
import type { IndexSummary, IndexValues } from './index-dependencies.ts';

/** Runs that may wait besides the running one; each takes up to some seconds. */
export const MAX_WAITING = 4;

/** Ended runs that can still be looked at. */
const MAX_REMEMBERED = 100;

export interface Run {
  readonly id: string;
  readonly packageName: string | undefined;
  state: 'waiting' | 'running' | 'done' | 'failed';
  /** How each node ended, in that order. */
  readonly nodes: Record<string, NodeOutcome>;
  summary?: IndexSummary;
  /** The first failed node's error, in words. */
  error?: string;
}

export class Runs {
  readonly #workflow: RunWorkflow<IndexValues, 'packageName'>;
  readonly #runs = new LRUCache<string, Run>({ max: MAX_REMEMBERED });
  #started = 0;
  /** Waiting and running. */
  #open = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(workflow: RunWorkflow<IndexValues, 'packageName'>) {
    this.#workflow = workflow;
  }

  /**
   * Starts a run when those before it have ended, and returns at once.
   *
   * @param packageName what to index with everything it needs; undefined is the whole tree
   * @throws RUNS_FULL
   */
  start(packageName: string | undefined): Run {
    if (this.#open > MAX_WAITING) throw new RuntimeError('RUNS_FULL', `${MAX_WAITING} are waiting, at most`);
    const run: Run = { id: String(++this.#started), packageName, state: 'waiting', nodes: {} };
    this.#runs.set(run.id, run);
    this.#open++;
    this.#last = this.#last.then(() => this.#execute(run));
    return run;
  }

  /** @throws RUN_UNKNOWN */
  get(id: string): Run {
    const run = this.#runs.get(id);
    if (run === undefined) throw new RuntimeError('RUN_UNKNOWN', id);
    return run;
  }

  /** Resolves when all runs started so far have ended, well or not. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #execute(run: Run): Promise<void> {
    run.state = 'running';
    try {
      const values = await this.#workflow({ packageName: run.packageName }, (name, outcome) => {
        run.nodes[name] = outcome;
      });
      run.summary = values.summary;
      run.state = 'done';
    } catch (error) {
      // The workflow's span has the error; the run shows it to whoever asks.
      run.error = error instanceof Error ? error.message : String(error);
      run.state = 'failed';
    } finally {
      this.#open--;
    }
  }
}
