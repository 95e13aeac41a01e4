// Tasks of p-queue, and of queues of other kinds.
import { getEventListeners } from 'node:events';
import { context, trace } from '@opentelemetry/api';
import PQueue from 'p-queue';
import { beforeEach, describe, expect, it } from 'vitest';
import { instrumentQueue, uninstrument } from '../../../sdk/src/index.ts';
import { traceNode } from '../../../sdk/src/index.ts';
import { collectMetrics, having } from '../../support/collected-metrics.ts';
import { recordSpans } from '../../support/spans.ts';

const log = collectMetrics();
const spans = recordSpans();

async function take(name: string): Promise<string[]> {
  return having(await log.take(), `queue.name=${name}`);
}

/** A task that ends when it is told to. */
function held(): { task: () => Promise<string>; end: () => void } {
  let end = (): void => {};
  const ended = new Promise<string>((resolve) => {
    end = () => resolve('done');
  });
  return { task: () => ended, end };
}

beforeEach(async () => {
  await log.take();
  spans.take();
});

describe('a queue of p-queue', () => {
  it('tells how many tasks wait and run, and for how long', async () => {
    const queue = instrumentQueue(new PQueue({ concurrency: 1 }), { name: 'levels' });
    const { task, end } = held();
    const results = queue.addAll([task, task, () => 'sync']);
    await Promise.resolve();
    expect(await take('levels')).toEqual([
      'agent.queue.size {} 2',
      'queue.concurrency {} 1',
      'queue.running {} 1',
      'queue.task.wait_time {} 1',
    ]);
    end();
    expect(await results).toEqual(['done', 'done', 'sync']);
    expect(await take('levels')).toEqual([
      'agent.queue.size {} 0',
      'queue.concurrency {} 1',
      'queue.running {} 0',
      'queue.task.run_time {} 3',
      'queue.task.wait_time {} 2',
      'queue.tasks {queue.task.outcome=success} 3',
    ]);
  });

  it('counts tasks that a task adds while it starts', async () => {
    const queue = instrumentQueue(new PQueue({ concurrency: 2 }), { name: 'nested' });
    const inner = await queue.add(() => ({ ended: queue.add(async () => 'inner') }));
    expect(await inner.ended).toBe('inner');
    expect(await take('nested')).toContain('queue.tasks {queue.task.outcome=success} 2');
  });

  it('leaves no listener at a signal that outlives its tasks, whatever they answer', async () => {
    const queue = instrumentQueue(new PQueue({ concurrency: 1 }), { name: 'signal' });
    class Lazy<T> extends Promise<T> {}
    const { signal } = new AbortController();
    const tasks = [async () => 1, () => Lazy.resolve(2), () => 3];
    expect(await queue.addAll(tasks, { signal })).toEqual([1, 2, 3]);
    const others = new PQueue({ concurrency: 1 });
    const { signal: other } = new AbortController();
    await others.addAll(tasks, { signal: other });
    expect(getEventListeners(signal, 'abort')).toHaveLength(getEventListeners(other, 'abort').length);
  });

  it('tells how tasks ended', async () => {
    const queue = instrumentQueue(new PQueue({ concurrency: 1 }), { name: 'outcomes' });
    const { task, end } = held();
    await expect(queue.add(() => Promise.reject(new RangeError('far')))).rejects.toThrow('far');
    await expect(
      queue.add(() => {
        throw new TypeError('wrong');
      }),
    ).rejects.toThrow('wrong');
    await expect(queue.add(task, { timeout: 1 })).rejects.toThrow('timed out');
    const running = queue.add(() => task());
    // Nobody handles it, and nobody has to.
    void queue.add(task);
    queue.clear();
    end();
    await running;
    const lines = await take('outcomes');
    expect(lines.filter((line) => line.startsWith('queue.tasks'))).toEqual([
      'queue.tasks {error.type=RangeError, queue.task.outcome=error} 1',
      'queue.tasks {error.type=TimeoutError, queue.task.outcome=timeout} 1',
      'queue.tasks {error.type=TypeError, queue.task.outcome=error} 1',
      'queue.tasks {queue.task.outcome=cancelled} 1',
      'queue.tasks {queue.task.outcome=success} 1',
    ]);
  });
});

describe('spans of tasks', () => {
  it('belong to what added them, or link to it', async () => {
    for (const kind of ['child', 'link'] as const) {
      const queue = instrumentQueue(new PQueue({ concurrency: 1, autoStart: false }), { name: kind, spans: kind });
      const inside = traceNode('inside', () => 1);
      const added = traceNode('adding', () => void queue.add(async () => inside()))();
      expect(added).toBe(undefined);
      queue.start();
      await queue.onIdle();
      const [adding, inner, task] = spans.take();
      expect([adding?.name, inner?.name, task?.name]).toEqual(['run_step adding', 'run_step inside', `task ${kind}`]);
      const origin = adding?.spanContext();
      expect(inner?.parentSpanContext?.spanId).toBe(task?.spanContext().spanId);
      expect(task?.parentSpanContext?.spanId).toBe(kind === 'child' ? origin?.spanId : undefined);
      expect(task?.links.map((link) => link.context.spanId)).toEqual(kind === 'child' ? [] : [origin?.spanId]);
      expect(task?.attributes['queue.task.wait_time']).toEqual(expect.any(Number));
    }
  });
});

/** A queue without promises that loses the context in which a task was added. */
class Plain {
  readonly waiting: (() => unknown)[] = [];
  running = 0;

  push(task: () => unknown): number {
    return this.waiting.push(task);
  }

  size(): number {
    return this.waiting.length;
  }

  drain(): void {
    for (const task of this.waiting.splice(0)) task();
  }
}

describe('a queue of another kind', () => {
  it('is measured by its methods, and its tasks find the context of what added them', async () => {
    const queue = instrumentQueue(new Plain(), { name: 'plain', spans: 'child' });
    let active: string | undefined;
    traceNode('adding', () => queue.push(() => (active = trace.getSpan(context.active())?.spanContext().traceId)))();
    expect(await take('plain')).toEqual(['agent.queue.size {} 1', 'queue.running {} 0']);
    queue.drain();
    expect(active).toBe(spans.take()[0]?.spanContext().traceId);
    expect(await take('plain')).toEqual([
      'agent.queue.size {} 0',
      'queue.running {} 0',
      'queue.task.run_time {} 1',
      'queue.task.wait_time {} 1',
      'queue.tasks {queue.task.outcome=success} 1',
    ]);
    expect(queue.push('no task' as never)).toBe(1);
  });

  it('says how full it is', async () => {
    const levels = instrumentQueue({ size: () => 4, running: 2, concurrency: 3 }, { name: 'said' });
    expect(await take('said')).toEqual(['agent.queue.size {} 4', 'queue.concurrency {} 3', 'queue.running {} 2']);
    uninstrument(levels);
    expect(await take('said')).toEqual(['agent.queue.size {} 0', 'queue.concurrency {} 0', 'queue.running {} 0']);
  });
});
