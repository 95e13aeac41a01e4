// The form in which an operation is written down.
import { describe, expect, it } from 'vitest';
import { Operation, type WatchOptions } from '../../../collector/src/baseline/operation.ts';
import { Seconds } from '../../support/steps.ts';

const OPTIONS: WatchOptions = {
  stepMs: 1000,
  seasonMs: 86_400_000,
  learnUntilMs: undefined,
  secondsPerFalseAlarm: 24 * 86_400,
};

describe('the form in which an operation is written', () => {
  /** Names of members, those of arrays and of what may be absent as they are found. */
  function formOf(value: unknown): string {
    if (Array.isArray(value)) return `[${value.length === 0 ? '' : formOf(value[0])}]`;
    if (ArrayBuffer.isView(value)) return value.constructor.name;
    if (typeof value !== 'object' || value === null) return '';
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => name + formOf(member)).join(' ')}}`;
  }

  it('is that of its format: whoever changes it raises the format, so that what was written before is not misread', () => {
    const operation = new Operation(OPTIONS);
    const seconds = new Seconds(1);
    seconds.run(660, { errorRatio: 0.01 }, (step) => operation.take(step));
    seconds.run(60, { medianMs: 80, errorRatio: 0.4 }, (step) => operation.take(step));
    expect([...operation.open].sort()).toEqual(['error', 'latency']);
    const { learned, learning, watches, ...rest } = operation.snapshot();
    const check = (value: unknown, form: readonly string[]): void => expect(formOf(value)).toBe(`{${form.join(' ')}}`);
    check(rest, ['early former[] isWhole rate{lastMs longestMissed perS seenMs} timeMs trial{errors latency} version']);
    check(learned, [
      'calls callsPerSecond centre centreError confidence correlation densityFloat32Array errorClusters errorRatio fromMs',
      'latest leftOut[] levels[] noise season spread toMs windows',
    ]);
    check(learning, [
      'fromMs shadow shadowAt tried wholeMs',
      'windows{clusters{between betweenFree calls meanSquares seconds size sizes squares sum',
      'typical windows within withinFree} lengthMs',
      'minutes{beforeChance beforeMean calls chancesFloat32Array count fromMs squaresFloat32Array sum sumSquares}',
      'open{binsUint8Array calls countsUint32Array errors fromMs toMs} windows{bytesUint8Array count lastMs}}',
    ]);
    const books = '{calls errors seconds}';
    check(watches?.latency, [
      'drift{bins calls fromMs sum} violated{early fit{by densityFloat32Array shape} fitAge',
      'known{calls quantiles[{quantile ratio}] ratio{high low value}} recoveryFloat64Array',
      `since{allUint32Array newerUint32Array newerBooks${books} olderUint32Array olderBooks${books} turnMs}`,
      'state{correctMs kind known{calls nats quantiles[{quantile ratio}] ratio{high low value}} onsetMs raisedMs',
      'said{high low value} severity}}',
    ]);
    check(watches?.errors, [
      'calls early{calls errors} errors late{calls errors} recoveryFloat64Array state{correctMs kind',
      'known{calls nats ratio{high low value}} onsetMs raisedMs said{high low value} severity}',
    ]);
    check(watches?.silence, ['state usualMissed']);
  });
});
