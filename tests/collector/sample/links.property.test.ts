// Links among random traces against what can be said of them without knowing how they are followed.
import { expect, test } from 'vitest';
import type { TraceBufferOptions } from '../../../collector/src/sample/trace-buffer.ts';
import { pick, type Random, seeded } from '../../support/random.ts';
import { testSampler } from '../../support/sampler.ts';
import { linksTo, root, scene, span } from '../../support/trace-scene.ts';
import type { TestSpan } from '../../support/traffic.ts';

const POLICIES = [
  { name: 'probes', type: 'drop', when: { type: 'operation', names: ['probe'] } },
  { name: 'errors', type: 'status' },
  { name: 'half', type: 'probabilistic', ratio: 0.5 },
];
const DECISION_WAIT_MS = 30_000;
const STEP_MS = 500;
const TRACES = 120;

interface Trace {
  readonly id: string;
  readonly isProbe: boolean;
  /** With their arrival times, in order. */
  readonly spans: { atMs: number; span: TestSpan }[];
  readonly links: Set<string>;
  /** Links of its spans, repeated ones too, but for those to itself. */
  linkCount: number;
}

function makeTraces(random: Random): Trace[] {
  const ids = Array.from({ length: TRACES + 10 }, (_, n) => ({ n: n + 1, randomness: pick(random, 256) }));
  const idOf = (i: number): Buffer => root(ids[i]?.n ?? 0, ids[i]?.randomness ?? 0).traceId;
  return ids.slice(0, TRACES).map(({ n, randomness }) => {
    const startMs = pick(random, 60_000);
    const isProbe = random() < 0.1;
    const trace: Trace = { id: idOf(n - 1).toString('hex'), isProbe, spans: [], links: new Set(), linkCount: 0 };
    const count = 1 + pick(random, 4);
    for (let s = 0; s < count; s++) {
      // Some spans come late, some traces never have a root; some links lead to traces that never come.
      const atMs = startMs + pick(random, random() < 0.2 ? 50_000 : 2000);
      const targets = random() < 0.3 ? Array.from({ length: 1 + pick(random, 3) }, () => pick(random, ids.length)) : [];
      const others = targets.filter((target) => target !== n - 1);
      trace.linkCount += others.length;
      for (const target of others) trace.links.add(idOf(target).toString('hex'));
      const change = {
        ...(targets.length === 0 ? {} : linksTo(...targets.map(idOf))),
        ...(random() < 0.3 ? { traceState: 'ot=th:0' } : {}),
        ...(random() < 0.03 ? { statusCode: 2 } : {}),
        name: isProbe ? 'probe' : `${n}/${s}`,
        kind: 2,
      };
      const made = s === 0 && random() < 0.8 ? root(n, randomness, change) : span(n, randomness, change);
      trace.spans.push({ atMs, span: made });
    }
    return trace;
  });
}

type Decided = Map<string, { policy: string; atMs: number; spans: string[]; states: Set<string | undefined> }>;

/** Drives one buffer in steps; calls `look` before and after each tick. */
function drive(
  traces: readonly Trace[],
  options: Partial<TraceBufferOptions>,
  look: (run: Run, nowMs: number) => void,
) {
  const { buffer, kept, add, intake } = scene({ sampler: testSampler(POLICIES), ...options });
  const arrivals = traces.flatMap(({ spans }) => spans).toSorted((a, b) => a.atMs - b.atMs);
  const decided: Decided = new Map();
  const run = { buffer, decided };
  let taken = 0;
  let next = 0;
  for (let nowMs = 0; nowMs <= 150_000; nowMs += STEP_MS) {
    const due: TestSpan[] = [];
    for (; next < arrivals.length && (arrivals[next]?.atMs ?? 0) <= nowMs; next++)
      due.push(...arrivals.slice(next, next + 1).map(({ span: each }) => each));
    if (due.length > 0) add(nowMs, ...due);
    look(run, nowMs);
    buffer.tick(nowMs);
    for (; taken < kept.length; taken++) {
      const { traceId, policy, spans, states } = kept[taken] ?? expect.fail();
      const known = decided.get(traceId) ?? { policy, atMs: nowMs, spans: [], states: new Set() };
      expect(known.policy).toBe(policy);
      known.spans.push(...spans);
      for (const state of states) known.states.add(state);
      decided.set(traceId, known);
    }
    look(run, nowMs);
    const { keptSpans, notSampledSpans, droppedSpans, lateDroppedSpans } = buffer.counts;
    expect(keptSpans + notSampledSpans + droppedSpans + lateDroppedSpans + buffer.pendingSpans).toBe(next);
  }
  expect(intake.arena.liveBytes).toBe(0);
  return run;
}

