// Cost from a price table that may be installed, and judgements of answers.
import { logs, trace } from '@opentelemetry/api';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { beforeEach, describe, expect, it } from 'vitest';
import { recordEvaluation, traceLLM, traceWorkflow } from '../../../sdk/src/index.ts';
import { PriceTable } from '../../../sdk/src/observe/llm-cost.ts';
import { state } from '../../../sdk/src/state.ts';
import { recordMeasurements } from '../../support/measurements.ts';
import { recordSpans } from '../../support/spans.ts';

const spans = recordSpans();
const measurements = recordMeasurements();
const exporter = new InMemoryLogRecordExporter();
logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }));

/** Answers as @pydantic/genai-prices 0.1.8 does: null for what it does not know, an error for what cannot be. */
function calcPrice(usage: Record<string, number>, model: string, { providerId }: { providerId?: string }) {
  const { input_tokens: input = 0, cache_read_tokens: read = 0, output_tokens: output = 0 } = usage;
  if (read > input) throw new Error('Invalid usage data');
  return providerId === 'x-ai' && model === 'grok' ? { total_price: input + 10 * output } : null;
}
const of = { provider: 'x_ai', model: 'grok' };

beforeEach(async () => {
  spans.take();
  exporter.reset();
  await measurements.take();
});

describe('a price table', () => {
  it('is loaded once, when it is first asked for, and tells what came before then too', async () => {
    let loads = 0;
    const table = new PriceTable(async () => {
      loads++;
      return { calcPrice };
    });
    const told: number[] = [];
    table.tell({ inputTokens: 1, outputTokens: 2 }, of, (usd) => told.push(usd));
    table.tell({ inputTokens: 5 }, of, (usd) => told.push(usd));
    expect(told).toEqual([]);
    await table.prepare();
    table.tell({ inputTokens: 7 }, of, (usd) => told.push(usd));
    expect(told).toEqual([21, 5, 7]);
    expect(loads).toBe(1);
  });

  it('tells nothing of what it does not know', async () => {
    const table = new PriceTable(() => Promise.resolve({ calcPrice }));
    const told: number[] = [];
    const tell = (usd: number): void => void told.push(usd);
    await table.prepare();
    table.tell({ inputTokens: 1 }, { provider: 'x_ai', model: undefined }, tell);
    table.tell({ inputTokens: 1 }, { provider: 'x_ai', model: 'other' }, tell);
    table.tell({ inputTokens: 1, cacheReadTokens: 2 }, of, tell);
    expect(told).toEqual([]);
  });

  it('that is not there, or not what it should be, is no error', async () => {
    for (const load of [() => Promise.reject(new Error('ERR_MODULE_NOT_FOUND')), () => Promise.resolve({})]) {
      const table = new PriceTable(load);
      table.tell({ inputTokens: 1 }, of, () => expect.unreachable());
      await expect(table.prepare()).resolves.toBeUndefined();
      table.tell({ inputTokens: 1 }, of, () => expect.unreachable());
    }
  });
});

describe('an evaluation', () => {
  it('is a metric by name, label and model, and an event on the active span', async () => {
    const call = traceLLM({ provider: 'p', model: 'm1', cost: false }, () => {
      recordEvaluation({
        name: 'relevance',
        score: 0.75,
        label: 'pass',
        explanation: 'e'.repeat(9000),
        responseId: 'r1',
      });
    });
    call();
    traceWorkflow('w', () => recordEvaluation({ name: 'relevance', score: 0.25, model: 'm2' }))();
    expect(
      (await measurements.take()).get('gen_ai.evaluation.score')?.map(({ attributes, sum }) => [attributes, sum]),
    ).toEqual([
      [
        {
          'gen_ai.evaluation.name': 'relevance',
          'gen_ai.evaluation.score.label': 'pass',
          'gen_ai.request.model': 'm1',
        },
        0.75,
      ],
      [{ 'gen_ai.evaluation.name': 'relevance', 'gen_ai.request.model': 'm2' }, 0.25],
    ]);
    const [event] = spans.take()[0]?.events ?? [];
    expect(event?.name).toBe('gen_ai.evaluation.result');
    expect(event?.attributes).toMatchObject({ 'gen_ai.evaluation.score.value': 0.75, 'gen_ai.response.id': 'r1' });
    expect(String(event?.attributes?.['gen_ai.evaluation.explanation']).length).toBe(4096);
    expect(exporter.getFinishedLogRecords()).toEqual([]);
  });

  it('is told as a log record where exceptions are', () => {
    state.exceptionSignal = 'logs';
    const span = trace.getTracer('test').startSpan('s');
    traceWorkflow('w', () => recordEvaluation({ name: 'tone', label: 'rude' }))();
    state.exceptionSignal = 'events';
    span.end();
    const [record] = exporter.getFinishedLogRecords();
    expect(record?.eventName).toBe('gen_ai.evaluation.result');
    expect(record?.attributes).toEqual({ 'gen_ai.evaluation.name': 'tone', 'gen_ai.evaluation.score.label': 'rude' });
    expect(record?.spanContext?.traceId).toBe(
      spans
        .take()
        .find(({ name }) => name.startsWith('invoke'))
        ?.spanContext().traceId,
    );
  });

  it('takes what a judge left out or wrote as something else', async () => {
    const odd = { name: 'odd', score: 1, label: null, explanation: null } as unknown as { name: string };
    traceWorkflow('w', () => recordEvaluation(odd))();
    expect((await measurements.take()).get('gen_ai.evaluation.score')?.[0]?.attributes).toEqual({
      'gen_ai.evaluation.name': 'odd',
    });
    const [event] = spans.take()[0]?.events ?? [];
    expect(event?.attributes).toEqual({ 'gen_ai.evaluation.name': 'odd', 'gen_ai.evaluation.score.value': 1 });
  });

  it('needs no span, and no number that is none', async () => {
    recordEvaluation({ name: 'a', score: 1 });
    recordEvaluation({ name: 'a', score: Number.NaN });
    expect((await measurements.take()).get('gen_ai.evaluation.score')?.[0]?.count).toBe(1);
  });
});
