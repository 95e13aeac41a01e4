import { describe, expect, it } from 'vitest';
import { ExemplarGate, type ExemplarMode } from '../../../collector/src/export/exemplar-gate.ts';
import { exportInstruments } from '../../../collector/src/export/instruments.ts';
import { SeriesTable } from '../../../collector/src/export/series-table.ts';
import { attributesKey } from '../../../collector/src/model/attributes.ts';
import { type DataPoint, type PointExemplar, resourceOf } from '../../../collector/src/model/data-point.ts';
import type { DecisionState } from '../../../collector/src/sample/contract.ts';
import { dataPoint, type PointShape, POINTS_BEGAN_MS } from '../../support/data-points.ts';
import { testHost, type TestHost } from '../../support/test-host.ts';

const WAIT_MS = 35_000;

interface Rig {
  readonly gate: ExemplarGate;
  readonly table: SeriesTable;
  readonly states: Map<string, DecisionState>;
  readonly surroundings: TestHost<typeof exportInstruments>;
  /** Values of the exemplars that go on with each point. */
  pass(...shapes: PointShape[]): number[][];
  /** Values of the exemplars each series of the page shows. */
  page(): number[][];
}

function rig(mode: ExemplarMode = 'kept'): Rig {
  const surroundings = testHost('export', exportInstruments);
  const gate = new ExemplarGate(mode, surroundings.host);
  const table = new SeriesTable({ maxSeries: 100_000, staleAfterMs: 300_000 }, surroundings.host, gate);
  const states = new Map<string, DecisionState>();
  gate.traceState = (traceId) => states.get(traceId) ?? 'unseen';
  gate.waitMs = WAIT_MS;
  const values = ({ exemplars }: DataPoint): number[] => exemplars.map(({ value }) => value);
  return {
    gate,
    table,
    states,
    surroundings,
    pass(...shapes) {
      const passed = gate.pass(shapes.map(dataPoint));
      table.take(passed);
      return passed.map(values);
    },
    page: () =>
      [...table.families(resourceOf([]))].flatMap(({ points }) =>
        [...points].map(({ exemplars = [] }) => exemplars.map(({ value }) => value)),
      ),
  };
}

const trace = (number: number): string => number.toString(16).padStart(32, '0');

/** The example of trace n has the value n, and is n milliseconds old. */
function example(number: number): PointExemplar {
  const times = { value: number, isInteger: true, timeMs: POINTS_BEGAN_MS + number };
  return { ...times, traceId: trace(number), spanId: '0123456789abcdef', attributes: [] };
}

function point(timeMs: number, ...numbers: number[]): PointShape {
  return { timeMs: POINTS_BEGAN_MS + timeMs, exemplars: numbers.map(example) };
}

const delta = { temporality: 'delta' } as const;

describe('an exemplar', () => {
  it('of a kept trace goes on at once, and stays on the page', () => {
    const { pass, page, states } = rig();
    states.set(trace(1), 'kept');
    expect(pass(point(10, 1))).toEqual([[1]]);
    expect(pass(point(20))).toEqual([[]]);
    expect(page()).toEqual([[1]]);
  });

  it('of a pending or unseen trace waits, and goes on with a later point once that was kept', () => {
    const { pass, page, states, surroundings } = rig();
    states.set(trace(1), 'pending');
    expect(pass(point(10, 1, 2))).toEqual([[]]);
    expect(page()).toEqual([[]]);
    states.set(trace(1), 'kept').set(trace(2), 'dropped');
    expect(page()).toEqual([[1]]);
    expect(pass(point(20))).toEqual([[1]]);
    expect(pass(point(30))).toEqual([[]]);
    expect(surroundings.counts('exemplars')).toEqual({ kept: 1, dropped: 1 });
  });

  it('is given up after the wait, by what its trace is then', () => {
    const { pass, page, gate, states, surroundings } = rig();
    states.set(trace(1), 'pending');
    pass(point(10, 1, 2), { ...point(10), attributes: { path: 'other' } });
    surroundings.clock.advance(WAIT_MS - 1);
    gate.expire();
    expect(gate.held).toBe(2);
    surroundings.clock.advance(1);
    gate.expire();
    states.set(trace(1), 'kept');
    expect([gate.held, page(), surroundings.counts('exemplars')]).toEqual([0, [[], []], { pending: 1, unseen: 1 }]);
  });

  it('older than the last one shown is not shown', () => {
    const { pass, states, surroundings } = rig();
    states.set(trace(1), 'pending').set(trace(2), 'kept');
    expect(pass(point(10, 1, 2))).toEqual([[2]]);
    states.set(trace(1), 'kept');
    expect(pass(point(20))).toEqual([[]]);
    expect(surroundings.counts('exemplars')).toEqual({ kept: 1, older: 1 });
  });

  it('without a trace, or with an id that is none, leads nowhere and is not shown', () => {
    const { pass, surroundings, gate } = rig();
    pass({
      exemplars: [
        { ...example(1), traceId: '' },
        { ...example(2), traceId: 'abc' },
      ],
    });
    surroundings.clock.advance(WAIT_MS);
    gate.expire();
    expect(surroundings.counts('exemplars')).toEqual({ unseen: 2 });
  });
});

describe('a delta point', () => {
  it('carries only what was known to be kept when it came, never what is of another window', () => {
    const { pass, states } = rig();
    states.set(trace(1), 'pending').set(trace(2), 'kept');
    expect(pass({ ...delta, ...point(10, 1, 2) })).toEqual([[2]]);
    states.set(trace(1), 'kept');
    expect(pass({ ...delta, ...point(20) })).toEqual([[]]);
  });

  it('has what waited beside its series, on the page and where it is pushed added up', () => {
    const { gate, table, states, page } = rig();
    const take = (shape: PointShape): number[] =>
      table
        .take(gate.pass([dataPoint({ ...delta, ...shape })]))
        .flatMap(({ exemplars }) => exemplars.map((e) => e.value));
    expect(take(point(10, 1))).toEqual([]);
    states.set(trace(1), 'kept');
    expect(page()).toEqual([[1]]);
    expect(take(point(20))).toEqual([1]);
    expect(take(point(30))).toEqual([]);
  });
});

it('lets all pass, or none, where it is told to', () => {
  expect(rig('all').pass(point(10, 1))).toEqual([[1]]);
  const { pass, surroundings, page } = rig('none');
  expect(pass(point(10, 1), point(20))).toEqual([[], []]);
  expect([page(), surroundings.counts('exemplars')]).toEqual([[[]], { off: 1 }]);
});

it('holds no more than it may, of one series and of all, and forgets with the series', () => {
  const { pass, gate, surroundings } = rig();
  pass(point(10, 1, 2, 3, 4, 5, 6));
  expect([gate.held, surroundings.counts('exemplars')]).toEqual([4, { no_room: 2 }]);
  pass(...Array.from({ length: 10_000 }, (_, i) => ({ ...point(20, i), attributes: { i } })));
  expect(gate.held).toBe(10_000);
  expect(surroundings.read('exemplars', { outcome: 'no_room' })).toBe(6);
  const last = dataPoint({ ...point(30), attributes: { i: 9999 } });
  expect(gate.due(last.metric.key, attributesKey(last.attributes))).toEqual([]);
  pass({ ...point(40), attributes: { i: 9999 }, hasNoValue: true });
  expect(gate.held).toBe(9999);
});
