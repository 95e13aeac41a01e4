// Queues of tasks in the process: how many wait and run, for how long, and how they end.
import { type Attributes, type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ATTRIBUTE, RESOURCE_ATTRIBUTE, RESOURCE_METRIC } from '../names.ts';
import { observe, type Observation } from '../observe/observe.ts';
import { claim, type Undo } from './claims.ts';
import {
  errorType,
  isPlainPromise,
  isTimeout,
  member,
  method,
  type Method,
  numberOf,
  replaceMethod,
  watchCall,
} from './methods.ts';
import { Readings, record, secondsSince, Totals } from './readings.ts';

/** Options of {@link instrumentQueue}. */
export interface QueueOptions {
  /** Name of the queue, one of few; `queue` unless set. */
  readonly name?: string;
  /**
   * Whether each task is a span: a child of what added it, or a trace of its own with a link to what added it, which
   * suits tasks that outlive it. Not unless set.
   */
  readonly spans?: 'child' | 'link';
}

/** How full a queue of another kind is, as numbers or as functions that say them when metrics are collected. */
export interface QueueLevels {
  /** Tasks that wait. */
  readonly size: number | (() => number);
  /** Tasks that run. */
  readonly running?: number | (() => number);
  readonly concurrency?: number | (() => number);
}

const readings = new Readings([
  RESOURCE_METRIC.queueSize,
  RESOURCE_METRIC.queueRunning,
  RESOURCE_METRIC.queueConcurrency,
]);
const tasks = new Totals(RESOURCE_METRIC.queueTasks);

/** Methods that take a task which is a function. */
const ADDERS = ['add', 'push', 'enqueue', 'schedule'];

/**
 * Measures a queue: p-queue, any object whose `add`, `push`, `enqueue` or `schedule` takes a function, or one that says
 * how full it is.
 *
 * Of tasks that are no functions nothing is known but how many there are.
 *
 * @returns the same queue
 */
export function instrumentQueue<Q extends object>(queue: Q, options: QueueOptions = {}): Q {
  return claim('queue', queue, (target) => {
    const adders = ADDERS.filter((name) => method(target, name) !== undefined);
    if (adders.length === 0 && levelsOf(target).size === undefined) return undefined;
    const own: Attributes = { [RESOURCE_ATTRIBUTE.queueName]: options.name ?? 'queue' };
    return [readLevels(target, own, adders.length === 0), ...watchTasks(target, adders, own, options)];
  });
}

function readLevels(queue: object, own: Attributes, isOwned: boolean): Undo {
  return readings.add(
    queue,
    (target, report) => {
      const { size, running, concurrency } = levelsOf(target);
      if (size !== undefined) report(RESOURCE_METRIC.queueSize, size, own);
      if (running !== undefined) report(RESOURCE_METRIC.queueRunning, running, own);
      if (concurrency !== undefined) report(RESOURCE_METRIC.queueConcurrency, concurrency, own);
    },
    isOwned,
  );
}

function levelsOf(queue: object): {
  size?: number | undefined;
  running?: number | undefined;
  concurrency?: number | undefined;
} {
  const size = numberOf(queue, 'size') ?? numberOf(queue, 'pendingCount') ?? numberOf(queue, 'length');
  const running = numberOf(queue, 'running') ?? numberOf(queue, 'activeCount') ?? numberOf(queue, 'pending');
  return { size, running, concurrency: numberOf(queue, 'concurrency') };
}

