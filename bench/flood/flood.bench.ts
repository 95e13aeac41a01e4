// Too much of everything, one sidecar process after another: it may keep less, but it stays up, within its memory.
import { bounded } from '../bounds.ts';
import type { Figure } from '../figure.ts';
import { mebibytes } from '../http/sidecar.ts';
import { type Child, startChild } from '../peers/child.ts';
import { startEvenkeel } from '../peers/evenkeel.ts';
import type { Peer } from '../peers/peer.ts';
import { pause, type Rig, startRig } from '../peers/rig.ts';
import type { SenderMethods, SendOrder, Sent } from '../peers/sender.ts';
import { startSlowSenders } from './slow-senders.ts';
import { answers, watch, type Watched } from './watch.ts';

const IS_QUICK = process.env['BENCH_QUICK'] === '1';
const SECONDS = IS_QUICK ? 6 : 60;
const RATE = 20_000;
/** memory_limit at its default, and what the bare process adds. */
const MOST_MEBIBYTES = 256 + 160;
const NORMAL_WITHIN_SECONDS = 30;
const GIANT_BYTES = IS_QUICK ? 50e6 : 500e6;
const SLOW_SENDERS = 200;
/** Serials of what is sent after the flood, out of the way of all others. */
const AFTER_SERIAL = 0x50_00_00_00;
const AFTER_RATE = 1000;
/** Given up after that long, which is stated as the time it took. */
const LOOK_SECONDS = IS_QUICK ? 40 : 90;
/** A trace is decided as soon after its root, by default. */
const DECISION_SECONDS = 6;

interface Scene {
  readonly rig: Rig;
  readonly second: Child<SenderMethods>;
  readonly peer: Peer & { pageUrl: string };
  order(more?: Partial<SendOrder>): SendOrder;
}

interface Scenario {
  readonly name: string;
  readonly sample?: Readonly<Record<string, unknown>>;
  /** Answers what was sent, of all senders. */
  flood(scene: Scene): Promise<readonly Sent[]>;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'two senders as fast as they can',
    sample: {},
    flood: ({ rig, second, order }) =>
      Promise.all([
        rig.sender.call('send', order({ firstSerial: 1 })),
        second.call('send', order({ firstSerial: 0x10_00_00_00 })),
      ]),
  },
  { name: `a trace of ${GIANT_BYTES / 1e6} MB`, sample: {}, flood: giantTrace },
  {
    name: '1 % of traces living 60 s',
    // Long enough that they are waited for; the others are decided 6 s after their root.
    sample: { decision_wait: '70s' },
    flood: async ({ rig, order }) => {
      const long = { spansPerSecond: RATE, disguise: 'long-traces', firstSerial: 1 } as const;
      return [await rig.sender.call('send', order({ ...long, seconds: IS_QUICK ? SECONDS : 120 }))];
    },
  },
  {
    name: `${SLOW_SENDERS} slow senders`,
    sample: {},
    flood: async ({ rig, peer, order }) => {
      const slow = startSlowSenders(peer.url, SLOW_SENDERS);
      try {
        return [await rig.sender.call('send', order({ spansPerSecond: 5000, firstSerial: 1 }))];
      } finally {
        slow.stop();
      }
    },
  },
  {
    name: 'names all different',
    sample: {},
    flood: async ({ rig, order }) => [
      await rig.sender.call('send', order({ spansPerSecond: RATE, disguise: 'new-names', firstSerial: 1 })),
    ],
  },
  { name: 'backend down', sample: {}, flood: backendDown },
];

export async function run(): Promise<Figure[]> {
  const rig = await startRig();
  const second = startChild<SenderMethods>(`${import.meta.dirname}/../peers/sender.ts`);
  try {
    const figures: Figure[] = [];
    for (const scenario of SCENARIOS) figures.push(...(await play(rig, second, scenario)));
    return figures;
  } finally {
    second.stop();
    rig.close();
  }
}

