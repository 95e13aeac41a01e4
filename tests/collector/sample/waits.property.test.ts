// Waits against a plain reading of the rules: of each trace all spans are looked at again, whenever deadlines are.
import { array, assert, constant, constantFrom, integer, nat, oneof, option, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { hexId } from '../../../collector/src/otlp/trace-id.ts';
import { testSampler } from '../../support/sampler.ts';
import { HIGH, root, scene, span } from '../../support/trace-scene.ts';
import type { TestSpan } from '../../support/traffic.ts';

/** Times are multiples of this, and so often something is decided. */
const STEP_MS = 10;
const END_MS = 2500;
const ALL = [{ name: 'all', type: 'probabilistic', ratio: 1 }];

type SpanKind = 'plain' | 'root' | 'error' | 'batch' | 'health' | 'slow';

interface Arrival {
  readonly trace: number;
  readonly atMs: number;
  readonly kind: SpanKind;
}

/** What a wait may ask for, and whether spans fulfil it. */
const CONDITIONS = [
  {
    when: { type: 'service', names: ['batch'] },
    holds: (kinds: readonly SpanKind[]) => kinds.includes('batch'),
  },
  { when: { type: 'operation', names: ['health'] }, holds: (kinds: readonly SpanKind[]) => kinds.includes('health') },
  { when: { type: 'status' }, holds: (kinds: readonly SpanKind[]) => kinds.includes('error') },
  { when: { type: 'latency' }, holds: (kinds: readonly SpanKind[]) => kinds.includes('slow') },
  { when: { type: 'span_count', min: 4 }, holds: (kinds: readonly SpanKind[]) => kinds.length >= 4 },
] as const;

interface PlainWait {
  readonly condition: number;
  readonly decision: number | undefined;
  readonly root: number | undefined;
  readonly match: number | undefined;
}

// Short ones among long ones, which are over by the time they apply.
const time = option(oneof(nat(5), nat(120)), { nil: undefined });
const wait = record({ condition: nat(CONDITIONS.length - 1), decision: time, root: time, match: time });
const kindOfSpan = constantFrom<SpanKind>('plain', 'plain', 'root', 'error', 'batch', 'health', 'slow');
/** Spans of a trace that come at once; in which order must not matter. */
const arrivalsAtOnce = record({
  trace: nat(5),
  atMs: nat(120).map((step) => step * STEP_MS),
  kinds: array(kindOfSpan, { minLength: 1, maxLength: 4 }),
}).map(({ kinds, ...rest }) => kinds.map((each): Arrival => ({ ...rest, kind: each })));

interface Times {
  readonly decisionWaitMs: number;
  readonly afterRootMs: number;
  readonly afterErrorMs: number | undefined;
}

interface Expected {
  readonly atMs: number;
  /** What ended the waiting; undefined where several did at once. */
  readonly ending: string | undefined;
}

/** When a trace must be decided: at the first of the ticks by which one of its times is over. */
function expectedOf(
  arrivals: readonly Arrival[],
  waits: readonly PlainWait[],
  times: Times,
  ticks: readonly number[],
): Expected {
  const startMs = Math.min(...arrivals.map(({ atMs }) => atMs));
  for (const nowMs of ticks) {
    if (nowMs < startMs) continue;
    const seen = arrivals.filter(({ atMs }) => atMs <= nowMs);
    const firstMs = (holds: (kinds: SpanKind[]) => boolean): number =>
      seen.find((_, i) => holds(seen.slice(0, i + 1).map(({ kind }) => kind)))?.atMs ?? Infinity;
    const applied = waits.map(({ condition }) => firstMs((kinds) => CONDITIONS[condition]?.holds(kinds) === true));
    const named = (key: 'decision' | 'root'): number =>
      waits.findIndex((each, i) => applied[i] !== Infinity && each[key] !== undefined);
    const ms = (key: 'decision' | 'root', generalMs: number): number => {
      const steps = waits[named(key)]?.[key];
      return steps === undefined ? generalMs : steps * STEP_MS;
    };
    const deadlines = [
      { atMs: startMs + ms('decision', times.decisionWaitMs), ending: `wait ${named('decision')}` },
      {
        atMs: firstMs((kinds) => kinds.includes('root')) + ms('root', times.afterRootMs),
        ending: `root ${named('root')}`,
      },
      {
        atMs: firstMs((kinds) => kinds.includes('error')) + (times.afterErrorMs ?? Infinity),
        ending: 'error -1',
      },
      ...waits.map(({ match = Infinity }, i) => ({
        atMs: (applied[i] ?? Infinity) + match * STEP_MS,
        ending: `match ${i}`,
      })),
    ];
    const over = deadlines.filter(({ atMs }) => atMs <= nowMs);
    if (over.length > 0) return { atMs: nowMs, ending: over.length === 1 ? over[0]?.ending : undefined };
  }
  throw new Error('the last tick comes after every time');
}

/** The times of ticks; gaps repeat until the end. */
function ticksOf(gaps: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let nowMs = 0; nowMs < END_MS; nowMs += (gaps[ticks.length % gaps.length] ?? 1) * STEP_MS) ticks.push(nowMs);
  return [...ticks, END_MS];
}

