// What the reference runtime sends, held against the registry of conventions.
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { KNOWN_ANSWERS } from '../../examples/workflow-runtime/src/ask/known-answers.ts';
import { faultOf, valueFaultOf } from '../support/conventions.ts';
import { isExcepted } from '../support/convention-exceptions.ts';
import { decodeBody } from '../support/decoded.ts';
import { eventually } from '../support/eventually.ts';
import { type Received, startReceiver } from '../support/otlp-receiver.ts';
import { decodeSignal } from '../support/otlp-signals.ts';
import { startWorkflowRuntime } from '../support/workflow-runtime.ts';

/** How the spans and metrics of each instrument begin that the runtime uses. */
const VOCABULARY = [
  'evenkeel.operation.calls',
  'run.follow',
  'invoke_workflow index-dependencies',
  'invoke_workflow answer-question',
  'run_step ',
  'invoke_agent ',
  'initialize_tool ',
  'execute_tool ',
  'clean_up_tool ',
  'retrieval ',
  'upsert_memory',
  'gen_ai.evaluation.score',
  'SELECT ',
  'transaction ',
  'db.client.lock.wait_time',
  'db.client.connection.wait_time',
  'cache.operations',
  'resilience.calls',
  'queue.tasks',
  'task runs',
  'connection run-events',
  'websocket.messages',
];

interface Pair {
  readonly key?: string;
  readonly value?: Record<string, unknown>;
}

/** Every `attributes` list anywhere in a plain request, and every metric. */
interface Found {
  readonly attributes: Pair[];
  readonly metrics: string[];
}

function collect(plain: unknown, found: Found): void {
  if (Array.isArray(plain)) plain.forEach((each) => collect(each, found));
  else if (typeof plain === 'object' && plain !== null)
    for (const [key, value] of Object.entries(plain)) {
      if (key === 'attributes') found.attributes.push(...(value as Pair[]));
      else if (key === 'metrics') found.metrics.push(...(value as { name: string }[]).map(({ name }) => name));
      collect(value, found);
    }
}

function foundIn(received: readonly Received[]): Found {
  const found: Found = { attributes: [], metrics: [] };
  for (const { path, body } of received) {
    if (path.endsWith('/metrics')) collect(decodeSignal('metrics', body), found);
    else if (path.endsWith('/logs')) collect(decodeSignal('logs', body), found);
    else
      for (const { span, resource } of decodeBody(body)) {
        collect(span, found);
        collect(JSON.parse(resource), found);
      }
  }
  return found;
}

function faultsOf({ attributes, metrics }: Found): Set<string> {
  const faults = new Set<string>();
  const note = (name: string, fault: string | undefined): void => {
    if (fault !== undefined && !isExcepted(name)) faults.add(fault);
  };
  for (const { key = '', value = {} } of attributes) {
    const [plain] = Object.values(value);
    note(key, faultOf('attribute', key));
    note(`${key}=${String(plain)}`, valueFaultOf(key, plain));
  }
  for (const name of metrics) note(name, faultOf('metric', name));
  return faults;
}

it('the reference runtime sends nothing that the conventions do not know, but for what has a reason', async () => {
  const receiver = await startReceiver('accept');
  const runtime = await startWorkflowRuntime(receiver.url);
  await runtime.keepBusy(20);
  const [question = ''] = KNOWN_ANSWERS.keys();
  await fetch(`${runtime.url}/ask?q=${encodeURIComponent(question)}`);
  await once(new WebSocket(`${runtime.url.replace('http', 'ws')}/runs/1/events`), 'close');
  const names = (): Set<string> =>
    new Set(
      receiver.received
        .filter(({ path }) => path.endsWith('/traces'))
        .flatMap(({ body }) => decodeBody(body).map(({ span }) => span.name ?? '')),
    );
  let missing: string[] = [];
  await eventually(
    () => `the whole vocabulary; missing: ${missing.join(', ')}`,
    () => {
      const told = [...names(), ...foundIn(receiver.received).metrics];
      missing = VOCABULARY.filter((start) => !told.some((name) => name.startsWith(start)));
      return missing.length === 0;
    },
  );
  const found = foundIn(receiver.received);
  expect(found.attributes.length).toBeGreaterThan(100);
  expect([...faultsOf(found)].sort()).toEqual([]);
});
