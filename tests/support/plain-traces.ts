// Traces as plain data, written the way they ran: a call is a list of steps, one after the other.
import type { KeptTrace, TraceSpan } from '../../collector/src/baseline/trace-tree.ts';
import { seeded } from './random.ts';

/** Milliseconds of its own, a child it waits for, or children side by side. */
export type Step = number | PlainCall | readonly PlainCall[];

export interface PlainCall {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly steps: readonly Step[];
  readonly isError?: boolean;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** `shop GET /orders server`: service, span name, kind. */
export function called(what: string, ...steps: Step[]): PlainCall {
  const [, service = '', name = '', kind = ''] = /^(\S+) (.+) (\S+)$/.exec(what) ?? [];
  return { service, name, kind, steps };
}

export function failed(call: PlainCall, type?: string): PlainCall {
  return { ...call, isError: true, ...(type === undefined ? {} : { attributes: { 'error.type': type } }) };
}

/** A query by `shop`. */
export function query(name: string, lengthMs: number): PlainCall {
  return { ...called(`shop ${name} client`, lengthMs), attributes: { 'db.system.name': 'postgresql' } };
}

/** A call of another service, which waits for its database. */
export function charge(queryMs: number): PlainCall {
  const insert = { ...called('pay INSERT payments client', queryMs), attributes: { 'db.system.name': 'mysql' } };
  return called('shop POST /charge client', 1, called('pay POST /charge server', 2, insert, 1), 1);
}

export function many(count: number, step: () => Step): Step[] {
  return Array.from({ length: count }, step);
}

/** A trace of one root. */
export function traceOf(traceId: string, root: PlainCall, startMs = 1_000_000): KeptTrace {
  const spans: TraceSpan[] = [];
  const add = (call: PlainCall, parentId: string, fromMs: number): number => {
    const spanId = `${traceId}-${spans.length}`;
    const at = spans.length;
    const { service, name, kind, isError = false, attributes = {} } = call;
    spans.push({ spanId, parentId, service, name, kind, startMs: fromMs, endMs: fromMs, isError, attributes });
    let nowMs = fromMs;
    for (const step of call.steps) {
      if (typeof step === 'number') nowMs += step;
      else if ('steps' in step) nowMs = add(step, spanId, nowMs);
      else nowMs = Math.max(nowMs, ...step.map((each) => add(each, spanId, nowMs)));
    }
    spans[at] = { spanId, parentId, service, name, kind, startMs: fromMs, endMs: nowMs, isError, attributes };
    return nowMs;
  };
  add(root, '', startMs);
  return { traceId, spans };
}

/** Several traces, each made with numbers around 1 of its own. */
export function tracesOf(
  prefix: string,
  count: number,
  make: (noise: () => number, i: number) => PlainCall,
): KeptTrace[] {
  const random = seeded(count + prefix.length);
  return Array.from({ length: count }, (_, i) => {
    const noise = (): number => 0.8 + 0.4 * random();
    return traceOf(`${prefix}${i}`, make(noise, i));
  });
}
