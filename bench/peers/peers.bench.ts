// Evenkeel beside the OpenTelemetry Collector: the same bodies, the same work, the same sink, in turns.
// Bounds are those of the design that name the other; ratios are of runs next to each other.
import { existsSync, readFileSync } from 'node:fs';
import { bounded, type Limit } from '../bounds.ts';
import { type Figure, summary } from '../figure.ts';
import { mebibytes } from '../http/sidecar.ts';
import { isAccepted } from './evenkeel.ts';
import { idle, sinkDown, stopPending } from './losses.ts';
import { buildOtelcol, goVersion, VERSION } from './otelcol.ts';
import type { Searched } from './page-searcher.ts';
import { load, type LoadResult, type LoadSpec, type Rig, type Side, SIDES, startRig } from './rig.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
const ROUNDS = IS_QUICK ? 1 : 3;
const WARM_UP_SECONDS = IS_QUICK ? 6 : 8;
/** Longer than a window of the event loop's delay has to last. */
const SEARCH_WARM_UP_SECONDS = 12;
const RATE = 20_000;
const SMALL_RATE = 1000;
const TLS_FILES = `${import.meta.dirname}/../../tests/fixtures/tls`;
const MEMORY_LIMIT_MEBIBYTES = 256;

type Loads = Record<Side, LoadResult[]>;
/** What the ratio of the two is held against, and the sidecar's own number. */
interface Limits {
  readonly ratio?: Limit;
  readonly own?: Limit;
}

export async function versions(): Promise<Record<string, string>> {
  buildOtelcol();
  return { otelcol: VERSION, go: goVersion() };
}

export async function run(): Promise<Figure[]> {
  buildOtelcol();
  const rig = await startRig();
  try {
    const figures = await steady(rig);
    figures.push(...(await searched(rig)), ...(await saturated(rig)), ...(await small(rig)));
    figures.push(...(await others(rig)), ...(await idling(rig)), ...(await losing(rig)));
    return figures;
  } finally {
    rig.close();
  }
}

async function steady(rig: Rig): Promise<Figure[]> {
  const order = { workload: rig.workloads.plain, spansPerSecond: RATE };
  const seconds = IS_QUICK ? 5 : 30;
  const spec = { order, seconds, warmUpSeconds: WARM_UP_SECONDS };
  const plain = await inTurns(rig, '20 k spans/s', spec);
  const bare: LoadResult[] = [];
  for (let i = 0; i < ROUNDS; i++)
    bare.push(await said(rig, 'evenkeel', 'no page, no store', { ...spec, setup: { bare: true } }));
  const gzip = await inTurns(rig, '20 k spans/s gzip', { ...spec, order: { ...order, compression: 'gzip' } });
  return [
    ...common('20 k spans/s', plain, { atLeast: 4 }, { ratio: { atMost: 0.45 } }),
    ...row(
      '20 k spans/s, no page and no store: peak RSS',
      'MiB',
      { otelcol: peaks(plain.otelcol), evenkeel: peaks(bare) },
      { ratio: { atMost: 0.35 } },
    ),
    ...row(
      '20 k spans/s, no page and no store: spans per CPU-second',
      'span/CPU-s',
      each({ otelcol: plain.otelcol, evenkeel: bare }, cpu),
    ),
    ...common('20 k spans/s gzip', gzip, { atLeast: 3 }),
  ];
}

/** Ours alone: the other has no page. Longer to warm up, so that the sidecar begins a window of its own when asked to. */
async function searched(rig: Rig): Promise<Figure[]> {
  const order = { workload: rig.workloads.plain, spansPerSecond: RATE };
  const spec = { order, seconds: IS_QUICK ? 5 : 20, warmUpSeconds: SEARCH_WARM_UP_SECONDS, isWatched: true };
  const results: Searched[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const { searched: seen } = await said(rig, 'evenkeel', 'page searching', { ...spec, isSearched: true });
    if (seen !== undefined) results.push(seen);
  }
  const ours = (name: string, read: (seen: Searched) => number, limit?: Limit): Figure =>
    bounded(
      { name: `20 k spans/s, page searching: ${name}`, side: 'evenkeel', ...summary(results.map(read)), unit: 'ms' },
      limit,
    );
  return [
    ours('event-loop delay p99', ({ loopDelayP99Ms }) => loopDelayP99Ms, { atMost: 50 }),
    ours('search p99', ({ searchP99Ms }) => searchP99Ms),
  ];
}

