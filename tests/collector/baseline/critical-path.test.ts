import { describe, expect, it } from 'vitest';
import { walkCriticalPath } from '../../../collector/src/baseline/critical-path.ts';
import { callsOf, type KeptTrace, type TraceSpan } from '../../../collector/src/baseline/trace-tree.ts';
import { called, traceOf } from '../../support/plain-traces.ts';
import { pick, seeded } from '../../support/random.ts';

const ROOT = { service: 'shop', name: 'root', kind: 'server' };

/** Milliseconds by span name, gaps as `parent>child`. */
function pathOf(trace: KeptTrace): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const call of callsOf(ROOT, trace)) {
    walkCriticalPath(call, ({ span }, next, lengthMs) => {
      const key = next === undefined ? span.name : `${span.name}>${next.span.name}`;
      if (lengthMs > 0) sums[key] = (sums[key] ?? 0) + lengthMs;
    });
  }
  return sums;
}

/** `name parent start end`, all of service shop unless the name has another in front: `pay/charge`. */
function written(...lines: string[]): KeptTrace {
  const spans = lines.map((line): TraceSpan => {
    const [what = '', parentId = '', start, end, kind = 'server'] = line.split(' ');
    const [name = '', service = 'shop'] = what.split('/').toReversed();
    return {
      spanId: name,
      parentId: parentId === '-' ? '' : parentId,
      service,
      name,
      kind,
      startMs: Number(start),
      endMs: Number(end),
      isError: false,
    };
  });
  return { traceId: 'a', spans };
}

describe('the critical path', () => {
  it('is each child and the gaps between them where one follows the other', () => {
    const root = called('shop root server', 5, called('shop a client', 10), 3, called('shop b client', 20), 2);
    expect(pathOf(traceOf('t', root))).toEqual({ 'root>a': 5, a: 10, 'root>b': 3, b: 20, root: 2 });
  });

  it('is the last to end of concurrent children, and what an earlier one did before it', () => {
    expect(pathOf(written('root - 0 100', 'a root 0 60', 'b root 40 100'))).toEqual({ a: 40, b: 60 });
    expect(pathOf(written('root - 0 100', 'a root 0 90', 'b root 0 100'))).toEqual({ b: 100 });
  });

  it('follows grandchildren', () => {
    expect(pathOf(written('root - 0 100', 'a root 10 90', 'b a 20 50'))).toEqual({
      'root>a': 10,
      'a>b': 10,
      b: 30,
      a: 40,
      root: 10,
    });
  });

  it('leaves out what outlives the operation, and what a queue takes later', () => {
    expect(pathOf(written('root - 0 100', 'a root 10 500', 'b a 20 30'))).toEqual({ root: 100 });
    expect(pathOf(written('root - 0 100', 'mail/a root 5000 5050 consumer'))).toEqual({ root: 100 });
  });

  it('gives a child that outlives its parent to the call above that contains it', () => {
    expect(pathOf(written('root - 0 100', 'a root 0 20', 'b a 30 90'))).toEqual({
      a: 20,
      'root>b': 10,
      b: 60,
      root: 10,
    });
  });

  it('moves a service with another clock into the call that waited for it, with all below it', () => {
    const skewed = written('root - 0 100', 'a root 10 90 client', 'pay/b a 7010 7070', 'pay/c b 7020 7060');
    expect(pathOf(skewed)).toEqual({ 'root>a': 10, 'a>b': 10, 'b>c': 10, c: 40, b: 10, a: 10, root: 10 });
  });

  it('does so for another process of the same service', () => {
    expect(pathOf(written('root - 0 100', 'a root 10 90 client', 'b a 7010 7070'))).toMatchObject({ 'a>b': 10, b: 60 });
  });

  it('takes a callee that goes on after its caller gave up as the whole of the wait', () => {
    expect(pathOf(written('root - 0 100', 'a root 0 100 client', 'pay/b a 1 900'))).toEqual({ b: 100 });
  });

  it('gives spans that lost their parent to the root they lie in', () => {
    expect(pathOf(written('root - 0 100', 'b lost 10 60'))).toEqual({ 'root>b': 10, b: 50, root: 40 });
    expect(pathOf(written('root - 0 100', 'b lost 200 260'))).toEqual({ root: 100 });
  });

  it('survives cycles, twins and negative durations', () => {
    expect(pathOf(written('root a 0 100', 'a root 10 50'))).toEqual({ 'root>a': 10, a: 40, root: 50 });
    expect(pathOf(written('root root 0 100'))).toEqual({ root: 100 });
    expect(pathOf(written('x y 0 100', 'y x 0 100'))).toEqual({});
    expect(pathOf(written('root - 0 100', 'a root 10 50', 'a root 10 90'))).toEqual({ 'root>a': 10, a: 40, root: 50 });
    expect(pathOf(written('root - 100 0'))).toEqual({});
    expect(pathOf(written('root - 0 100', 'a root 60 20'))).toEqual({ root: 100 });
    expect(pathOf(written('root - 0 NaN'))).toEqual({});
    expect(pathOf({ traceId: 'empty', spans: [] })).toEqual({});
  });

  it('adds up to the operation whatever the spans are', () => {
    const random = seeded(7);
    for (let run = 0; run < 200; run++) {
      const lines = Array.from({ length: 30 }, (_, i) => {
        const service = pick(random, 4) === 0 ? 'pay' : 'shop';
        const parent = pick(random, 8) === 0 ? 'lost' : `s${pick(random, 30)}`;
        const start = pick(random, 120) - 10;
        return `${service}/s${i} ${pick(random, 2) === 0 ? 'root' : parent} ${start} ${start + pick(random, 80) - 5}`;
      });
      const sum = Object.values(pathOf(written('root - 0 100', ...lines))).reduce((all, each) => all + each, 0);
      expect(sum).toBeCloseTo(100, 6);
    }
  });

  it('goes as deep and as wide as 10 000 spans', () => {
    const deep = Array.from({ length: 10_000 }, (_, i) => `s${i} ${i === 0 ? 'root' : `s${i - 1}`} 10 90`);
    expect(pathOf(written('root - 0 100', ...deep))).toMatchObject({ 'root>s0': 10, s9999: 80, root: 10 });
    const wide = Array.from({ length: 10_000 }, (_, i) => `s${i} root ${i} ${i + 1}`);
    expect(Object.keys(pathOf(written('root - 0 10000', ...wide)))).toHaveLength(10_000);
    const nested = Array.from({ length: 10_000 }, (_, i) => `s${i} ${i === 0 ? '-' : `s${i - 1}`} 0 100`);
    const spans = written(...nested).spans.map((span) => ({ ...span, name: 'root' }));
    expect(callsOf(ROOT, { traceId: 'nested', spans })).toHaveLength(1);
  });
});
