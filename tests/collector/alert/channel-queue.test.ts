import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../collector/src/alert/channel.ts';
import { ChannelQueue } from '../../../collector/src/alert/channel-queue.ts';
import type { Notification } from '../../../collector/src/alert/contract.ts';
import { ruleOf } from '../../../collector/src/alert/route.ts';
import { notification } from '../../support/alert-channels.ts';
import { ManualClock } from '../../support/clock.ts';
import { eventually } from '../../support/eventually.ts';
import { violationGroup } from '../../support/violations.ts';

const RULE = ruleOf('ops', { type: 'log', min_severity: 'info' });

interface Scene {
  readonly queue: ChannelQueue;
  readonly clock: ManualClock;
  /** Ids in the order in which they were tried. */
  readonly tried: string[];
  /** Ids by what became of them. */
  readonly settled: string[];
  readonly log: string[];
  /** Answers the attempt that is under way. */
  answer(answer: Answer['outcome'], afterMs?: number): Promise<void>;
  /** Waits for so many attempts. */
  attempts(count: number): Promise<void>;
  add(id: string, wanted?: Partial<Notification>): void;
}

/** A queue before a channel that answers when it is told to. */
function scene(options: { maxQueue?: number; isIdempotent?: boolean; save?: () => Promise<void> } = {}): Scene {
  const clock = new ManualClock();
  const [tried, settled, log]: [string[], string[], string[]] = [[], [], []];
  let finish: ((answer: Answer) => void) | undefined;
  const { maxQueue = 3, isIdempotent = false, save = async () => {} } = options;
  const queue = new ChannelQueue(
    { rule: { ...RULE, isIdempotent }, maxQueue, retry: { initialMs: 1000, maxMs: 60_000 }, elapsedMs: 600_000 },
    {
      where: 'somewhere',
      send({ id }, cut) {
        tried.push(id);
        return new Promise((resolve) => {
          finish = resolve;
          cut.addEventListener('abort', () => resolve({ outcome: 'again', why: 'the end' }));
        });
      },
      close: () => {},
    },
    {
      clock,
      random: () => 1,
      log: (severity, code) => void log.push(`${severity} ${code}`),
      settled: ({ id }, outcome) => void settled.push(`${id} ${outcome}`),
      queued: () => {},
      save,
    },
  );
  const attempts = async (count: number): Promise<void> => {
    await eventually(`${count} attempts`, () => tried.length >= count);
  };
  return {
    queue,
    clock,
    tried,
    settled,
    log,
    attempts,
    async answer(outcome, afterMs) {
      const before = settled.length;
      finish?.(outcome === 'delivered' ? { outcome } : { outcome, why: 'because', afterMs });
      await eventually('it to be taken', () => settled.length > before || clock.untilNextOnce() !== undefined);
    },
    add: (id, wanted = {}) => {
      const group = violationGroup('critical', { id: wanted.group?.id ?? id });
      queue.add(notification({ id, atMs: clock.nowMs(), ...wanted, group }));
    },
  };
}

const ofGroup = (id: string): Pick<Notification, 'group'> => ({ group: violationGroup('critical', { id }) });

describe('a queue', () => {
  it('delivers one after the other, the worst first', async () => {
    const { add, attempts, answer, tried, settled } = scene();
    add('a', { severity: 'warning' });
    await attempts(1);
    add('b', { severity: 'warning' });
    add('c', { severity: 'emergency' });
    await answer('delivered');
    await attempts(2);
    await answer('delivered');
    await attempts(3);
    await answer('delivered');
    expect(tried).toEqual(['a', 'c', 'b']);
    expect(settled).toEqual(['a delivered', 'c delivered', 'b delivered']);
  });

  it('tries again after a wait that grows, and at least as long as it is asked to', async () => {
    const { add, attempts, answer, clock, tried } = scene();
    add('a');
    await attempts(1);
    const waits: (number | undefined)[] = [];
    for (const afterMs of [0, 0, 9000]) {
      await answer('again', afterMs);
      waits.push(clock.untilNextOnce());
      clock.advance(waits.at(-1) ?? 0);
      await attempts(waits.length + 1);
    }
    expect(waits).toEqual([1000, 2000, 9000]);
    expect(tried).toEqual(['a', 'a', 'a', 'a']);
  });

  it('gives up what could not be told in time, and goes on with the next', async () => {
    const { add, attempts, answer, clock, settled, log } = scene();
    add('a');
    await attempts(1);
    await answer('again');
    clock.advance(999);
    add('b', { atMs: clock.nowMs() + 600_000 });
    clock.advance(600_000);
    await attempts(2);
    expect(settled).toEqual(['a failed']);
    expect(log).toContain('error GIVEN_UP_ops');
  });

  it('does not try again what the receiver does not want', async () => {
    const { add, attempts, answer, settled, tried, log } = scene();
    add('a');
    await attempts(1);
    add('b');
    await answer('refused');
    await attempts(2);
    expect(settled).toEqual(['a refused']);
    expect(tried).toEqual(['a', 'b']);
    expect(log).toEqual(['error REFUSED_ops']);
  });

  it('leaves out the mildest where it is full, never what is under way', async () => {
    const { add, attempts, settled } = scene();
    add('a', { severity: 'info' });
    await attempts(1);
    add('b', { severity: 'critical' });
    add('c', { severity: 'warning' });
    add('d', { severity: 'warning' });
    expect(settled).toEqual(['d queue_full']);
    add('e', { severity: 'emergency' });
    expect(settled).toEqual(['d queue_full', 'c queue_full']);
  });
});

