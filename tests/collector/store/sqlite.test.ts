import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeptTraces, TraceQuery } from '../../../collector/src/store/contract.ts';
import { TraceRing } from '../../../collector/src/store/sqlite.ts';
import type { TraceAnswer, TraceSummary } from '../../../collector/src/web/api.ts';
import { pick, seeded } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testSpan, traceIdOf } from '../../support/test-span.ts';
import { bodyOf, type TestSpan } from '../../support/traffic.ts';
import { finished } from '../../support/turns.ts';

const DAY_MS = 86_400_000;
const ALL = { limit: 500 };

function ring(path: string, { ringBytes = 1024 ** 2, ringAgeMs = DAY_MS } = {}): TraceRing {
  const opened = new TraceRing({ path, ringBytes, ringAgeMs });
  onTestFinished(() => {
    try {
      opened.close();
    } catch {
      // The test closed it.
    }
  });
  return opened;
}

/** Traces, each given as its spans, as they are handed to the ring. */
function kept(traces: readonly (readonly TestSpan[])[], late: readonly number[] = []): KeptTraces {
  return {
    traceIds: traces.map(([first]) => first?.traceId.toString('hex') ?? '').join(''),
    reasons: traces.map(() => 'errors'),
    late,
    body: Uint8Array.from(bodyOf(traces.flat())),
  };
}

function listed(opened: TraceRing, query: TraceQuery): TraceSummary[] {
  return finished(opened.list(query)).value;
}

function shown(opened: TraceRing, traceId: string): TraceAnswer | undefined {
  const { value } = finished(opened.get(traceId));
  return value === undefined ? undefined : (JSON.parse(Buffer.from(value).toString()) as TraceAnswer);
}

function idsOf(opened: TraceRing, query: object = {}): string[] {
  return listed(opened, { ...ALL, ...query }).map(({ traceId }) => traceId);
}

const hex = (trace: string): string => traceIdOf(trace).toString('hex');