async function play(rig: Rig, second: Child<SenderMethods>, { name, sample = {}, flood }: Scenario): Promise<Figure[]> {
  const workload = rig.workloads.plain;
  await rig.sink.call('reset', workload);
  const peer = await startEvenkeel({ sinkUrl: rig.sinkUrl, sample, readsHost: true });
  const watching = watch(peer);
  try {
    const order = (more: Partial<SendOrder> = {}): SendOrder => ({
      workload,
      url: peer.url,
      seconds: SECONDS,
      ...more,
    });
    const sent = await flood({ rig, second, peer, order });
    const normalSeconds = await secondsToNormal(rig, peer, order);
    const watched = await watching.stop();
    const figures = figuresOf(name, peer, sent, watched, normalSeconds);
    console.log(
      `${name}: ${figures.map(({ name: each, value }) => `${each.split(': ')[1]} ${Math.round(value)}`).join(', ')}`,
    );
    const { spans, refused, exporters, memory } = watched.last ?? {};
    console.log(`  ${JSON.stringify({ dropped: spans?.dropped, refused, exporters, memory: memory?.holders })}`);
    return figures;
  } finally {
    await peer.stop();
  }
}

function figuresOf(name: string, peer: Peer, sent: readonly Sent[], watched: Watched, normalSeconds: number): Figure[] {
  const figure = (what: string, value: number, unit: string): Figure => ({
    name: `${name}: ${what}`,
    value,
    spread: 0,
    unit,
  });
  const sum = (read: (each: Sent) => number): number => sent.reduce((total, each) => total + read(each), 0);
  const seconds = Math.max(...sent.map((each) => each.seconds));
  return [
    figure('taken', sum(({ spans }) => spans) / seconds, 'span/s'),
    figure(
      'refused and repeated',
      sum(({ refused }) => refused),
      'requests',
    ),
    figure(
      'never taken',
      sum(({ abandoned }) => abandoned),
      'requests',
    ),
    bounded(figure('peak RSS', mebibytes(peer.peakBytes()), 'MiB'), { atMost: MOST_MEBIBYTES }),
    bounded(figure('health not answered in 1 s', watched.down, 'looks'), { atMost: 0 }),
    figure('slowest health', watched.slowestMs, 'ms'),
    bounded(figure('books out of balance', watched.books === 0 ? Number.NaN : watched.unbalanced, 'looks'), {
      atMost: 0,
    }),
    bounded(figure('normal again', normalSeconds, 's'), { atMost: NORMAL_WITHIN_SECONDS }),
  ];
}

/** All spans have one trace id until so many bytes of it are taken. */
async function giantTrace({ rig, order }: Scene): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (let bytes = 0; bytes < GIANT_BYTES && sent.length < SECONDS;) {
    const first = sent.length === 0 ? ({ firstSerial: 1, disguise: 'one-trace' } as const) : {};
    const part = await rig.sender.call('send', order({ seconds: 1, ...first }));
    sent.push(part);
    bytes += part.wireBytes;
  }
  const [last] = sent.slice(-1);
  if (last === undefined) return [];
  // One after another, so they are one sending.
  const sum = (read: (each: Sent) => number): number => sent.reduce((total, each) => total + read(each), 0);
  return [
    {
      ...last,
      spans: sum(({ spans }) => spans),
      refused: sum(({ refused }) => refused),
      abandoned: sum(({ abandoned }) => abandoned),
      seconds: sum(({ seconds }) => seconds),
    },
  ];
}

async function backendDown({ rig, order }: Scene): Promise<Sent[]> {
  // Deliveries are under way when it goes.
  const beforeSeconds = DECISION_SECONDS + 2;
  const sending = rig.sender.call(
    'send',
    order({ spansPerSecond: RATE, firstSerial: 1, seconds: beforeSeconds + SECONDS }),
  );
  await pause(beforeSeconds * 1000);
  await rig.sink.call('close', undefined);
  const sent = await sending;
  await rig.sink.call('listen', undefined);
  return [sent];
}

/** Until a second of 1 k spans/s is taken at once, it is ready, and something of what came after the flood is delivered. */
async function secondsToNormal(rig: Rig, peer: Peer & { pageUrl: string }, order: Scene['order']): Promise<number> {
  const startMs = performance.now();
  const elapsed = (): number => (performance.now() - startMs) / 1000;
  for (let isFirst = true; elapsed() < LOOK_SECONDS; isFirst = false) {
    const stream = isFirst ? { firstSerial: AFTER_SERIAL } : {};
    const sent = await rig.sender.call('send', order({ seconds: 1, spansPerSecond: AFTER_RATE, ...stream }));
    const isTaken = sent.refused + sent.broken + sent.abandoned === 0;
    const isReady = await answers(`${peer.pageUrl}/ready`, 1000);
    if (isTaken && isReady && (await rig.sink.call('spansSince', AFTER_SERIAL)) > 0) return elapsed();
  }
  return LOOK_SECONDS;
}
