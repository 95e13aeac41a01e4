// Tools: their phases, ids of calls, how many run at a time, and content only where it is asked for.
import { beforeEach, describe, expect, it } from 'vitest';
import { traceTool } from '../../../sdk/src/index.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();

class Search {
  isOpen = false;

  @traceTool({ name: 'search', phase: 'initialization' })
  async open(): Promise<void> {
    this.isOpen = true;
  }

  @traceTool({ name: 'search', type: 'function', description: 'finds things' })
  async find(query: string): Promise<string> {
    if (!this.isOpen) await this.open();
    this.close();
    return query;
  }

  @traceTool({ name: 'search', phase: 'cleanup' })
  close(): void {
    this.isOpen = false;
  }
}

beforeEach(async () => {
  spans.take();
  await measurements.take();
});

describe('a tool', () => {
  it('shows becoming ready and cleaning up within its execution, each measured', async () => {
    await expect(new Search().find('x')).resolves.toBe('x');
    const [open, close, find] = spans.take();
    expect([open?.name, close?.name, find?.name]).toEqual([
      'initialize_tool search',
      'clean_up_tool search',
      'execute_tool search',
    ]);
    const parent = find?.spanContext().spanId;
    expect([open?.parentSpanContext?.spanId, close?.parentSpanContext?.spanId]).toEqual([parent, parent]);
    expect(find?.attributes).toEqual({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'search',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.description': 'finds things',
      'evenkeel.tool.concurrency': 1,
    });
    const taken = await measurements.take();
    const named = { 'gen_ai.tool.name': 'search' };
    expect(taken.get('gen_ai.execute_tool.duration')?.[0]?.attributes).toEqual({
      ...named,
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.type': 'function',
    });
    expect(taken.get('gen_ai.tool.initialization.duration')?.[0]?.attributes).toMatchObject(named);
    expect(taken.get('gen_ai.tool.cleanup.duration')?.[0]?.attributes).toMatchObject(named);
  });

  it('tells how many calls run at a time', async () => {
    const ends: (() => void)[] = [];
    const wait = traceTool('wait', () => new Promise<void>((resolve) => ends.push(resolve)));
    const calls = [wait(), wait(), wait()];
    const running = async (): Promise<number | undefined> =>
      (await measurements.take()).get('gen_ai.tool.running')?.[0]?.sum;
    expect(await running()).toBe(3);
    ends.forEach((end) => end());
    await Promise.all(calls);
    expect(await running()).toBe(-3);
    const failing = traceTool('wait', () => Promise.reject(new Error('no')));
    await expect(failing()).rejects.toThrow('no');
    expect(await running()).toBe(0);
    expect(spans.take().map((span) => span.attributes['evenkeel.tool.concurrency'])).toEqual([1, 2, 3, 1]);
  });

  it('takes the id of the call from where it is', () => {
    const idOf = (call: () => unknown): unknown => {
      call();
      return spans.take()[0]?.attributes['gen_ai.tool.call.id'];
    };
    const tool = traceTool('t', (input: unknown, _options?: object) => input);
    expect(idOf(() => tool({ q: 1 }, { toolCallId: 'call_1' }))).toBe('call_1');
    expect(idOf(() => tool({ q: 1 }))).toBeUndefined();
    const own = traceTool({ name: 't', callId: ([{ id }]) => id }, (input: { id: string }) => input);
    expect(idOf(() => own({ id: 'call_2' }))).toBe('call_2');
  });

  it('records arguments and results only where it is asked to, bounded', () => {
    const content = (captureContent: boolean): unknown[] => {
      traceTool({ name: 't', captureContent }, (input: object) => ({ answer: input }))({ secret: 'x'.repeat(50_000) });
      const { attributes = {} } = spans.take()[0] ?? {};
      return [attributes['gen_ai.tool.call.arguments'], attributes['gen_ai.tool.call.result']];
    };
    expect(content(false)).toEqual([undefined, undefined]);
    const [given, answered] = content(true) as string[];
    expect(given).toMatch(/^\{"secret":"x+…"\}$/);
    expect(answered).toMatch(/^\{"answer":\{"secret":"x+…"\}\}$/);
    expect(answered?.length).toBeLessThan(5000);
  });
});