function watchTasks(
  queue: object,
  adders: readonly string[],
  own: Attributes,
  { name = 'queue', spans }: QueueOptions,
): (Undo | undefined)[] {
  const observation: Observation = {
    name: `task ${name}`,
    fixed: own,
    fromArguments: ([{ waitedS }]: [Task]) => ({ high: { [RESOURCE_METRIC.queueWaitTime.name]: waitedS } }),
    watch({ span }, [task]) {
      const origin = trace.getSpanContext((task as Task).addedIn);
      if (spans === 'link' && origin !== undefined) span.addLink({ context: origin });
      return undefined;
    },
  };
  const inSpan = observe(observation, (task: Task) => task.run());
  const start = (task: Task): unknown => {
    if (spans === undefined) return task.run();
    return context.with(spans === 'link' ? ROOT_CONTEXT : task.addedIn, () => inSpan(task));
  };
  // A method that adds may call another one that does.
  let isInside = false;
  const replace = (add: Method): Method =>
    function (...args) {
      const [fn] = args;
      if (isInside || typeof fn !== 'function') return Reflect.apply(add, this, args);
      const task = new Task(fn as Method, own);
      const queued: Method = function (...given) {
        task.begin(this, given);
        // Some queues start a task while it is added; what the task itself adds is a task of its own.
        const wasInside = isInside;
        isInside = false;
        try {
          return start(task);
        } finally {
          isInside = wasInside;
        }
      };
      isInside = true;
      try {
        return Reflect.apply(add, this, [queued, ...args.slice(1)]);
      } finally {
        isInside = false;
      }
    };
  return [...adders.map((adder) => replaceMethod(queue, adder, replace)), watchClear(queue, own)];
}

/** One task from its adding to its end. */
class Task {
  readonly addedIn: Context = context.active();
  readonly #fn: Method;
  readonly #own: Attributes;
  readonly #addedMs = performance.now();
  #self: unknown;
  #args: unknown[] = [];
  #isCounted = false;
  waitedS = 0;

  constructor(fn: Method, own: Attributes) {
    [this.#fn, this.#own] = [fn, own];
  }

  begin(self: unknown, args: unknown[]): void {
    [this.#self, this.#args] = [self, args];
    this.waitedS = secondsSince(this.#addedMs);
    record(RESOURCE_METRIC.queueWaitTime, this.waitedS, this.#own);
  }

  run(): unknown {
    const startMs = performance.now();
    const ignore = this.#heedSignal();
    let isOver = false;
    const over = (failure: Attributes): void => {
      isOver = true;
      ignore();
      record(RESOURCE_METRIC.queueRunTime, secondsSince(startMs), { ...this.#own, ...failure });
      this.#count(failure === SUCCESS ? 'success' : 'error', failure);
    };
    const result = watchCall(
      () => Reflect.apply(this.#fn, this.#self, this.#args),
      () => over(SUCCESS),
      (thrown) => over({ [ATTRIBUTE.errorType]: errorType(thrown) }),
    );
    // Of other thenables nobody tells the end, and a signal may outlive many tasks.
    if (!isOver && !isPlainPromise(result)) ignore();
    return result;
  }

  /**
   * A task that takes too long goes on where nobody waits for it any more; p-queue tells it by a signal.
   *
   * What adding it answered is not looked at: of some of its promises p-queue sees to it that nobody needs to handle them.
   */
  #heedSignal(): () => void {
    const signal = member(this.#args[0], 'signal');
    if (!(signal instanceof AbortSignal)) return () => {};
    const aborted = (): void => {
      this.#count(isTimeout(signal.reason) ? 'timeout' : 'cancelled', {
        [ATTRIBUTE.errorType]: errorType(signal.reason),
      });
    };
    signal.addEventListener('abort', aborted, { once: true });
    return () => signal.removeEventListener('abort', aborted);
  }

  #count(outcome: string, failure: Attributes): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    tasks.add({ ...this.#own, [RESOURCE_ATTRIBUTE.queueOutcome]: outcome, ...failure });
  }
}

const SUCCESS: Attributes = {};

/** Tasks that are thrown away before they ran. */
function watchClear(queue: object, own: Attributes): Undo | undefined {
  const cancelled = tasks.of({ ...own, [RESOURCE_ATTRIBUTE.queueOutcome]: 'cancelled' });
  return replaceMethod(
    queue,
    'clear',
    (clear) =>
      function (...args) {
        const waiting = levelsOf(queue).size ?? 0;
        const result: unknown = Reflect.apply(clear, this, args);
        const left = waiting - (levelsOf(queue).size ?? 0);
        if (left > 0) cancelled.value += left;
        return result;
      },
  );
}
