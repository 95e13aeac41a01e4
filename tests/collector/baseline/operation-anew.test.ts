// An operation whose baseline was wrong, or is no more: somebody says so, or it has become faster for good.
import { describe, expect, it } from 'vitest';
import { explain } from '../../../collector/src/baseline/explain.ts';
import { Operation, type WatchOptions } from '../../../collector/src/baseline/operation.ts';
import { encodeSaved, restoredOperation } from '../../../collector/src/baseline/saved.ts';
import type { Change } from '../../../collector/src/baseline/contract.ts';
import { type Behaviour, Seconds } from '../../support/steps.ts';

const OPTIONS: WatchOptions = {
  stepMs: 1000,
  seasonMs: 86_400_000,
  learnUntilMs: undefined,
  secondsPerFalseAlarm: 24 * 86_400,
};
const LEARNING_S = 660;
const SLOW = { medianMs: 60 };

interface Scene {
  readonly operation: Operation;
  readonly seconds: Seconds;
  /** Lets it go on, and gives what was said. */
  run(length: number, behaviour?: Partial<Behaviour>): Change[];
}

function scene(seed: number): Scene {
  const operation = new Operation(OPTIONS);
  const seconds = new Seconds(seed);
  const run = (length: number, behaviour: Partial<Behaviour> = {}): Change[] => {
    const changes: Change[] = [];
    seconds.run(length, behaviour, (step) => changes.push(...operation.take(step)));
    return changes;
  };
  run(LEARNING_S);
  expect([operation.isProvisional, operation.version]).toEqual([false, 1]);
  return { operation, seconds, run };
}

const outlines = (changes: readonly Change[]): string[] => changes.map(({ kind, severity }) => `${kind} ${severity}`);

describe('a change that is accepted', () => {
  it('ends the violation, and is normal from then on', () => {
    const { operation, seconds, run } = scene(1);
    expect(outlines(run(60, SLOW))).toContain('latency warning');
    const ended = operation.accept(seconds.timeMs);
    expect(ended).toMatchObject([{ kind: 'latency', severity: 'none', ended: 'accepted', timeMs: seconds.timeMs }]);
    expect(operation.open).toEqual([]);
    expect(run(LEARNING_S + 300, SLOW)).toEqual([]);
    expect([operation.isProvisional, operation.version]).toEqual([false, 2]);
    expect(outlines(run(60, { medianMs: 180 }))).toContain('latency warning');
  });

  it('keeps what was normal as a former baseline, three of them, also over a restart', () => {
    const { operation, seconds, run } = scene(2);
    const first = operation.learned;
    for (let version = 1; version <= 4; version++) {
      operation.accept(seconds.timeMs);
      expect(operation.former[0]?.version).toBe(version);
      run(LEARNING_S);
    }
    expect(operation.version).toBe(5);
    expect(operation.former.map(({ version }) => version)).toEqual([4, 3, 2]);
    expect(operation.former.map(({ learned }) => learned)).not.toContain(first);
    const saved = encodeSaved({ service: '', name: '', kind: '', usedMs: 0, operation: operation.snapshot() });
    const again = restoredOperation(saved, OPTIONS).operation;
    expect([again.version, again.former]).toEqual([5, operation.former]);
  });

  it('says so', () => {
    const { operation, seconds, run } = scene(3);
    run(60, SLOW);
    const [change] = operation.accept(seconds.timeMs);
    const told = { ...(change as Change), name: 'shop GET /', traceIds: [] };
    expect(explain(told).summary).toMatch(/^shop GET \/ was accepted as it is after \d+ s$/);
    const { ended: _, ...byItself } = told;
    expect(explain(byItself).summary).toMatch(/is back to normal/);
  });
});

describe('a baseline that is reset', () => {
  it('is forgotten and learned anew', () => {
    const { operation, seconds, run } = scene(4);
    expect(operation.reset(seconds.timeMs)).toEqual([]);
    expect([operation.learned, operation.isProvisional, operation.former]).toEqual([undefined, true, []]);
    run(LEARNING_S, SLOW);
    expect([operation.isProvisional, operation.version, operation.former]).toEqual([false, 2, []]);
  });

  it('ends all that is open', () => {
    const { operation, seconds, run } = scene(5);
    run(40, { ...SLOW, errorRatio: 0.4 });
    const open = [...operation.open].sort();
    expect(open).toEqual(['error', 'latency']);
    expect(
      operation
        .reset(seconds.timeMs)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(open);
  });
});