describe('what is newer of an alert', () => {
  it('takes the place of what waits', async () => {
    const { add, attempts, answer, settled, tried } = scene();
    add('other');
    await attempts(1);
    add('a', ofGroup('g'));
    add('b', { ...ofGroup('g'), occasion: 'resolved' });
    expect(settled).toEqual(['a superseded']);
    await answer('delivered');
    await attempts(2);
    expect(tried).toEqual(['other', 'b']);
  });

  it('waits for what is under way, and is tried instead of it where that failed', async () => {
    const { add, attempts, answer, clock, settled, tried } = scene();
    add('a', ofGroup('g'));
    await attempts(1);
    add('b', { ...ofGroup('g'), occasion: 'resolved' });
    expect(settled).toEqual([]);
    await answer('again');
    expect(settled).toEqual(['a superseded']);
    clock.advance(1000);
    await attempts(2);
    expect(tried).toEqual(['a', 'b']);
  });

  it('remembers what the receiver was told before', async () => {
    const { add, attempts, queue } = scene();
    add('other');
    await attempts(1);
    add('a', { ...ofGroup('g'), occasion: 'escalated', previous: 'warning' });
    add('b', { ...ofGroup('g'), occasion: 'resolved' });
    expect(queue.snapshot().at(-1)?.notification).toMatchObject({ id: 'b', previous: 'warning' });
  });

  it('is no reason to forget news, where it only keeps an alert alive', async () => {
    const { add, attempts, queue, settled } = scene();
    add('other');
    await attempts(1);
    add('a', ofGroup('g'));
    add('b', { ...ofGroup('g'), occasion: 'resent' });
    expect(settled).toEqual([]);
    expect(queue.snapshot().map(({ notification: { id } }) => id)).toEqual(['other', 'a']);
  });
});

describe('at the end', () => {
  it('tries for as long as it may, and leaves the rest', async () => {
    const { add, attempts, queue, clock, log } = scene();
    add('a');
    await attempts(1);
    add('b');
    const stopping = queue.stop(5000);
    clock.advance(5000);
    await stopping;
    expect(queue.snapshot().map(({ notification: { id }, isUnderWay }) => [id, isUnderWay])).toEqual([
      ['a', false],
      ['b', false],
    ]);
    expect(log).toContain('warning STOP_ops');
  });

  it('has waited for nothing where nothing waits', async () => {
    const { queue, log } = scene();
    await queue.stop(5000);
    expect(log).toEqual([]);
  });
});

describe('after a restart', () => {
  it('sends what waited, but not what may have come through', async () => {
    const before = scene();
    before.add('a');
    await before.attempts(1);
    before.add('b');
    const after = scene();
    after.queue.restore(before.queue.snapshot());
    await after.attempts(1);
    expect(after.tried).toEqual(['b']);
    expect(after.settled).toEqual(['a unclear']);
    expect(after.log).toEqual(['warning UNCLEAR_ops']);
  });

  it('sends that too where nobody is told twice by it', async () => {
    const before = scene();
    before.add('a');
    await before.attempts(1);
    const after = scene({ isIdempotent: true });
    after.queue.restore(before.queue.snapshot());
    await after.attempts(1);
    expect(after.tried).toEqual(['a']);
  });

  it('knows of everything that was tried, because it is kept before', async () => {
    const kept: string[][] = [];
    const { queue, add, attempts, answer } = scene({
      save: async () =>
        void kept.push(queue.snapshot().map(({ notification: { id }, isUnderWay }) => `${id} ${isUnderWay}`)),
    });
    add('a');
    add('b');
    await attempts(1);
    expect(kept).toEqual([['a true', 'b false']]);
    await answer('again');
    expect(kept.at(-1)).toEqual(['a false', 'b false']);
  });
});
