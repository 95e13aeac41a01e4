// The runs of the workflow: a few at a time, a few waiting, the latest remembered, and each can be followed while it goes on.
import { EventEmitter, on } from 'node:events';
import { instrumentQueue, measurePerformance } from '@evenkeel/sdk';
import { LRUCache } from 'lru-cache';
import PQueue from 'p-queue';
import { RuntimeError } from '../errors.ts';
import type { NodeOutcome, RunWorkflow } from '../workflow/run.ts';
import type { IndexSummary, IndexValues } from './index-dependencies.ts';

/** Runs at a time: while one waits for the disk the other computes. */
export const MAX_RUNNING = 2;

/** Runs that may wait besides; each takes up to some seconds. */
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

/** What is told of a run while it goes on: how a node ended, and last how all of it did. */
export type RunEvent = { readonly node: string; readonly outcome: NodeOutcome } | { readonly state: Run['state'] };

export class Runs {
  readonly #workflow: RunWorkflow<IndexValues, 'packageName'>;
  readonly #runs = new LRUCache<string, Run>({ max: MAX_REMEMBERED });
  readonly #queue = instrumentQueue(new PQueue({ concurrency: MAX_RUNNING }), { name: 'runs', spans: 'child' });
  /** Tells of nodes by the id of their run, and of its end. */
  readonly #news = new EventEmitter().setMaxListeners(0);
  #started = 0;

  constructor(workflow: RunWorkflow<IndexValues, 'packageName'>) {
    this.#workflow = workflow;
  }

  /**
   * Starts a run when there is room, and returns at once.
   *
   * @param packageName what to index with everything it needs, which goes before the whole tree; undefined is the whole tree
   * @throws RUNS_FULL
   */
  start(packageName: string | undefined): Run {
    if (this.#queue.size >= MAX_WAITING) throw new RuntimeError('RUNS_FULL', `${MAX_WAITING} are waiting, at most`);
    const run: Run = { id: String(++this.#started), packageName, state: 'waiting', nodes: {} };
    this.#runs.set(run.id, run);
    void this.#queue.add(() => this.#execute(run), { priority: packageName === undefined ? 0 : 1 });
    return run;
  }

  /** @throws RUN_UNKNOWN */
  get(id: string): Run {
    const run = this.#runs.get(id);
    if (run === undefined) throw new RuntimeError('RUN_UNKNOWN', id);
    return run;
  }

  /** Tells what happened in a run until now, what happens from now on, and last how it ended. @throws RUN_UNKNOWN */
  @measurePerformance('run.follow')
  async *follow(id: string): AsyncGenerator<RunEvent> {
    const run = this.get(id);
    // Listens before anything is waited for, so that nothing is missed between what was and what comes.
    const coming = isOver(run) ? [] : on(this.#news, id, { close: [endOf(id)] });
    for (const [node, outcome] of Object.entries(run.nodes)) yield { node, outcome };
    for await (const [node, outcome] of coming) yield { node, outcome };
    yield { state: run.state };
  }

  /** Resolves when all runs started so far have ended, well or not. */
  async settled(): Promise<void> {
    await this.#queue.onIdle();
  }

  async #execute(run: Run): Promise<void> {
    run.state = 'running';
    try {
      const values = await this.#workflow({ packageName: run.packageName }, (name, outcome) => {
        run.nodes[name] = outcome;
        this.#news.emit(run.id, name, outcome);
      });
      run.summary = values.summary;
      run.state = 'done';
    } catch (error) {
      // The workflow's span has the error; the run shows it to whoever asks.
      run.error = error instanceof Error ? error.message : String(error);
      run.state = 'failed';
    } finally {
      this.#news.emit(endOf(run.id));
    }
  }
}

function isOver({ state }: Run): boolean {
  return state === 'done' || state === 'failed';
}

function endOf(id: string): string {
  return `end of ${id}`;
}
