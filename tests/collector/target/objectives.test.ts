import { describe, expect, it } from 'vitest';
import { targetRig, type TargetRig } from '../../support/target-rig.ts';

const JUDGED = { objectives: {} };

/** Calls of a second, by whether they kept what was promised. */
interface Second {
  readonly good: number;
  readonly bad: number;
  readonly operation?: string;
  readonly objective?: string;
}

function calls(rig: TargetRig, { good, bad, operation = 'orders.create', objective = '0.99' }: Second): void {
  const labels = { 'evenkeel.operation.name': operation, 'evenkeel.slo.objective': objective };
  rig.counter('evenkeel.operation.calls', { ...labels, 'evenkeel.slo.met': 'true' }, good);
  rig.counter('evenkeel.operation.calls', { ...labels, 'evenkeel.slo.met': 'false', 'error.type': 'Error' }, bad);
}

const said = ({ said: all }: TargetRig): string[] =>
  all.map(({ severity, subject }) => `${severity} ${subject}`).filter((each, i, them) => each !== them[i - 1]);

const ORDERS = 'shop objectives (orders.create)';

describe('what a program promises', () => {
  it('is judged by how fast it uses up the calls that may be bad, with nothing configured', async () => {
    const rig = await targetRig(JUDGED);
    expect(rig.stage.answer().targets).toEqual([]);
    rig.go(600, () => calls(rig, { good: 97, bad: 3 }));
    expect([rig.said, rig.stage.answer().targets.map(({ text }) => text)]).toEqual([[], ['at most 6']]);
    rig.go(600, () => calls(rig, { good: 80, bad: 20 }));
    expect(said(rig)[0]).toBe(`warning ${ORDERS}`);
    expect(rig.said[0]?.summary).toMatch(
      /uses up the calls that may be bad [\d.]+ times too fast, more than its target of 6/,
    );
  });

  it('is warned of at six times and critical at 14.4 times what may be, whatever is promised', async () => {
    const check = async (second: Second, expected: string[]): Promise<void> => {
      const rig = await targetRig(JUDGED);
      rig.go(300, () => calls(rig, second));
      expect([second, said(rig)]).toEqual([second, expected]);
    };
    await check({ good: 945, bad: 55 }, []);
    await check({ good: 930, bad: 70 }, [`warning ${ORDERS}`]);
    await check({ good: 850, bad: 150 }, [`critical ${ORDERS}`]);
    await check({ good: 993, bad: 7, objective: '0.999' }, [`warning ${ORDERS}`]);
    await check({ good: 980, bad: 20, objective: '0.999' }, [`critical ${ORDERS}`]);
    // Nine of ten may fail: nothing is ever too fast.
    await check({ good: 0, bad: 100, objective: '0.1' }, []);
  });

  it('names the span of its calls, for whoever looks for traces and causes', async () => {
    const rig = await targetRig(JUDGED);
    rig.go(60, () => calls(rig, { good: 80, bad: 20 }));
    expect(rig.open.map(({ subject }) => subject.attributes)).toEqual([
      {
        'metric.name': 'evenkeel.operation.calls',
        'service.name': 'shop',
        'evenkeel.operation.name': 'orders.create',
        'span.name': 'orders.create',
        'span.kind': 'SPAN_KIND_INTERNAL',
        'target.name': 'objectives',
      },
    ]);
  });

  it('is over within a minute where calls are enough to tell, and in five where they are few', async () => {
    const many = await targetRig(JUDGED);
    many.go(900, () => calls(many, { good: 80, bad: 20 }));
    many.go(40, () => calls(many, { good: 100, bad: 0 }));
    expect(said(many)).toEqual([`critical ${ORDERS}`, `none ${ORDERS}`]);
    // Of thirty calls less than one may be bad.
    const few = await targetRig(JUDGED);
    few.go(900, () => calls(few, { good: 0, bad: 1 }));
    few.go(250, () => calls(few, { good: 1, bad: 0 }));
    expect(few.open).toHaveLength(1);
    few.go(80, () => calls(few, { good: 1, bad: 0 }));
    expect(few.open).toEqual([]);
  });

  it('goes on while what is still too much only looks better by chance', async () => {
    const rig = await targetRig(JUDGED);
    rig.go(300, () => calls(rig, { good: 80, bad: 20 }));
    // Seven times what may be, in turns with a little less than six times.
    for (let turn = 0; turn < 60; turn++) {
      rig.go(20, () => calls(rig, { good: 93, bad: 7 }));
      rig.go(10, () => calls(rig, { good: 95, bad: 5 }));
    }
    expect(said(rig)).toEqual([`critical ${ORDERS}`, `warning ${ORDERS}`]);
  });

  it('is said once or twice where it comes in bursts, not with each', async () => {
    const rig = await targetRig(JUDGED);
    for (let burst = 0; burst < 30; burst++) {
      rig.go(20, () => calls(rig, { good: 20, bad: 80 }));
      rig.go(60, () => calls(rig, { good: 100, bad: 0 }));
    }
    expect(said(rig)).toEqual([`critical ${ORDERS}`, `none ${ORDERS}`, `critical ${ORDERS}`]);
    rig.go(330, () => calls(rig, { good: 100, bad: 0 }));
    expect(rig.open).toEqual([]);
  });

  it('is not judged before one call of those that came may be bad', async () => {
    const rig = await targetRig(JUDGED);
    // Two bad calls of 98 would be twice what may be, and of ten they are twenty times that.
    rig.go(10, () => calls(rig, { good: 0, bad: 1 }));
    rig.go(85, () => calls(rig, { good: 1, bad: 0 }));
    expect(rig.said).toEqual([]);
    const [line] = rig.stage.answer().targets;
    expect(line?.subjects.map(({ state }) => state)).toEqual(['unknown']);
    rig.go(30, () => calls(rig, { good: 1, bad: 0 }));
    expect(said(rig)).toEqual([`warning ${ORDERS}`]);
  });

  it('is judged for each operation of each service, its instances together', async () => {
    const rig = await targetRig(JUDGED);
    const labels = { 'evenkeel.operation.name': 'pay', 'evenkeel.slo.objective': '0.9' };
    rig.go(120, () => {
      calls(rig, { good: 100, bad: 0, operation: 'list' });
      for (const instance of ['a', 'b'])
        for (const [met, add] of [
          ['true', 1],
          ['false', 3],
        ] as const)
          rig.counter('evenkeel.operation.calls', { ...labels, 'evenkeel.slo.met': met }, add, { instance });
    });
    expect(said(rig)).toEqual(['warning shop objectives (pay)']);
    expect(rig.stage.answer().targets[0]).toMatchObject({ subjectCount: 2, missedCount: 1 });
  });

  it('leaves calls without a promise alone, and counts those whose promise is none', async () => {
    const rig = await targetRig(JUDGED);
    rig.go(60, () => {
      rig.counter('evenkeel.operation.calls', { 'evenkeel.operation.name': 'free', 'error.type': 'Error' }, 100);
      calls(rig, { good: 0, bad: 100, objective: '1' });
    });
    expect(rig.said).toEqual([]);
    expect(rig.own.counts('unjudged')).toEqual({ unsuited: 120 });
  });

  it('can be judged otherwise or not at all', async () => {
    const later = await targetRig({ objectives: { max: 30, critical_at: 60 } });
    later.go(120, () => calls(later, { good: 80, bad: 20 }));
    expect(later.said).toEqual([]);
    const off = await targetRig({ objectives: { enabled: false } });
    off.go(120, () => calls(off, { good: 0, bad: 100 }));
    expect([off.said, off.stage.answer().targets]).toEqual([[], []]);
  });
});