describe('the ring', () => {
  it('lists kept traces, newest first, and shows each as its spans have it', () => {
    const opened = ring(temporaryFolder());
    const root = testSpan({ trace: 'a', name: 'GET /cart', startMs: 1000, durationMs: 40 });
    const call = testSpan({
      trace: 'a',
      service: 'prices',
      name: 'price',
      startMs: 1010,
      durationMs: 50,
      child: true,
      error: true,
    });
    opened.keep(kept([[call, root]]), 5000);
    opened.keep(kept([[testSpan({ trace: 'b' })]]), 6000);
    expect(idsOf(opened)).toEqual([hex('b'), hex('a')]);
    expect(idsOf(opened, { limit: 1 })).toEqual([hex('b')]);
    const answer = shown(opened, hex('a'));
    expect(answer?.summary).toEqual({
      traceId: hex('a'),
      startMs: 1000,
      durationMs: 60,
      rootService: 'shop',
      rootName: 'GET /cart',
      spanCount: 2,
      errorCount: 1,
      reason: 'errors',
    });
    expect(
      answer?.spans.map(({ name, service, offsetMs, durationMs, status, kind }) => [
        name,
        service,
        offsetMs,
        durationMs,
        status,
        kind,
      ]),
    ).toEqual([
      ['GET /cart', 'shop', 0, 40, 'STATUS_CODE_UNSET', 'SPAN_KIND_SERVER'],
      ['price', 'prices', 10, 50, 'STATUS_CODE_ERROR', 'SPAN_KIND_SERVER'],
    ]);
    expect(shown(opened, hex('nobody'))).toBeUndefined();
  });

  it('finds traces by service, operation and errors, all together', () => {
    const opened = ring(temporaryFolder());
    opened.keep(
      kept([
        [testSpan({ trace: 'a' }), testSpan({ trace: 'a', service: 'prices', name: 'price', error: true })],
        [testSpan({ trace: 'b', service: 'shop', name: 'price' })],
        [testSpan({ trace: 'c', service: 'shop2', name: "GET /cart%_'--" })],
        [testSpan({ trace: 'd', service: '', name: '', error: true })],
      ]),
      1,
    );
    const check = (query: object, ...expected: string[]): void => {
      expect(new Set(idsOf(opened, query))).toEqual(new Set(expected.map(hex)));
    };
    check({}, 'a', 'b', 'c', 'd');
    check({ service: 'shop' }, 'a', 'b');
    check({ service: 'shop2' }, 'c');
    check({ service: 'sho' });
    check({ operation: 'price' }, 'a', 'b');
    check({ operation: 'pric' });
    check({ service: 'prices', operation: 'price' }, 'a');
    check({ service: 'prices', operation: 'GET /cart' });
    check({ operation: "GET /cart%_'--" }, 'c');
    check({ operation: '%' });
    check({ errorsOnly: true }, 'a', 'd');
    check({ errorsOnly: true, service: 'shop' }, 'a');
  });

  it('merges late parts into their trace, whatever their order', () => {
    const opened = ring(temporaryFolder());
    opened.keep(
      kept([[testSpan({ trace: 'a', startMs: 1000, durationMs: 10, child: true })], [testSpan({ trace: 'b' })]]),
      1,
    );
    opened.keep(kept([[testSpan({ trace: 'a', startMs: 900, durationMs: 300, name: 'late', error: true })]], [0]), 2);
    const answer = shown(opened, hex('a'));
    expect(answer?.summary).toMatchObject({
      startMs: 900,
      durationMs: 300,
      spanCount: 2,
      errorCount: 1,
      reason: 'errors',
    });
    expect(answer?.spans.map(({ name }) => name)).toEqual(['late', 'GET /cart']);
    expect(opened.traces).toBe(2);
    expect(idsOf(opened, { operation: 'late' })).toEqual([hex('a')]);
    expect(idsOf(opened)).toHaveLength(2);
    // Late spans of a trace that is not here make one.
    opened.keep(kept([[testSpan({ trace: 'c' })]], [0]), 3);
    opened.keep(kept([[testSpan({ trace: 'c', name: 'later still' })]], [0]), 4);
    expect(shown(opened, hex('c'))?.summary.spanCount).toBe(2);
    expect(listed(opened, ALL).find(({ traceId }) => traceId === hex('c'))?.spanCount).toBe(2);
    // Only what a list reads is merged: a late part of a trace that is too old for it is not shown alone.
    expect(idsOf(opened, { limit: 2 })).toEqual([hex('b'), hex('a')]);
  });
});

describe('room in the ring', () => {
  it('is made by bytes, the oldest batch first and whole', () => {
    const one = kept([[testSpan({ trace: '0' })]]).body.length;
    const opened = ring(temporaryFolder(), { ringBytes: 10 * one });
    for (let i = 0; i < 25; i++) opened.keep(kept([[testSpan({ trace: `${i}` })]]), i);
    expect([opened.traces, opened.bytes]).toEqual([10, 10 * one]);
    expect(idsOf(opened)).toEqual(Array.from({ length: 10 }, (_, i) => hex(`${24 - i}`)));
    opened.keep(kept([[testSpan({ trace: '20' }), testSpan({ trace: '20' })]], [0]), 99);
    expect(idsOf(opened)).not.toContain(hex('15'));
    expect(opened.bytes).toBeLessThanOrEqual(10 * one);
    expect(shown(opened, hex('20'))?.summary.spanCount).toBe(3);
    // What began in a batch that had to go is known by its late spans.
    for (let i = 0; i < 5; i++) opened.keep(kept([[testSpan({ trace: `new ${i}` })]]), 100 + i);
    expect(shown(opened, hex('20'))?.summary.spanCount).toBe(2);
    expect(idsOf(opened).at(-1)).toBe(hex('20'));
  });

  it('is made by age', () => {
    const opened = ring(temporaryFolder(), { ringAgeMs: 1000 });
    for (let i = 0; i < 700; i++) opened.keep(kept([[testSpan({ trace: `${i}` })]]), i);
    opened.keep(kept([[testSpan({ trace: 'last' })]]), 1698);
    expect(idsOf(opened)).toEqual([hex('last'), hex('699'), hex('698')]);
    expect(opened.traces).toBe(3);
  });

  it('is made by age also where nothing more is kept', () => {
    const opened = ring(temporaryFolder(), { ringAgeMs: 1000 });
    opened.keep(kept([[testSpan({ trace: 'a' })]]), 0);
    opened.keep(kept([[testSpan({ trace: 'b' })]]), 500);
    opened.makeRoom(1000);
    expect(opened.traces).toBe(2);
    opened.makeRoom(1001);
    expect(idsOf(opened)).toEqual([hex('b')]);
    opened.makeRoom(1501);
    expect([opened.traces, opened.bytes, idsOf(opened)]).toEqual([0, 0, []]);
  });

  it('does not mix up an old batch with a new one, where the ring was empty between them', () => {
    const opened = ring(temporaryFolder(), { ringAgeMs: 1000 });
    opened.keep(kept([Array.from({ length: 600 }, () => testSpan({ trace: 'a' }))]), 0);
    const old = opened.get(hex('a'));
    old.next();
    opened.makeRoom(2000);
    opened.keep(kept([[testSpan({ trace: 'b', name: 'new' })]]), 2000);
    const answer = JSON.parse(Buffer.from(finished(old).value ?? []).toString()) as TraceAnswer;
    expect([answer.summary.spanCount, answer.spans]).toEqual([600, []]);
  });

  it('is not there for a trace larger than all of it', () => {
    const opened = ring(temporaryFolder(), { ringBytes: 100 });
    opened.keep(kept([[testSpan(), testSpan()]]), 1);
    expect([opened.traces, opened.bytes, idsOf(opened)]).toEqual([0, 0, []]);
  });
});

