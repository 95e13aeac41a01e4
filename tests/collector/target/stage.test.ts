import { describe, expect, it } from 'vitest';
import { targetRig, type TargetRig } from '../../support/target-rig.ts';

const times = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

/** What was said, in order; corrections of figures aside. */
const severities = ({ said }: TargetRig): string[] =>
  said.map(({ severity }) => severity).filter((each, i, all) => each !== all[i - 1]);

const SLOW = { operations: { slow: { statistic: 'mean', max: '1s', critical_at: '5s' } } };
const cart = (seconds: readonly number[], errors = 0) => ({ name: 'GET /cart', seconds, errors });

describe('a target of operations', () => {
  it('is said once it is missed for a while, with its operation, and ends within a minute of recovery', async () => {
    const rig = await targetRig(SLOW);
    rig.go(120, () => rig.calls(cart([0.5, 0.5])));
    rig.go(120, () => rig.calls(cart([2, 2])));
    rig.go(120, () => rig.calls(cart([0.5, 0.5])));
    expect(severities(rig)).toEqual(['warning', 'none']);
    const [said] = rig.said;
    const over = rig.said.at(-1);
    expect(said?.atMs).toBeLessThanOrEqual(180_000);
    expect(over?.atMs).toBeLessThanOrEqual(300_000);
    expect(said?.subject).toBe('shop GET /cart');
    expect(rig.own.counts('misses')).toEqual({ 'slow/warning': 1 });
  });

  it('names the operation for whoever samples it more, and how far off it is', async () => {
    const rig = await targetRig(SLOW);
    rig.go(60, () => rig.calls(cart([2, 4])));
    expect(rig.open).toHaveLength(1);
    const [violation] = rig.open;
    expect(violation?.subject.attributes).toEqual({
      'service.name': 'shop',
      'span.name': 'GET /cart',
      'span.kind': 'SPAN_KIND_SERVER',
      'target.name': 'slow',
    });
    expect(violation?.kind).toBe('target');
    expect(violation?.ratio.value).toBeGreaterThan(2.8);
    expect(violation?.ratio.value).toBeLessThan(3.2);
    expect(violation?.explanation.calls).toBeGreaterThan(20);
  });

  it('is not said for a blip, for few calls, or for what is within the width of a bin', async () => {
    const rig = await targetRig({
      operations: { ...SLOW.operations, exact: { statistic: 'p95', max: '100ms', services: ['till'] } },
    });
    rig.go(120, (_, second) => rig.calls(cart(second === 60 ? [30] : times(4, 0.2))));
    rig.go(120, (_, second) => rig.calls({ name: 'GET /seldom', seconds: second % 8 === 0 ? [9] : [] }));
    rig.go(120, () => rig.calls({ service: 'till', name: 'open', seconds: times(5, 0.098) }));
    expect(rig.said).toEqual([]);
    rig.go(120, () => rig.calls({ service: 'till', name: 'open', seconds: times(5, 0.112) }));
    expect(severities(rig)).toEqual(['warning']);
  });

  it('becomes critical and milder again, and says so', async () => {
    const rig = await targetRig(SLOW);
    for (const seconds of [2, 8, 2, 0.5]) rig.go(90, () => rig.calls(cart([seconds, seconds])));
    expect(severities(rig)).toEqual(['warning', 'critical', 'warning', 'none']);
  });

  it('corrects what it said as it becomes much worse, ever more seldom', async () => {
    const rig = await targetRig({ operations: { slow: { statistic: 'mean', max: '1s' } } });
    rig.go(600, (_, second) => rig.calls(cart(times(2, 2 * 1.005 ** second))));
    expect(new Set(severities(rig))).toEqual(new Set(['warning']));
    expect(rig.said.length).toBeGreaterThan(2);
    expect(rig.said.length).toBeLessThan(8);
  });

  it('goes by errors and by calls a second', async () => {
    const rig = await targetRig({
      operations: {
        failing: { statistic: 'error_ratio', max: 0.05 },
        busy: { statistic: 'rate', min: 3, spans: ['GET *'] },
      },
    });
    rig.go(120, () => rig.calls(cart(times(4, 0.1))));
    rig.go(60, () => rig.calls(cart(times(4, 0.1), 1)));
    expect(rig.open[0]?.explanation.summary).toContain(
      'fails in a share of 0.25 of its calls, more than its target of 0.05',
    );
    // A stop is a miss too.
    rig.go(60, () => rig.calls(cart([])));
    expect(rig.open.at(-1)?.explanation.summary).toContain('is called 0 times a second, less than its target of 3');
    expect(rig.open.at(-1)?.ratio.value).toBe(1000);
    rig.go(60, () => rig.calls(cart(times(4, 0.1))));
    expect([severities(rig).at(-1), rig.open]).toEqual(['none', []]);
  });

  it('is not judged before an operation is called, nor when it is called no more', async () => {
    const rig = await targetRig({ operations: { ...SLOW.operations, busy: { statistic: 'rate', max: 100 } } });
    rig.go(60, () => rig.calls(cart([])));
    expect(rig.stage.answer().targets.map(({ subjectCount }) => subjectCount)).toEqual([0, 0]);
    rig.go(60, () => rig.calls(cart([3, 3])));
    rig.go(330, () => rig.calls(cart([])));
    expect(rig.said.at(-1)?.summary).toMatch(/^shop GET \/cart is not watched any more after \d+ s$/);
    expect(rig.stage.answer().targets.map(({ subjectCount }) => subjectCount)).toEqual([0, 0]);
    rig.go(60, () => rig.calls(cart([3, 3])));
    expect(severities(rig)).toEqual(['warning', 'none', 'warning']);
  });

  it('does not flutter where it is nearly met', async () => {
    const rig = await targetRig({ operations: { failing: { statistic: 'error_ratio', max: 0.1 } } });
    rig.go(1200, (_, second) => rig.calls(cart(times(10, 0.1), second % 15 === 0 ? 2 : 1)));
    expect(severities(rig).length).toBeLessThanOrEqual(1);
  });
});

