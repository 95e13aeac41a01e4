import { describe, expect, it } from 'vitest';
import type { KeptTraces } from '../../../collector/src/store/contract.ts';
import { Outlines } from '../../../collector/src/store/outlines.ts';
import { testSpan } from '../../support/test-span.ts';
import { bodyOf, type TestSpan } from '../../support/traffic.ts';
import { finished } from '../../support/turns.ts';

/** As handed over: an entry for each span, all of one reason. */
function batch(spans: readonly TestSpan[], late: readonly number[] = []): KeptTraces {
  return {
    traceIds: spans.map(({ traceId }) => traceId.toString('hex')).join(''),
    reasons: spans.map(() => 'share'),
    late,
    body: Uint8Array.from(bodyOf(spans)),
  };
}

describe('outlines', () => {
  it('join what a batch has of a trace, which is late only where all of it is', () => {
    const spans = ['a', 'b', 'a', 'b'].map((trace) => testSpan({ trace }));
    const outlines = finished(new Outlines().of(1, () => batch(spans, [0, 2, 3]))).value;
    expect(outlines.map(({ isLate, summary }) => [isLate, summary.spanCount])).toEqual([
      [true, 2],
      [false, 2],
    ]);
  });

  it('are made once for a batch, until it is forgotten', () => {
    const outlines = new Outlines();
    let read = 0;
    const ask = (id: number): void => void finished(outlines.of(id, () => (read++, batch([testSpan()]))));
    ask(1);
    ask(1);
    ask(2);
    expect(read).toBe(2);
    outlines.forget(1);
    ask(1);
    ask(2);
    expect(read).toBe(3);
  });

  it('are remembered of the newest batches only, where there are very many', () => {
    const outlines = new Outlines();
    const large = batch(Array.from({ length: 4096 }, () => testSpan()));
    let read: number[] = [];
    const ask = (id: number): void => void finished(outlines.of(id, () => (read.push(id), large)));
    for (let id = 20; id > 0; id--) ask(id);
    read = [];
    for (let id = 20; id > 0; id--) ask(id);
    expect(read).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    read = [];
    for (const id of [21, 20, 19, 13]) ask(id);
    expect(read).toEqual([21, 13]);
  });
});