async function saturated(rig: Rig): Promise<Figure[]> {
  const order = { workload: rig.workloads.plain };
  const loads = await inTurns(rig, 'saturated', { order, seconds: IS_QUICK ? 5 : 15, warmUpSeconds: WARM_UP_SECONDS });
  return [
    ...row(
      'saturated: spans taken',
      'span/s',
      each(loads, ({ sent }) => sent.spans / sent.seconds),
    ),
    ...row(
      'saturated: refused and repeated',
      'requests',
      each(loads, ({ sent }) => sent.refused),
    ),
    ...common('saturated', loads, { atLeast: 8 }, { own: { atMost: MEMORY_LIMIT_MEBIBYTES + 160 } }),
  ];
}

async function small(rig: Rig): Promise<Figure[]> {
  const order = { workload: rig.workloads.plain, spansPerSecond: SMALL_RATE };
  const seconds = IS_QUICK ? 5 : 20;
  // At this rate it takes long until the code is compiled, and a sidecar runs for days.
  const warmUpSeconds = IS_QUICK ? WARM_UP_SECONDS : 20;
  const loads = await inTurns(rig, '1 k spans/s', { order, seconds, warmUpSeconds, isWatched: true });
  return [
    ...row(
      '1 k spans/s, page open: share of a core',
      '1',
      each(loads, ({ coreRatio }) => coreRatio),
      { own: { atMost: 0.03 } },
    ),
    ...common('1 k spans/s, page open', loads, undefined, { own: { atMost: 150 } }),
  ];
}

/** Once each: they look at what is kept and at a surcharge, not at a bound. */
async function others(rig: Rig): Promise<Figure[]> {
  const order = { workload: rig.workloads.skewed, spansPerSecond: RATE };
  const spec = { order, seconds: IS_QUICK ? 5 : 20, warmUpSeconds: WARM_UP_SECONDS };
  const skewed = await inTurns(rig, 'clocks 5 s apart', spec, 1);
  const figures = common('20 k spans/s, clocks 5 s apart', skewed);
  const tls = { certFile: `${TLS_FILES}/server.pem`, keyFile: `${TLS_FILES}/server.key.pem` };
  const isKnown = isAccepted({ receive: { http: { tls: { cert_file: tls.certFile, key_file: tls.keyFile } } } });
  if (!isKnown || !existsSync(tls.certFile)) {
    console.log('SKIPPED: the TLS run; this build does not take receive.http.tls');
    const none = { otelcol: [], evenkeel: [] };
    return [
      ...figures,
      ...row('20 k spans/s, TLS, which this build does not take: spans per CPU-second', 'span/CPU-s', none),
    ];
  }
  const ca = readFileSync(`${TLS_FILES}/ca.pem`, 'utf8');
  const secured = await inTurns(
    rig,
    'TLS',
    { ...spec, order: { ...order, workload: rig.workloads.plain, ca }, setup: { tls } },
    1,
  );
  return [...figures, ...common('20 k spans/s, TLS', secured)];
}

async function idling(rig: Rig): Promise<Figure[]> {
  const kinds = [{ side: 'otelcol' }, { side: 'evenkeel' }, { side: 'evenkeel', bare: true }] as const;
  const [otelcol, evenkeel, bare] = await idle(rig, kinds, IS_QUICK ? 5 : 30);
  if (otelcol === undefined || evenkeel === undefined || bare === undefined) return [];
  const one = (name: string, unit: string, theirs: number, ours: number, atMost: number): Figure[] =>
    row(name, unit, { otelcol: [theirs], evenkeel: [ours] }, { own: { atMost } });
  return [
    ...one('idle: RSS', 'MiB', otelcol.rssMebibytes, evenkeel.rssMebibytes, 130),
    ...one('idle: share of a core', '1', otelcol.coreRatio, evenkeel.coreRatio, 0.003),
    ...one('idle, no page, store and gRPC: RSS', 'MiB', otelcol.rssMebibytes, bare.rssMebibytes, 90),
  ];
}

