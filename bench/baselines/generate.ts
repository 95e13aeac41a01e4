// Streams of recorded calls with what is wrong in them: seeded, in the format of `evenkeel baseline scan`.
import { type Random, seeded } from '../../tests/support/random.ts';
import { type Call, secondsOf } from './calls.ts';
import { planCauses } from './causes.ts';
import { chance, HOUR, MINUTE } from './chance.ts';
import { KINDS } from './kinds.ts';
import type { Operation, StreamSpec } from './stream.ts';

/** Seeds to work with, and seeds that nothing may be tuned on. */
export const SEED_SETS = { tuning: 1_000_000, exam: 7_000_000 } as const;
export type SeedSet = keyof typeof SEED_SETS;

/** Streams of a kind. The quiet ones are for the most part of the time of the exam: 12 operations for a day each. */
export const STREAMS_PER_KIND = 20;
export const QUIET_STREAMS = 52;
/** A day's season takes four days of calls. */
const COUNTS: Readonly<Record<string, number>> = { quiet: QUIET_STREAMS, 'season-day': 6 };

export const KIND_NAMES: readonly string[] = Object.keys(KINDS);

/** How many streams of a kind an exam has. */
export function countOf(kind: string): number {
  return COUNTS[kind] ?? STREAMS_PER_KIND;
}

/** Stream n of a kind. The same set, kind and n always give the same stream. */
export function specOf(set: SeedSet, kind: string, n: number): StreamSpec {
  const make = KINDS[kind];
  if (make === undefined) throw new Error(`no kind ${kind}; there are ${KIND_NAMES.join()}`);
  const seed = SEED_SETS[set] + KIND_NAMES.indexOf(kind) * 1000 + n;
  const random = seeded(seed);
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) random();
  const plan = make(random);
  const {
    learnMs,
    testMs,
    seasonMs,
    harmless,
    quietMs = 12 * MINUTE,
    isFamily = false,
    steady = [],
    untouched = [],
  } = plan;
  const endMs = learnMs + testMs;
  const ops = named(random, plan.ops, isFamily);
  // Some streams of each kind have nothing wrong in them at all.
  const isSound = plan.hasNoCauses === true || n % 5 === 4;
  const fromMs = learnMs + 3 * MINUTE;
  return {
    name: `${kind}-${seed}`,
    kind,
    seed,
    service: `service-${n}`,
    baseMs: baseOf(random),
    learnMs,
    endMs,
    seasonMs,
    // Where nothing else is called, only a clock shows a stop.
    hasTicks: plan.hasTicks ?? (chance(random, 0.5) || ops.length === 1),
    isFine: chance(random, 0.25),
    sharedNoise: chance(random, 0.5) ? 0 : 0.5,
    ops,
    harmless,
    causes: isSound ? [] : planCauses(random, { ops, fromMs, toMs: endMs, quietMs, isFamily, steady, untouched }),
  };
}

/** Some recorders count from zero, most from 1970, few begin at a whole second. */
function baseOf(random: Random): number {
  if (chance(random, 0.15)) return 0;
  const seconds = 1_760_000_000 + Math.floor(random() * 20_000_000);
  return seconds * 1000 + (chance(random, 0.3) ? Math.floor(random() * 1000) : 0);
}

const WORDS = ['GET /cart', 'POST /orders', 'SELECT orders', 'render', 'llm.chat', 'queue.publish', 'GET /search'];

function named(random: Random, ops: readonly Operation[], isFamily: boolean): Operation[] {
  const first = Math.floor(random() * WORDS.length);
  return ops.map((op, i) => {
    const word = WORDS[(first + i) % WORDS.length] ?? '';
    const role = isFamily ? (['caller', 'callee', 'other'][i] ?? '') : `${i + 1}`;
    return { ...op, name: `${word} ${role}` };
  });
}

/** Characters of one piece of text, about. */
const PIECE = 65_536;

/** The text of a stream in pieces, line by line in order of time. */
export function* textOf(spec: StreamSpec, untilMs = spec.endMs): Generator<string> {
  const { baseMs, service, learnMs, endMs, seasonMs, isFine, hasTicks } = spec;
  const meta = {
    service,
    learn_until_ms: baseMs + learnMs,
    ...(seasonMs === undefined ? {} : { season_ms: seasonMs }),
    end_ms: baseMs + endMs,
  };
  let text = `${JSON.stringify({ meta })}\n`;
  const names = spec.ops.map(({ name }) => JSON.stringify(name));
  const line = ({ endMs: ms, op, durationMs, isError }: Call): string => {
    const at = isFine ? Math.round((baseMs + ms) * 1000) / 1000 : baseMs + Math.floor(ms);
    const duration = Math.round(durationMs * 1000) / 1000;
    return `{"t_ms":${at},"op":${names[op] ?? ''},"duration_ms":${duration},"error":${isError ? 1 : 0}}\n`;
  };
  for (const second of secondsOf(spec)) {
    if (second.endMs > untilMs) break;
    for (const call of second.calls) text += line(call);
    if (hasTicks) text += `{"t_ms":${baseMs + second.endMs}}\n`;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** Days that operations spend in the tested part of a stream. */
export function testedHours({ ops, endMs, learnMs }: StreamSpec): number {
  return (ops.length * (endMs - learnMs)) / HOUR;
}
