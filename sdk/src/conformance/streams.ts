// Streams: the same object, timed until it was read.
import { check, pause } from './checks.ts';
import type { Row } from './suite.ts';

function webStream(failure?: Error): ReadableStream<string> {
  let given = 0;
  return new ReadableStream({
    async pull(controller) {
      await pause(10);
      if (given++ < 2) controller.enqueue('text');
      else if (failure === undefined) controller.close();
      else controller.error(failure);
    },
  });
}

async function read(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of stream) count++;
  return count;
}

export const STREAM_ROWS: readonly Row[] = [
  {
    id: 'web-stream',
    title: 'a ReadableStream is the same object, timed until it was read; its error is ERROR',
    async run(trial) {
      const made = webStream();
      const stream = trial.wrap(() => made)();
      check(stream === made, 'it is another object');
      await trial.open();
      check((await read(stream)) === 2, 'it gives other items');
      const { durationMs } = await trial.ended();
      check(durationMs >= 20, `more than 20 ms were timed as ${durationMs}`);
      const failure = new Error('conformance failure');
      await read(trial.wrap(() => webStream(failure))()).catch(() => {});
      await trial.ended('error');
    },
  },
  {
    id: 'node-stream',
    title: 'a Readable of Node is the same object, timed until it was read; its error is ERROR',
    async run(trial) {
      const { Readable } = process.getBuiltinModule('node:stream');
      const source = async function* (fails: boolean): AsyncGenerator<string> {
        yield 'text';
        await pause(20);
        if (fails) throw new Error('conformance failure');
        yield 'text';
      };
      const made = Readable.from(source(false));
      const stream = trial.wrap(() => made)();
      check(stream === made, 'it is another object');
      await trial.open();
      check((await read(stream)) === 2, 'it gives other items');
      const { durationMs } = await trial.ended();
      check(durationMs >= 15, `more than 20 ms were timed as ${durationMs}`);
      await read(trial.wrap(() => Readable.from(source(true)))()).catch(() => {});
      await trial.ended('error');
    },
  },
];