async function losing(rig: Rig): Promise<Figure[]> {
  const seconds = IS_QUICK ? 5 : 20;
  const away = {
    otelcol: await sinkDown(rig, 'otelcol', seconds, RATE),
    evenkeel: await sinkDown(rig, 'evenkeel', seconds, RATE),
  };
  const stop = { otelcol: await stopPending(rig, 'otelcol', RATE), evenkeel: await stopPending(rig, 'evenkeel', RATE) };
  const lost = (name: string, loss: typeof away): Figure[] =>
    row(name, 'spans', { otelcol: [loss.otelcol.lost], evenkeel: [loss.evenkeel.lost] }, { own: { atMost: 0 } });
  return [
    ...lost(`sink away for ${seconds} s at 20 k spans/s: lost`, away),
    ...lost('SIGTERM with traces pending: lost', stop),
  ];
}

async function inTurns(rig: Rig, name: string, spec: LoadSpec, rounds = ROUNDS): Promise<Loads> {
  const loads: Loads = { otelcol: [], evenkeel: [] };
  for (let i = 0; i < rounds; i++) for (const side of SIDES) loads[side].push(await said(rig, side, name, spec));
  return loads;
}

/** A full run takes half an hour, so it says where it is. */
async function said(rig: Rig, side: Side, name: string, spec: LoadSpec): Promise<LoadResult> {
  const result = await load(rig, side, spec);
  const { sent, arrived } = result;
  const numbers = {
    'span/CPU-s': Math.round(result.spansPerCpuSecond),
    'peak MiB': Math.round(mebibytes(result.peakBytes)),
    kept: result.keptRatio.toFixed(3),
    lost: arrived.missing,
    'p99 ms': sent.p99Ms.toFixed(1),
    broken: sent.broken + sent.abandoned,
  };
  const words = Object.entries(numbers).map(([key, value]) => `${value} ${key}`);
  console.log(`${name}, ${side}: ${words.join(', ')}`);
  if (sent.abandoned > 0)
    console.log(`  ${side} did not take ${sent.abandoned} bodies at all: what is lost is not exact`);
  return result;
}

function common(name: string, loads: Loads, speed?: Limit, memory: Limits = {}): Figure[] {
  return [
    ...row(
      `${name}: spans per CPU-second`,
      'span/CPU-s',
      each(loads, cpu),
      speed === undefined ? {} : { ratio: speed },
    ),
    ...row(`${name}: peak RSS`, 'MiB', { otelcol: peaks(loads.otelcol), evenkeel: peaks(loads.evenkeel) }, memory),
    ...row(
      `${name}: answer p99`,
      'ms',
      each(loads, ({ sent }) => sent.p99Ms),
    ),
    ...row(
      `${name}: kept`,
      '1',
      each(loads, ({ keptRatio }) => keptRatio),
    ),
    ...row(
      `${name}: lost of errors and slow ones`,
      'spans',
      each(loads, ({ arrived }) => arrived.missing),
    ),
  ];
}

/** One quantity: theirs, ours, and where it is bounded ours in terms of theirs. */
function row(name: string, unit: string, samples: Record<Side, number[]>, { ratio, own }: Limits = {}): Figure[] {
  const ratios = samples.evenkeel.map((ours, i) => ours / (samples.otelcol[i] ?? Number.NaN));
  const theirs: Figure = { name, side: 'otelcol', ...summary(samples.otelcol), unit };
  const ours = bounded({ name, side: 'evenkeel', ...summary(samples.evenkeel), unit }, own);
  return ratio === undefined
    ? [theirs, ours]
    : [theirs, ours, bounded({ name, side: 'ratio', ...summary(ratios), unit: 'x' }, ratio)];
}

function each(loads: Loads, read: (result: LoadResult) => number): Record<Side, number[]> {
  return { otelcol: loads.otelcol.map(read), evenkeel: loads.evenkeel.map(read) };
}

function cpu({ spansPerCpuSecond }: LoadResult): number {
  return spansPerCpuSecond;
}

function peaks(results: readonly LoadResult[]): number[] {
  return results.map(({ peakBytes }) => mebibytes(peakBytes));
}
