// Streams of the web and of Node: the call is over when they are, and nothing of them changes.
import { EventEmitter, errorMonitor } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { measurePerformance } from '../../../sdk/src/index.ts';
import { collect, expectSpan, recordSpans } from '../../support/spans.ts';

const log = recordSpans();

beforeEach(() => {
  log.take();
});

const wrap = <F extends (...args: never) => unknown>(fn: F): F => measurePerformance('op', fn);
const expectOpen = (): void => expect(log.take()).toEqual([]);
const expectOp = (outcome: 'unset' | 'error'): void => expectSpan(log, 'op', outcome);

function web(items: readonly unknown[], failure?: Error): ReadableStream {
  const rest = [...items];
  return new ReadableStream({
    pull(controller) {
      if (rest.length > 0) controller.enqueue(rest.shift());
      else if (failure !== undefined) controller.error(failure);
      else controller.close();
    },
  });
}

describe('a web stream', () => {
  const stream = (items: readonly unknown[] = ['a', 'b'], failure?: Error): ReadableStream => {
    const made = web(items, failure);
    expect(wrap(() => made)()).toBe(made);
    expectOpen();
    return made;
  };

  it('is over when a reader has read it', async () => {
    const reader = stream().getReader();
    expect(await reader.read()).toEqual({ done: false, value: 'a' });
    reader.releaseLock();
    expectOpen();
  });

  it('goes on with another reader', async () => {
    const made = stream();
    made.getReader().releaseLock();
    const reader = made.getReader();
    expect(await reader.read()).toEqual({ done: false, value: 'a' });
    expectOpen();
    while (!(await reader.read()).done);
    expectOp('unset');
  });

  it('is over when it was iterated, also only in part', async () => {
    expect(await collect(stream())).toEqual(['a', 'b']);
    expectOp('unset');
    for await (const item of stream()) {
      expect(item).toBe('a');
      break;
    }
    expectOp('unset');
  });

  it('is over when it was piped', async () => {
    await stream().pipeTo(new WritableStream());
    expectOp('unset');
    expect(await collect(stream(['x']).pipeThrough(new TextEncoderStream()))).toHaveLength(1);
    await turn();
    expectOp('unset');
  });

  it('is over when a branch of it was read', async () => {
    const [first, second] = stream().tee();
    expect(await collect(first)).toEqual(['a', 'b']);
    expect(await collect(second)).toEqual(['a', 'b']);
    expectOp('unset');
  });

  it('is over when it is cancelled', async () => {
    await stream().cancel();
    expectOp('unset');
  });

  it('fails in each way to read it', async () => {
    const failure = new Error('broken');
    const ways: ((made: ReadableStream) => Promise<unknown>)[] = [
      (made) => collect(made),
      (made) => made.getReader().read(),
      (made) => made.pipeTo(new WritableStream()),
      (made) => collect(made.pipeThrough(new TextDecoderStream())),
      (made) => collect(made.tee()[0]),
    ];
    for (const way of ways) {
      await expect(way(stream([], failure))).rejects.toBe(failure);
      expectOp('error');
    }
  });

  it('may come in a promise', async () => {
    const made = await wrap(async () => web(['a']))();
    expectOpen();
    expect(await new Response(made.pipeThrough(new TextEncoderStream())).text()).toBe('a');
    await turn();
    expectOp('unset');
  });

  it('shows nothing of being watched', () => {
    const made = web([]);
    const keys = Object.keys(made);
    wrap(() => made)();
    expect(Object.keys(made)).toEqual(keys);
    expect(made.locked).toBe(false);
  });

  it('ends all calls that passed it on', async () => {
    const made = wrap(wrap(() => web(['a'])))();
    await collect(made);
    expect(log.take()).toHaveLength(2);
  });
});

describe('a stream of Node', () => {
  const stream = (made: Readable = Readable.from(['a', 'b'])): Readable => {
    expect(wrap(() => made)()).toBe(made);
    expectOpen();
    return made;
  };

  it('is over when it was read in any way', async () => {
    const ways: ((made: Readable) => Promise<unknown>)[] = [
      (made) => collect(made),
      (made) => pipeline(made, new PassThrough().resume()),
      (made) => finished(made.resume()),
      (made) => made.toArray(),
    ];
    for (const way of ways) {
      await way(stream());
      expectOp('unset');
    }
  });

  it('does not begin to flow', () => {
    expect(stream().readableFlowing).toBeNull();
  });

  it('is over when it is destroyed', async () => {
    const made = stream();
    made.destroy();
    await finished(made).catch(() => {});
    expectOp('unset');
  });

  it('fails, and an error that nobody handles stays one', async () => {
    const failure = new Error('broken');
    const made = stream(new Readable({ read: (): void => {} }));
    expect(made.listenerCount('error')).toBe(0);
    made.once('error', () => {});
    made.destroy(failure);
    await finished(made).catch(() => {});
    expectOp('error');
  });

  it('is over at once when it was read before', async () => {
    const made = Readable.from(['a']);
    await collect(made);
    wrap(() => made)();
    expectOp('unset');
  });

  it('is watched once, however often it is passed on', async () => {
    const made = wrap(wrap(() => Readable.from(['a'])))();
    expect(made.listenerCount(errorMonitor)).toBe(1);
    await collect(made);
    expect(log.take()).toHaveLength(2);
  });

  it('is not every emitter of events', () => {
    wrap(() => new EventEmitter())();
    expectOp('unset');
  });
});
