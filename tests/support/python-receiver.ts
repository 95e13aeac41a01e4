// A receiver of OTLP on the stock Python packages, in a process of its own. It ends with the test file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect } from 'vitest';
import { PROGRAMS } from './real-parts.ts';

/** As receiver.py prints it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly span: { readonly status?: { readonly code?: string }; readonly attributes?: readonly object[] };
}

type ReceivedAttributes = Readonly<Record<string, { readonly stringValue?: string }>>;

/** As receiver.py prints it: 64 bits are text, zeros of fields that may not be absent are not there. */
export interface ReceivedPoint {
  readonly resource: ReceivedAttributes;
  readonly scope: string;
  readonly name: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponential_histogram' | 'summary';
  readonly aggregationTemporality?: string;
  readonly isMonotonic?: boolean;
  readonly attributes: ReceivedAttributes;
  readonly point: Readonly<Record<string, unknown>>;
}

export interface ReceivedRequest {
  readonly path: string;
  readonly type: string;
  readonly encoding: string;
  readonly spans?: readonly ReceivedSpan[];
  readonly points?: readonly ReceivedPoint[];
  /** base64 */
  readonly body?: string;
}

export interface PythonReceiver {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Spans of all requests so far, by span id. */
  spans(): Map<string, ReceivedSpan>;
  /** Data points of all requests so far, in the order in which they came. */
  points(): ReceivedPoint[];
}

const stops: (() => Promise<void>)[] = [];
// Here, because a hook registered while tests run would never be called.
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

/** Starts receiver.py. @param interpreter of the virtual environment */
export async function startPythonReceiver(interpreter: string): Promise<PythonReceiver> {
  const child = spawn(interpreter, [join(PROGRAMS, 'python/receiver.py')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  stops.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const requests: ReceivedRequest[] = [];
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  const { port } = JSON.parse(first) as { port: number };
  lines.on('line', (line) => requests.push(JSON.parse(line) as ReceivedRequest));
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans() {
      const spans = requests.flatMap((request) => request.spans ?? []);
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      expect(byId.size, 'each span arrives once').toBe(spans.length);
      return byId;
    },
    points: () => requests.flatMap((request) => request.points ?? []),
  };
}