describe('what was said before a restart', () => {
  it('goes on where it is missed still, and ends where it is met', async () => {
    const rig = await targetRig(SLOW);
    rig.go(60, () => rig.calls(cart([2, 2])));
    const [{ id } = { id: '' }] = rig.open;
    const next = await rig.restarted(SLOW);
    next.go(120, () => next.calls(cart([2, 2])));
    expect([next.said, next.open.map((each) => each.id)]).toEqual([[], [id]]);
    next.go(60, () => next.calls(cart([0.5, 0.5])));
    expect([severities(next), next.open]).toEqual([['none'], []]);
  });

  it('ends at once where its target is gone, and after a while where its operation is', async () => {
    const rig = await targetRig(SLOW);
    rig.go(60, () => rig.calls(cart([2, 2])));
    const next = await rig.restarted(SLOW);
    next.go(299);
    expect(next.said).toEqual([]);
    next.go(6);
    expect(next.said.map(({ summary }) => summary)).toEqual([expect.stringContaining('is not watched any more')]);
    next.go(60, () => next.calls(cart([2, 2])));
    expect(next.open).toHaveLength(1);
    const last = await next.restarted({ operations: { other: { statistic: 'mean', max: 1 } } });
    expect([severities(last), last.open]).toEqual([['none'], []]);
  });
});

describe('what is shown', () => {
  it('has every target with its bound, and what misses it first', async () => {
    const rig = await targetRig({
      operations: SLOW.operations,
      metrics: { depth: { metrics: ['depth'], by: ['queue'], statistic: 'value', min: 3, window: '5m' } },
    });
    rig.go(60, () => {
      rig.calls({ name: 'fast', seconds: [0.1] });
      rig.calls({ name: 'slow', seconds: [3] });
      rig.gauge('depth', { queue: 'mail' }, 5);
    });
    const { targets } = rig.stage.answer();
    expect(targets).toMatchObject([
      {
        name: 'slow',
        of: 'operations',
        what: 'mean of every operation',
        bound: 1,
        direction: 'max',
        text: 'at most 1 s',
        unit: 's',
        windowSeconds: 60,
        subjectCount: 2,
        missedCount: 1,
      },
      {
        name: 'depth',
        of: 'metrics',
        what: 'value of depth',
        bound: 3,
        direction: 'min',
        unit: '',
        windowSeconds: 300,
        subjects: [{ name: 'shop depth (mail)', value: 5, text: '5', state: 'met' }],
      },
    ]);
    expect(targets[0]?.subjects.map(({ name, state, severity }) => [name, state, severity])).toEqual([
      ['shop slow', 'missed', 'warning'],
      ['shop fast', 'met', undefined],
    ]);
    const families = [...rig.stage.collect()].map(({ name, points }) => [name, [...points]]);
    expect(families).toEqual([
      [
        'evenkeel.target.bound',
        [
          { attributes: { target: 'slow', direction: 'max' }, value: 1 },
          { attributes: { target: 'depth', direction: 'min' }, value: 3 },
        ],
      ],
      [
        'evenkeel.target.value',
        [
          { attributes: { target: 'slow', subject: 'shop fast' }, value: expect.closeTo(0.1, 2) },
          { attributes: { target: 'slow', subject: 'shop slow' }, value: expect.closeTo(3, 0) },
          { attributes: { target: 'depth', subject: 'shop depth (mail)' }, value: 5 },
        ],
      ],
    ]);
  });

  it('has one value of subjects that are named alike: the worst', async () => {
    const rig = await targetRig(SLOW);
    rig.go(60, () => {
      rig.calls({ name: 'get', kind: 'SPAN_KIND_CLIENT', seconds: [3] });
      rig.calls({ name: 'get', seconds: [0.1] });
    });
    const [, values] = [...rig.stage.collect()];
    expect([...(values?.points ?? [])].map(({ value }) => Math.round(value ?? 0))).toEqual([3]);
  });
});
