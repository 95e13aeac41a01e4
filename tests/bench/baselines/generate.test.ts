// Streams are what they say: ordered, repeatable, in the format, and wrong exactly where their truth says so.
import { describe, expect, it } from 'vitest';
import { type Call, secondsOf } from '../../../bench/baselines/calls.ts';
import { KIND_NAMES, specOf, textOf } from '../../../bench/baselines/generate.ts';
import { type Effect, effect, type Operation } from '../../../bench/baselines/stream.ts';
import { truthOf } from '../../../bench/baselines/truth.ts';
import { operationOf, specWith } from './streams.ts';

const [FROM, TO] = [900_000, 1_200_000];

function callsWith(
  does: Partial<Effect>,
  own: Partial<Operation> = {},
): { calls: Call[]; within: Call[]; before: Call[] } {
  const ops = [operationOf(own)];
  const calls = [...secondsOf(specWith({ ops, harmless: [effect('test', [0], [FROM, TO], does)] }))].flatMap((each) => [
    ...each.calls,
  ]);
  return {
    calls,
    within: calls.filter(({ endMs }) => endMs > FROM && endMs <= TO),
    before: calls.filter(({ endMs }) => endMs <= FROM),
  };
}

const meanLog = (calls: readonly Call[]): number =>
  calls.reduce((sum, { durationMs }) => sum + Math.log(durationMs), 0) / calls.length;

describe('calls', () => {
  it('come in order of their ends, within their second', () => {
    let last = 0;
    for (const { endMs, calls } of secondsOf(specWith()))
      for (const call of calls) {
        expect(call.endMs).toBeGreaterThanOrEqual(Math.max(last, endMs - 1000));
        expect(call.endMs).toBeLessThan(endMs);
        last = call.endMs;
      }
  });

  it('come at their rate, however they arrive', () => {
    for (const arrivals of [
      { batch: 1, batchSd: 0, burstiness: 0, isRegular: false },
      { batch: 1, batchSd: 0, burstiness: 0, isRegular: true },
      { batch: 4, batchSd: 0.2, burstiness: 2, isRegular: false },
    ])
      expect(callsWith({}, { arrivals }).calls.length / 9000).toBeCloseTo(1, 0.7);
  });

  it('get slower, fail and stop while an effect says so', () => {
    const slow = callsWith({ scaleFrom: 3 });
    expect(meanLog(slow.within) - meanLog(slow.before)).toBeCloseTo(Math.log(3), 1);
    expect(callsWith({ errorRatio: 0.5 }).within.filter(({ isError }) => isError).length / 1500).toBeCloseTo(0.5, 1);
    expect(callsWith({ rateFrom: 0 }).within.filter(({ endMs }) => endMs > FROM + 2000)).toEqual([]);
    expect(callsWith({ rateFrom: 3 }).within.length / 4500).toBeCloseTo(1, 1);
    const tail = callsWith({ scaleFrom: 50, share: 0.2 }).within.filter(({ durationMs }) => durationMs > 300);
    expect(tail.length / 1500).toBeCloseTo(0.2, 1);
  });

  it('that hang end after the effect, as long as they took', () => {
    const { within, calls } = callsWith({ hangs: true });
    expect(within).toEqual([]);
    const hung = calls.filter(({ durationMs }) => durationMs > 10_000);
    expect(hung.length).toBeGreaterThan(10);
    for (const { endMs, durationMs } of hung) {
      expect(endMs).toBeGreaterThan(TO);
      expect(endMs - durationMs).toBeLessThan(TO);
    }
  });

  it('differ by minutes as tau says', () => {
    const seconds = secondsOf(specWith({ endMs: 200 * 60_000, ops: [operationOf({ tau: 0.2, ratePerS: 20 })] }));
    const byMinute = new Map<number, Call[]>();
    for (const { endMs, calls } of seconds) {
      const minute = Math.floor((endMs - 1) / 60_000);
      byMinute.set(minute, [...(byMinute.get(minute) ?? []), ...calls]);
    }
    const means = [...byMinute.values()].map(meanLog);
    const mean = means.reduce((sum, each) => sum + each, 0) / means.length;
    const sd = Math.sqrt(means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / means.length);
    expect(sd).toBeGreaterThan(0.16);
    expect(sd).toBeLessThan(0.24);
  });

  it('fail in a row where errors do, at the same ratio', () => {
    const failed = callsWith({}, { errorRatio: 0.1, errorRun: 4 }).calls;
    const errors = failed.filter(({ isError }) => isError).length;
    const runs = failed.filter(({ isError }, i) => isError && failed[i - 1]?.isError !== true).length;
    expect(errors / failed.length).toBeGreaterThan(0.07);
    expect(errors / failed.length).toBeLessThan(0.13);
    // Ends are not quite in the order of starts, which breaks some rows.
    expect(errors / runs).toBeGreaterThan(2.5);
  });
});

describe('a stream', () => {
  const lines = (spec = specWith({ hasTicks: true }), untilMs?: number): string[] =>
    [...textOf(spec, untilMs)].join('').trimEnd().split('\n');

  it('is text in the format of the scan', () => {
    const [meta = '', ...rest] = lines();
    expect(JSON.parse(meta)).toEqual({
      meta: { service: 'shop', learn_until_ms: 1_760_000_600_000, end_ms: 1_760_001_800_000 },
    });
    expect(
      rest.filter((line) => !/^\{"t_ms":\d+(,"op":"GET \/","duration_ms":[\d.e-]+,"error":[01])?\}$/.test(line)),
    ).toEqual([]);
    const times = rest.map((line) => (JSON.parse(line) as { t_ms: number }).t_ms);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(rest.filter((line) => !line.includes('op'))).toHaveLength(1800);
  });

  it('is the same each time, and cut short the beginning of the whole', () => {
    const whole = lines();
    expect(lines()).toEqual(whole);
    const part = lines(undefined, 60_000);
    expect(whole.slice(0, part.length)).toEqual(part);
  });

  it('of every kind keeps its causes apart and in the tested time, on seeds of its own', () => {
    for (const kind of KIND_NAMES) {
      const [one, other] = [specOf('tuning', kind, 0), specOf('exam', kind, 0)];
      expect(one.ops.map(({ ratePerS }) => ratePerS)).not.toEqual(other.ops.map(({ ratePerS }) => ratePerS));
      for (const { causes, learnMs, endMs } of [one, other, specOf('exam', kind, 1)])
        for (const [i, { onsetMs, recoveryMs }] of causes.entries()) {
          expect(onsetMs).toBeGreaterThan(causes[i - 1]?.recoveryMs ?? learnMs);
          expect(recoveryMs).toBeGreaterThanOrEqual(onsetMs + 180_000);
          expect(recoveryMs).toBeLessThan(endMs);
        }
    }
  });

  it('names its operations apart, and has them in its truth', () => {
    for (const kind of KIND_NAMES) {
      const { ops, regressions } = truthOf(specOf('tuning', kind, 1));
      const names = new Set(ops.map(({ op }) => op));
      expect(names.size).toBe(ops.length);
      expect(regressions.every(({ op }) => names.has(op))).toBe(true);
    }
  });
});
