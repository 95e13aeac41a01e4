// Runs tests/scenarios/*.yaml but for sample-*, each on a whole sidecar whose time it moves. See tests/scenarios/README.md.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type RunningCollector, startCollector } from './support/running-collector.ts';
import { type Sink, startSink } from './support/sink.ts';
import { testSpan, traceIdOf } from './support/test-span.ts';
import { bodyOf } from './support/traffic.ts';

interface ScenarioSpan {
  readonly trace?: string;
  readonly service?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly child?: boolean;
  readonly error?: boolean;
  readonly duration_ms?: number;
  readonly trace_state?: string;
}

interface Expectation {
  readonly kept?: Readonly<Record<string, readonly string[]>>;
  readonly policies?: Readonly<Record<string, number>>;
  readonly books?: object;
  readonly series?: readonly string[];
}

type Step =
  | { readonly send: readonly ScenarioSpan[] }
  | { readonly repeat: true }
  | { readonly advance: number }
  | { readonly expect: Expectation };

interface Scenario {
  readonly title: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

const FOLDER = new URL('scenarios/', import.meta.url);
const scenarios = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml') && !name.startsWith('sample-'))
  // Trace ids of digits stay text.
  .map((name) => [name, parse(readFileSync(new URL(name, FOLDER), 'utf8'), { schema: 'failsafe' }) as unknown] as const)
  .map(([name, text]) => [name, plain(text) as Scenario] as const)
  .map(([name, scenario]) => [name, scenario.title, scenario] as const);

/** Numbers and truths again, but not what is a trace id. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'string' && /^\d{1,8}(\.\d+)?$/.test(value) ? Number(value) : value;
}

class Run {
  readonly #running: RunningCollector;
  readonly #sink: Sink;
  readonly #names = new Map<string, string>();
  #last: Uint8Array = new Uint8Array(0);

  constructor(running: RunningCollector, sink: Sink) {
    this.#running = running;
    this.#sink = sink;
  }

  async step(step: Step): Promise<void> {
    if ('advance' in step) this.#running.clock.advance(step.advance * 1000);
    else if ('expect' in step) await this.#expect(step.expect);
    else await this.#send('send' in step ? this.#body(step.send) : this.#last);
  }

  #body(spans: readonly ScenarioSpan[]): Uint8Array {
    return bodyOf(
      spans.map(({ duration_ms: durationMs, trace_state: traceState, ...span }) => {
        if (span.trace !== undefined) this.#names.set(traceIdOf(span.trace).toString('hex'), span.trace);
        const odd = {
          ...(durationMs === undefined ? {} : { durationMs }),
          ...(traceState === undefined ? {} : { traceState }),
        };
        return testSpan({ ...span, ...odd });
      }),
    );
  }

  async #send(body: Uint8Array): Promise<void> {
    this.#last = body;
    expect((await this.#running.traces(body)).status).toBe(200);
  }

  async #expect({ kept, policies, books, series }: Expectation): Promise<void> {
    const answer = this.#running.books();
    expect(answer.spans.balanced).toBe(true);
    if (books !== undefined) expect(answer.spans).toMatchObject(books);
    if (policies !== undefined)
      expect(Object.fromEntries(answer.keptTraces.map(({ policy, traces }) => [policy, traces]))).toEqual(policies);
    const page = series === undefined ? '' : await this.#running.metrics();
    for (const line of series ?? []) expect(page.split('\n')).toContain(line);
    if (kept === undefined) return;
    await expect.poll(() => this.#sink.spans().length, { timeout: 4000 }).toBe(answer.spans.kept);
    const byTrace = Object.groupBy(this.#sink.spans(), ({ traceId }) => this.#names.get(traceId) ?? traceId);
    const states = Object.entries(byTrace).map(([trace, spans = []]) => [
      trace,
      spans.map(({ traceState }) => traceState),
    ]);
    expect(Object.fromEntries(states)).toEqual(kept);
  }
}

it.each(scenarios)('%s: %s', async (_, __, { config, steps }) => {
  const sink = await startSink();
  const withSink = { ...config, export: { otlp: { backend: { endpoint: sink.url } } } };
  const run = new Run(await startCollector(stringify(withSink)), sink);
  for (const step of steps) await run.step(step);
});