function spanOf({ trace, kind }: Arrival): TestSpan {
  const n = trace + 1;
  switch (kind) {
    case 'root':
      return root(n, HIGH);
    case 'error':
      return span(n, HIGH, { statusCode: 2 });
    case 'batch':
      return span(n, HIGH, { service: 'batch' });
    case 'health':
      return span(n, HIGH, { kind: 2, name: 'health' });
    case 'slow':
      return span(n, HIGH, { kind: 2, endNs: 3_000_000_000n });
    default:
      return span(n, HIGH);
  }
}

const written = (steps: number | undefined): string | undefined =>
  steps === undefined ? undefined : `${steps * STEP_MS}ms`;

test('decides every trace at the soonest time that applies to it by then, and says which it was', () => {
  const isUseful = ({ decision, root: afterRoot, match }: PlainWait): boolean =>
    decision !== undefined || afterRoot !== undefined || match !== undefined;
  let endings = 0;
  assert(
    property(
      array(wait.filter(isUseful), { maxLength: 8 }),
      array(arrivalsAtOnce, { minLength: 1, maxLength: 20 }).map((bursts) => bursts.flat()),
      record({ decision: integer({ min: 1, max: 120 }), root: nat(60), error: time }),
      oneof(constant([1]), array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })),
      (waits, arrivals, general, gaps) => {
        const times: Times = {
          decisionWaitMs: general.decision * STEP_MS,
          afterRootMs: general.root * STEP_MS,
          afterErrorMs: general.error === undefined ? undefined : general.error * STEP_MS,
        };
        const sampler = testSampler(
          ALL,
          waits.map(({ condition, decision, root: afterRoot, match }, i) => ({
            name: `w${i}`,
            when: CONDITIONS[condition]?.when,
            decision_wait: written(decision),
            after_root: written(afterRoot),
            after_match: written(match),
          })),
        );
        const { buffer, add } = scene({ ...times, sampler });
        const ticks = ticksOf(gaps);
        const ticking = new Set(ticks);
        const sorted = arrivals.toSorted((a, b) => a.atMs - b.atMs);
        const byTrace = Object.groupBy(sorted, (each) => each.trace);
        const expected = new Map(
          Object.entries(byTrace).map(([trace, own = []]) => [Number(trace), expectedOf(own, waits, times, ticks)]),
        );
        for (let nowMs = 0; nowMs <= END_MS; nowMs += STEP_MS) {
          const coming = sorted.filter(({ atMs }) => atMs === nowMs);
          if (coming.length > 0) add(nowMs, ...coming.map(spanOf));
          if (!ticking.has(nowMs)) continue;
          buffer.tick(nowMs);
          for (const [trace, { atMs, ending }] of expected) {
            const id = span(trace + 1, HIGH).traceId;
            const words = [0, 4, 8, 12].map((at) => id.readUInt32BE(at)) as [number, number, number, number];
            const row = buffer.ledger.find(...words);
            expect(row >= 0, `${hexId(...words)} at ${nowMs}, due at ${atMs}`).toBe(nowMs >= atMs);
            if (nowMs !== atMs || ending === undefined) continue;
            const { cause, wait: index } = buffer.ledger.read(row);
            expect(`${cause} ${index}`).toBe(ending);
            endings++;
          }
        }
        expect(buffer.pendingTraces).toBe(0);
      },
    ),
    { numRuns: 250, seed: 7 },
  );
  expect(endings).toBeGreaterThan(300);
}, 60_000);