type Run = { buffer: ReturnType<typeof scene>['buffer']; decided: Decided };

function wordsOf(id: string): [number, number, number, number] {
  const word = (at: number): number => Number.parseInt(id.slice(at, at + 8), 16);
  return [word(0), word(8), word(16), word(24)];
}

/** What must be kept for a link: what waits when a trace that links to it is kept, or comes soon enough after. */
class Owed {
  readonly ids = new Set<string>();
  readonly #byId: ReadonlyMap<string, Trace>;
  readonly #seen = new Set<string>();
  #waitingBefore = new Set<string>();

  constructor(traces: readonly Trace[]) {
    this.#byId = new Map(traces.map((trace) => [trace.id, trace]));
  }

  look({ buffer, decided }: Run, nowMs: number): void {
    const waiting = new Set([...this.#byId.keys()].filter((id) => buffer.waiting(...wordsOf(id)) !== undefined));
    for (const [id, { policy }] of decided) {
      if (policy === 'link' || this.#seen.has(id)) continue;
      this.#seen.add(id);
      for (const linked of this.#linksUntil(id, nowMs)) {
        const first = Math.min(...(this.#byId.get(linked)?.spans.map(({ atMs }) => atMs) ?? [Infinity]));
        const comesInTime = first > nowMs && first < nowMs + DECISION_WAIT_MS - STEP_MS;
        if (this.#byId.get(linked)?.isProbe !== true)
          if (comesInTime || (this.#waitingBefore.has(linked) && waiting.has(linked))) this.ids.add(linked);
      }
    }
    this.#waitingBefore = waiting;
  }

  /** Links of the spans that had come by then. */
  #linksUntil(id: string, nowMs: number): string[] {
    return (this.#byId.get(id)?.spans ?? [])
      .filter(({ atMs }) => atMs <= nowMs)
      .flatMap(({ span: { more } }) => (more?.links as { traceId: Buffer }[] | undefined) ?? [])
      .map(({ traceId }) => traceId.toString('hex'))
      .filter((linked) => linked !== id);
  }
}

/** Everything but links: which traces are kept, by whom, and at which threshold. */
function ownRight(decided: Decided): string[] {
  return [...decided]
    .filter(([, { policy }]) => policy !== 'link')
    .map(([id, { policy, atMs, states }]) => `${id} ${policy} ${atMs} ${[...states].join(' ')}`)
    .toSorted();
}

test.each([
  ['without caps', {}],
  ['with hard caps', { hardCaps: { spansPerSecond: 2, bytesPerSecond: undefined } }],
  ['with traces decided for their size', { maxTraceSpans: 3 }],
  ['with memory for no waiting trace', { maxPendingBytes: 300_000 }],
])(
  'keeps what kept traces link to, whole, and lets that change nothing else, %s',
  (_, options) => {
    let owedInAll = 0;
    for (let seed = 1; seed <= 25; seed++) {
      const traces = makeTraces(seeded(seed));
      const owed = new Owed(traces);
      const { buffer, decided } = drive(traces, options, (run, nowMs) => owed.look(run, nowMs));
      const { decided: ignoring, buffer: without } = drive(traces, { ...options, links: 'ignore' }, () => {});
      for (const id of owed.ids) expect(decided.has(id), `seed ${seed}, trace ${id}`).toBe(true);
      owedInAll += owed.ids.size;
      const linkedByRight = new Set(
        traces.filter(({ id }) => (decided.get(id)?.policy ?? 'link') !== 'link').flatMap(({ links }) => [...links]),
      );
      for (const { id, spans, isProbe } of traces) {
        const outcome = decided.get(id);
        if (outcome?.policy !== 'link') continue;
        expect(outcome.spans.toSorted()).toEqual(spans.map(({ span: { name } }) => name).toSorted());
        expect([...outcome.states]).toEqual([undefined]);
        expect(isProbe).toBe(false);
        expect(linkedByRight.has(id), 'no chains').toBe(true);
      }
      expect(ownRight(decided)).toEqual(ownRight(ignoring));
      expect(buffer.estimate.read(150_000)).toEqual(without.estimate.read(150_000));
      const followed = traces.filter(({ id }) => (decided.get(id)?.policy ?? 'link') !== 'link');
      const links = followed.reduce((sum, { linkCount }) => sum + linkCount, 0);
      expect(Object.values(buffer.counts.links).reduce((sum, count) => sum + count, 0)).toBe(links);
    }
    expect(owedInAll).toBeGreaterThan(100);
  },
  60_000,
);
