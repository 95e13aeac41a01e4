import { describe, expect, it } from 'vitest';
import type { HeldBy } from '../../../collector/src/alert/instruments.ts';
import { ruleOf } from '../../../collector/src/alert/route.ts';
import { Alerts, type AlertOptions } from '../../../collector/src/alert/state.ts';
import type { Severity, ViolationGroup } from '../../../collector/src/baseline/contract.ts';
import { violation, violationGroup } from '../../support/violations.ts';

const WAIT_MS = 5000;
const REPEAT_MS = 3_600_000;

const MAIL = ruleOf('mail', {
  type: 'email',
  min_severity: 'critical',
  host: 'mail.example.com',
  port: 587,
  security: 'starttls',
  from: 'a@example.com',
  to: ['b@example.com'],
  timeout: 1000,
});
const LOG = ruleOf('log', { type: 'log', min_severity: 'info' });

/** Alerts on a clock of their own; each step says what is due in words. */
function scene(options: Partial<AlertOptions> = {}) {
  let nowMs = 1_800_000_000_000;
  let holds: HeldBy | undefined;
  const alerts = new Alerts({
    channels: [MAIL],
    groupWaitMs: WAIT_MS,
    repeatMs: REPEAT_MS,
    maxAlerts: 10,
    heldAt: () => () => holds,
    permits: () => true,
    ...options,
  });
  const due = (): string[] =>
    alerts.due(nowMs).due.map(({ channel, notification: { occasion, severity, previous }, isOverLimit }) => {
      const before = previous === undefined ? '' : ` after ${previous}`;
      return `${channel} ${occasion} ${severity}${before}${isOverLimit ? ' over limit' : ''}`;
    });
  return {
    alerts,
    due,
    hold: (by: HeldBy | undefined) => (holds = by),
    /** What is due once so much time has passed. */
    after(ms: number): string[] {
      nowMs += ms;
      return due();
    },
    /** What is due once a group is as given and its wait is over. */
    take(severity: Severity | 'none', wanted: Partial<ViolationGroup> = {}): string[] {
      alerts.take(violationGroup(severity, wanted), nowMs);
      nowMs += WAIT_MS;
      return due();
    },
    acknowledge: (id = 'g1') => alerts.acknowledge(id, 'ada', nowMs)?.map(({ channel }) => channel),
  };
}

const second = { members: [violation({ id: 'another', service: 'carts' })] };