describe('the file', () => {
  it('has everything when it is opened again', () => {
    const path = join(temporaryFolder(), 'made', 'if', 'missing');
    const first = ring(path);
    for (let i = 0; i < 50; i++) first.keep(kept([[testSpan({ trace: `${i}` })]]), i);
    const { traces, bytes } = first;
    const before = listed(first, ALL);
    first.close();
    const second = ring(path);
    expect([second.traces, second.bytes, listed(second, ALL)]).toEqual([traces, bytes, before]);
  });

  it('is not shared', () => {
    const path = temporaryFolder();
    const first = ring(path);
    expect(() => ring(path)).toThrow(/locked/);
    first.keep(kept([[testSpan()]]), 1);
    first.close();
    expect(ring(path).traces).toBe(1);
  });

  it('is left alone where a newer program wrote it', () => {
    const path = temporaryFolder();
    ring(path).close();
    const file = new DatabaseSync(join(path, 'traces.sqlite'));
    file.exec('PRAGMA user_version = 99');
    file.close();
    expect(() => ring(path)).toThrow(/schema version 99, this program knows \d+/);
  });

  it('is left alone where it is none of ours', () => {
    const path = temporaryFolder();
    writeFileSync(
      join(path, 'traces.sqlite'),
      'somebody else wrote this, and much more than a header is long'.repeat(40),
    );
    expect(() => ring(path)).toThrow(/not a database/);
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => ring(join(file, 'below'))).toThrow(/ENOTDIR|EEXIST/);
  });

  // Each round starts a process, which takes its time where the machine is shared.
  it('survives kill -9 while it is written, with every trace that was said to be kept', async () => {
    const path = temporaryFolder();
    const writer = fileURLToPath(new URL('../../fixtures/store/write-until-killed.ts', import.meta.url));
    const random = seeded(11);
    const said = new Set<string>();
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, [writer, path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const closed = once(child, 'close');
      const enough = 4 + pick(random, 300);
      let text = '';
      child.stdout.on('data', (data: Buffer) => {
        text += data.toString();
        if (text.split('\n').length > enough) child.kill('SIGKILL');
      });
      await closed;
      for (const id of text.split('\n').slice(0, -1)) said.add(id);
      const opened = ring(path, { ringBytes: 1024 ** 3 });
      const all = listed(opened, { limit: 5000 });
      expect(all).toHaveLength(opened.traces);
      for (const { traceId, spanCount } of all) expect(shown(opened, traceId)?.spans).toHaveLength(spanCount);
      const ids = new Set(all.map(({ traceId }) => traceId));
      expect([...said].filter((id) => !ids.has(id))).toEqual([]);
      opened.close();
    }
    expect(said.size).toBeGreaterThan(100);
  }, 30_000);
});
