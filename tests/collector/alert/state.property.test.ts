// Whatever happens to groups, silences and limits, in whatever order, and with restarts in between.
import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  nat,
  oneof,
  property,
  record,
} from 'fast-check';
import { expect, it } from 'vitest';
import type { Notification } from '../../../collector/src/alert/contract.ts';
import { rankOf, ruleOf, SEVERITIES } from '../../../collector/src/alert/route.ts';
import { Alerts, type AlertOptions } from '../../../collector/src/alert/state.ts';
import type { Severity } from '../../../collector/src/baseline/contract.ts';
import { violation, violationGroup } from '../../support/violations.ts';

const REPEAT_MS = 60_000;
const LOG = ruleOf('log', { type: 'log', min_severity: 'info' });
const CHANNELS = [
  LOG,
  { ...LOG, name: 'mail', minSeverity: 'critical' as const, takesAcknowledgement: false },
  { ...LOG, name: 'fleet', minSeverity: 'warning' as const, isRepeated: false, resendMs: 10_000 },
];

interface World {
  nowMs: number;
  isHeld: boolean;
  hasRoom: boolean;
}

/** What a receiver believes of a group. */
interface Belief {
  isOpen: boolean;
  severity: Severity;
  lastMs: number;
}

function alertsIn(world: World): Alerts {
  const options: AlertOptions = {
    channels: CHANNELS.map((rule) => ({ ...rule, isLimited: rule.name === 'mail' })),
    groupWaitMs: 5000,
    repeatMs: REPEAT_MS,
    maxAlerts: 10,
    heldAt: () => () => (world.isHeld ? 'silence' : undefined),
    permits: () => world.hasRoom,
  };
  return new Alerts(options);
}

const group = constantFrom('g1', 'g2');
const step = oneof(
  {
    weight: 6,
    arbitrary: record({ take: group, severity: constantFrom(...SEVERITIES, 'none' as const), member: nat(2) }),
  },
  { weight: 4, arbitrary: record({ waitMs: constantFrom(1000, 5000, REPEAT_MS) }) },
  { weight: 1, arbitrary: record({ acknowledge: group }) },
  { weight: 1, arbitrary: record({ isHeld: boolean() }) },
  { weight: 1, arbitrary: record({ hasRoom: boolean() }) },
  { weight: 1, arbitrary: constant({ restart: true }) },
);
type Step = typeof step extends Arbitrary<infer S> ? S : never;

/** Does one step. @returns alerts as they go on */
function done(alerts: Alerts, world: World, each: Step): Alerts {
  if ('take' in each) {
    const { take: id, severity, member } = each;
    const members = [violation({ id: `${id}/${member}`, severity })];
    alerts.take(violationGroup(severity, { id, members }), world.nowMs);
  }
  if ('waitMs' in each) world.nowMs += each.waitMs;
  if ('acknowledge' in each) alerts.acknowledge(each.acknowledge, 'ada', world.nowMs);
  if ('isHeld' in each) world.isHeld = each.isHeld;
  if ('hasRoom' in each) world.hasRoom = each.hasRoom;
  if (!('restart' in each)) return alerts;
  const next = alertsIn(world);
  next.restore(JSON.parse(JSON.stringify(alerts.snapshot())) as ReturnType<Alerts['snapshot']>);
  return next;
}

/** Checks one notification against what its receiver believes, and changes the belief. */
function believe(beliefs: Map<string, Belief>, channel: string, told: Omit<Notification, 'id'>, world: World): void {
  const key = `${channel} ${told.group.id}`;
  const before = beliefs.get(key) ?? { isOpen: false, severity: 'info', lastMs: -Infinity };
  const { occasion, severity } = told;
  const isNews = ['firing', 'escalated', 'repeated'].includes(occasion);
  if (isNews) {
    expect([world.isHeld, severity]).toEqual([false, told.group.severity]);
    const least = CHANNELS.find(({ name }) => name === channel)?.minSeverity ?? 'emergency';
    expect(rankOf(severity)).toBeGreaterThanOrEqual(rankOf(least));
  }
  if (occasion === 'firing') expect(before.isOpen).toBe(false);
  if (occasion === 'escalated')
    expect([before.isOpen, rankOf(severity) > rankOf(before.severity)]).toEqual([true, true]);
  if (occasion === 'repeated') expect(world.nowMs - before.lastMs).toBeGreaterThanOrEqual(REPEAT_MS);
  if (occasion === 'resolved' || occasion === 'resent') expect(before.isOpen).toBe(true);
  const lastMs = isNews ? world.nowMs : before.lastMs;
  beliefs.set(key, { isOpen: occasion !== 'resolved', severity: isNews ? severity : before.severity, lastMs });
}

it('tells each channel a story that makes sense, and its end', () => {
  assert(
    property(array(step, { maxLength: 40 }), (steps) => {
      const world: World = { nowMs: 1_800_000_000_000, isHeld: false, hasRoom: true };
      const beliefs = new Map<string, Belief>();
      let alerts = alertsIn(world);
      const tell = (): void => {
        for (const { channel, notification, isOverLimit } of alerts.due(world.nowMs).due)
          if (!isOverLimit) believe(beliefs, channel, notification, world);
        expect(alerts.due(world.nowMs).due).toEqual([]);
      };
      for (const each of steps) {
        alerts = done(alerts, world, each);
        tell();
      }
      for (const id of ['g1', 'g2']) alerts.take(violationGroup('none', { id }), world.nowMs);
      tell();
      expect([...beliefs.values()].filter(({ isOpen }) => isOpen)).toEqual([]);
    }),
    { seed: 11, numRuns: 300 },
  );
});