describe('an alert', () => {
  it('is told once, and again only once the repeat interval is over', () => {
    const { take, after } = scene();
    expect(take('critical')).toEqual(['mail firing critical']);
    expect(take('critical')).toEqual([]);
    expect(after(REPEAT_MS - WAIT_MS - 1)).toEqual([]);
    expect(after(1)).toEqual(['mail repeated critical']);
    expect(after(REPEAT_MS - 1)).toEqual([]);
  });

  it('waits for what else its cause brings, but not with an emergency', () => {
    const { alerts, after } = scene();
    alerts.take(violationGroup('critical'), 1_800_000_000_000);
    expect(after(WAIT_MS - 1)).toEqual([]);
    expect(alerts.list()).toMatchObject([{ state: 'pending' }]);
    expect(after(1)).toEqual(['mail firing critical']);
    alerts.take(violationGroup('emergency', { id: 'g2' }), 1_800_000_000_000 + WAIT_MS);
    expect(after(0)).toEqual(['mail firing emergency']);
  });

  it('is never told when it was over before its wait was', () => {
    const { alerts, take, due } = scene();
    alerts.take(violationGroup('critical'), 1_800_000_000_000);
    expect([...take('none'), ...due()]).toEqual([]);
    expect(alerts.list()).toMatchObject([{ state: 'resolved', told: {} }]);
  });

  it('is told again when it gets worse, not when it gets milder, and when it is over', () => {
    const { take } = scene();
    expect(take('critical')).toEqual(['mail firing critical']);
    expect(take('emergency')).toEqual(['mail escalated emergency after critical']);
    expect(take('critical')).toEqual([]);
    expect(take('warning')).toEqual([]);
    expect(take('emergency')).toEqual([]);
    expect(take('none')).toEqual(['mail resolved emergency']);
    expect(take('none')).toEqual([]);
  });

  it('is told to a channel from its least severity on, and then for the first time', () => {
    const { take } = scene({ channels: [MAIL, LOG] });
    expect(take('warning')).toEqual(['log firing warning']);
    expect(take('critical')).toEqual(['mail firing critical', 'log escalated critical after warning']);
    expect(take('none')).toEqual(['mail resolved critical', 'log resolved critical']);
  });

  it('is not repeated to whom it has become too mild', () => {
    const { take, after } = scene();
    take('critical');
    take('warning');
    expect(after(REPEAT_MS)).toEqual([]);
    expect(take('critical')).toEqual(['mail repeated critical']);
  });

  it('is not repeated to a channel that repeats by itself', () => {
    const { take, after } = scene({ channels: [{ ...MAIL, isRepeated: false }] });
    take('critical');
    expect(after(2 * REPEAT_MS)).toEqual([]);
  });

  it('keeps the subject it began with, whoever is named first later', () => {
    const { alerts, take } = scene();
    take('critical');
    take('emergency', second);
    expect(alerts.list()).toMatchObject([
      { subject: { name: 'orders POST /orders' }, group: { members: [{ id: 'another' }] } },
    ]);
  });

  it('is called by what turns out to be its cause, and what is part of it is not told, before anybody was told', () => {
    const { alerts, take } = scene();
    const before = [violationGroup(), violationGroup('critical', { id: 'g2' })];
    for (const group of [...before, violationGroup('none', { id: 'g2', joined: 'g1' })])
      alerts.take(group, 1_800_000_000_000);
    expect(take('critical', { members: [...second.members, violation()] })).toEqual(['mail firing critical']);
    expect(alerts.list()).toMatchObject([{ subject: { name: 'carts POST /orders' } }, { state: 'resolved' }]);
  });
});

describe('a group that returns', () => {
  it('is not told again with nothing new, nor is its end', () => {
    const { alerts, take, after } = scene();
    take('critical');
    take('none');
    expect(take('critical')).toEqual([]);
    expect(alerts.list()).toMatchObject([{ state: 'firing' }]);
    expect(take('none')).toEqual([]);
    expect(take('critical')).toEqual([]);
    expect(after(REPEAT_MS)).toEqual(['mail repeated critical']);
  });

  it('is told again with a member that was not there before', () => {
    const { take } = scene();
    take('critical');
    take('none');
    expect(take('critical', second)).toEqual(['mail firing critical']);
    expect(take('none')).toEqual(['mail resolved critical']);
  });

  it('is told again when it is worse than it was', () => {
    const { take } = scene();
    take('critical');
    take('none');
    take('critical');
    expect(take('emergency')).toEqual(['mail firing emergency']);
    expect(take('none')).toEqual(['mail resolved emergency']);
  });

  it('is told like any other once it was forgotten', () => {
    const { take, after } = scene({ maxAlerts: 1 });
    take('critical');
    take('none');
    after(1);
    expect(take('critical', { id: 'g2' })).toEqual(['mail firing critical']);
    take('none', { id: 'g2' });
    expect(take('critical')).toEqual(['mail firing critical']);
  });
});

describe('an acknowledgement', () => {
  it('stops repeats until it gets worse', () => {
    const { take, after, acknowledge } = scene();
    take('critical');
    expect(acknowledge()).toEqual([]);
    expect(after(2 * REPEAT_MS)).toEqual([]);
    expect(take('emergency')).toEqual(['mail escalated emergency after critical']);
    expect(after(REPEAT_MS)).toEqual(['mail repeated emergency']);
  });

  it('is told to channels that know what it is', () => {
    const { take, acknowledge } = scene({ channels: [MAIL, LOG] });
    take('critical');
    expect(acknowledge()).toEqual(['log']);
  });

  it('needs an alert that goes on, and ends with it', () => {
    const { alerts, take, acknowledge } = scene();
    expect(acknowledge()).toBeUndefined();
    take('critical');
    acknowledge();
    expect(alerts.list()[0]?.acknowledged).toMatchObject({ by: 'ada', severity: 'critical' });
    take('none');
    expect(acknowledge()).toBeUndefined();
    expect(alerts.list()[0]?.acknowledged).toBeUndefined();
  });
});

