import { describe, expect, it } from 'vitest';
import { type Recorded, type Said, Scan } from '../../../collector/src/baseline/scan.ts';
import { seeded } from '../../support/random.ts';

const START_MS = 1_700_000_000_000;
const LEARN_S = 1200;

/** Calls of some operations, five a second each, in order of their end; `slow` tells by how much an operation is slowed. */
function recorded(
  seconds: number,
  operations: readonly string[],
  slow: (op: string, second: number) => number,
): Recorded[] {
  const random = seeded(11);
  const calls: Recorded[] = [];
  for (let second = 0; second < seconds; second++) {
    for (let slot = 0; slot < 5; slot++)
      for (const operation of operations) {
        const factor = slow(operation, second);
        const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
        if (factor > 0)
          calls.push({
            timeMs: START_MS + second * 1000 + slot * 200,
            operation,
            durationMs: 30 * factor * Math.exp(0.3 * normal),
          });
      }
    calls.push({ timeMs: START_MS + second * 1000 + 999 });
  }
  return calls;
}

function said(calls: readonly Recorded[], endS?: number): Said[] {
  const all: Said[] = [];
  const endMs = endS === undefined ? undefined : START_MS + endS * 1000;
  const scan = new Scan({ learnUntilMs: START_MS + LEARN_S * 1000, endMs }, (each) => all.push(each));
  for (const call of calls) scan.take(call);
  scan.end();
  return all;
}

/** Seconds after the end of learning. */
const after = (ms: number): number => (ms - START_MS) / 1000 - LEARN_S;

const isBetween = (second: number, from: number, to: number): boolean =>
  second >= LEARN_S + from && second < LEARN_S + to;

describe('a scan of recorded calls', () => {
  const calls = recorded(LEARN_S + 900, ['a', 'b', 'c'], (op, second) =>
    op !== 'c' && isBetween(second, 300, 500) ? 3 : 1,
  );
  const all = said(calls);

  it('says what began, of which group, and that it is over', () => {
    const raised = all.filter(
      ({ severity }, i) => severity !== 'none' && all.findIndex((each) => each.op === all[i].op) === i,
    );
    expect(raised.map(({ op, kind }) => [op, kind]).sort()).toEqual([
      ['a', 'latency'],
      ['b', 'latency'],
    ]);
    expect(new Set(all.map(({ group }) => group)).size).toBe(1);
    for (const { t_ms: ms, onset_ms: onset } of raised) {
      expect(after(ms)).toBeGreaterThan(300);
      expect(after(ms)).toBeLessThan(360);
      expect(Math.abs(after(onset) - 300)).toBeLessThan(5);
    }
    const over = all.filter(({ severity }) => severity === 'none');
    expect(over).toHaveLength(2);
    for (const { t_ms: ms } of over) expect(Math.abs(after(ms) - 515)).toBeLessThan(25);
  });

  it('gives an interval that holds the truth', () => {
    for (const op of ['a', 'b']) {
      const last = all.findLast((each) => each.op === op && each.severity !== 'none');
      expect(last?.severity).toBe('warning');
      expect(last?.ratio_ci[0]).toBeLessThan(3);
      expect(last?.ratio_ci[1]).toBeGreaterThan(3);
    }
  });

  it('reads nothing ahead: what it says until a time needs nothing that comes after', () => {
    const cutMs = START_MS + (LEARN_S + 400) * 1000;
    const cut = said(calls.filter(({ timeMs }) => timeMs < cutMs));
    expect(cut).toEqual(all.filter(({ t_ms: ms }) => ms < cutMs));
  });

  it('says nothing of the time in which it learns', () => {
    const poisoned = recorded(LEARN_S + 300, ['a'], (_, second) => (second > 500 && second < 620 ? 6 : 1));
    expect(said(poisoned)).toEqual([]);
  });

  it('is not held up by a time that is years ahead', () => {
    const usual = recorded(LEARN_S + 30, ['a'], () => 1);
    const [stopped, ...more] = said([...usual, { timeMs: START_MS * 1000 }], Number.MAX_SAFE_INTEGER);
    expect(stopped).toMatchObject({ kind: 'throughput', severity: 'emergency' });
    expect(after(stopped.t_ms)).toBeLessThan(60);
    expect(more).toEqual([]);
  });

  it('tells of a stop by the clock alone, up to the end that was announced', () => {
    const stopped = recorded(LEARN_S + 60, ['a'], (_, second) => (second < LEARN_S + 30 ? 1 : 0));
    expect(said(stopped)[0]).toMatchObject({ op: 'a', kind: 'throughput', severity: 'emergency' });
    const silent = stopped.filter(({ timeMs }) => timeMs < START_MS + (LEARN_S + 30) * 1000);
    expect(said(silent)).toEqual([]);
    expect(said(silent, LEARN_S + 60)[0]).toMatchObject({ kind: 'throughput' });
  });
});