describe('an alert that is held back', () => {
  it('is told once nothing holds it any more, if it still goes on', () => {
    const { alerts, take, after, hold } = scene();
    hold('maintenance');
    expect(take('critical')).toEqual([]);
    expect(alerts.list()).toMatchObject([{ state: 'firing', heldBy: 'maintenance' }]);
    hold(undefined);
    expect(after(0)).toEqual(['mail firing critical']);
    expect(alerts.list()[0]?.heldBy).toBeUndefined();
  });

  it('is neither repeated nor told to be worse, but its end is told to who knows of it', () => {
    const { take, after, hold } = scene();
    take('critical');
    hold('silence');
    expect(take('emergency')).toEqual([]);
    expect(after(REPEAT_MS)).toEqual([]);
    expect(take('none')).toEqual(['mail resolved critical']);
  });

  it('is counted once for each time it is held', () => {
    const { alerts, take, hold } = scene();
    hold('silence');
    alerts.take(violationGroup('emergency'), 1_800_000_000_000);
    expect(alerts.due(1_800_000_000_000).held).toEqual(['silence']);
    expect(alerts.due(1_800_000_001_000).held).toEqual([]);
    hold(undefined);
    take('emergency');
    hold('holiday');
    expect(alerts.due(1_800_000_010_000).held).toEqual(['holiday']);
  });
});

describe('a channel that was told too much', () => {
  it('is told neither of an alert nor of its end, and of what is worse when there is room', () => {
    let hasRoom = false;
    const { take } = scene({ permits: () => hasRoom });
    expect(take('critical')).toEqual(['mail firing critical over limit']);
    expect(take('critical')).toEqual([]);
    expect(take('none')).toEqual([]);
    hasRoom = true;
    expect(take('emergency')).toEqual(['mail firing emergency']);
  });

  it('is still told of the end of what it knows', () => {
    let hasRoom = true;
    const { take } = scene({ permits: () => hasRoom });
    take('critical');
    hasRoom = false;
    expect(take('emergency')).toEqual(['mail escalated emergency after critical over limit']);
    expect(take('none')).toEqual(['mail resolved emergency']);
  });
});

describe('all alerts', () => {
  it('are no more than allowed: what is over gives way, what goes on does not', () => {
    const { alerts, take } = scene({ maxAlerts: 2 });
    take('critical');
    take('critical', { id: 'g2' });
    expect(alerts.take(violationGroup('critical', { id: 'g3' }), 1_800_000_020_000)).toBeUndefined();
    take('none');
    expect(alerts.take(violationGroup('critical', { id: 'g3' }), 1_800_000_030_000)).toHaveLength(1);
    expect(alerts.list().map(({ id }) => id)).toEqual(['g2', 'g3']);
  });

  it('end where nobody speaks of them after a restart', () => {
    const { alerts, take, due } = scene();
    take('critical');
    take('critical', { id: 'g2' });
    alerts.endOthers(new Set(['g2']), 1_800_000_020_000);
    expect(due()).toEqual(['mail resolved critical']);
    expect(alerts.list().map(({ id, state }) => [id, state])).toEqual([
      ['g1', 'resolved'],
      ['g2', 'firing'],
    ]);
  });

  it('are as they were after a restart, and nobody is told twice', () => {
    const before = scene();
    before.take('critical');
    before.alerts.rate('g1', true, 'ada', 1_800_000_005_000);
    before.acknowledge();
    const after = scene();
    after.alerts.restore(JSON.parse(JSON.stringify(before.alerts.snapshot())) as ReturnType<Alerts['snapshot']>);
    expect(after.alerts.list()).toEqual(before.alerts.list());
    expect(after.take('critical')).toEqual([]);
    expect(after.take('emergency')).toEqual(['mail escalated emergency after critical']);
    expect(after.alerts.list()[0]?.feedback).toMatchObject({ isUseful: true, by: 'ada' });
  });
});
