// What every scenario needs: the bodies, a program that sends them and one that takes what is kept.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type Child, startChild } from './child.ts';
import { type EvenkeelSetup, startEvenkeel } from './evenkeel.ts';
import { startOtelcol } from './otelcol.ts';
import { PageSearcher, type Searched } from './page-searcher.ts';
import type { Peer } from './peer.ts';
import type { SenderMethods, SendOrder, Sent } from './sender.ts';
import type { Arrived, SinkMethods } from './sink.ts';
import { writeWorkload } from './workload.ts';

export const SIDES = ['otelcol', 'evenkeel'] as const;
export type Side = (typeof SIDES)[number];

/** Clocks of every other service in the skewed bodies. */
const SKEW_SECONDS = 5;
/** Traces wait 5 s, and what is kept is on its way within one more. */
const DECIDED_MS = 6000;
const SCRAPE_MS = 15_000;

/** Sender, sink and the files of bodies. */
export interface Rig {
  readonly sender: Child<SenderMethods>;
  readonly sink: Child<SinkMethods>;
  readonly sinkUrl: string;
  readonly workloads: { readonly plain: string; readonly skewed: string };
  close(): void;
}

/** Starts both programs; the sink listens. */
export async function startRig(): Promise<Rig> {
  const folder = mkdtempSync(`${tmpdir()}/evenkeel-bench-`);
  const workloads = { plain: `${folder}/plain`, skewed: `${folder}/skewed` };
  writeWorkload(workloads.plain, 0);
  writeWorkload(workloads.skewed, SKEW_SECONDS);
  const sender = startChild<SenderMethods>(`${import.meta.dirname}/sender.ts`);
  const sink = startChild<SinkMethods>(`${import.meta.dirname}/sink.ts`);
  const close = (): void => {
    sender.stop();
    sink.stop();
    rmSync(folder, { recursive: true });
  };
  return { sender, sink, sinkUrl: await sink.call('listen', undefined), workloads, close };
}

/** One run against one peer. */
export interface LoadSpec {
  readonly order: Omit<SendOrder, 'url' | 'seconds' | 'firstSerial'>;
  /** Until decisions flow as steadily as spans. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly setup?: Omit<EvenkeelSetup, 'sinkUrl'>;
  /** The page is open in a browser; said of the sidecar only. */
  readonly isWatched?: boolean;
  /** Somebody searches kept traces meanwhile; said of the sidecar only. */
  readonly isSearched?: boolean;
}

export interface LoadResult {
  readonly sent: Sent;
  readonly spansPerCpuSecond: number;
  /** Of one core, 0..1 and more. */
  readonly coreRatio: number;
  readonly peakBytes: number;
  readonly arrived: Arrived;
  readonly keptRatio: number;
  /** Where it was searched. */
  readonly searched?: Searched;
}

/** Starts a peer, loads it, waits for what it keeps, stops it. CPU time is that of the window after the warm-up. */
export async function load(rig: Rig, side: Side, spec: LoadSpec): Promise<LoadResult> {
  const { order, setup, warmUpSeconds, seconds } = spec;
  await rig.sink.call('reset', order.workload);
  const peer = await startPeer(rig, side, setup);
  const searcher = spec.isSearched === true ? new PageSearcher(peer) : undefined;
  const stopReading = readAsUsersDo(peer, spec.isWatched === true, (page) => searcher?.scraped(page));
  try {
    const send = (part: { seconds: number; firstSerial?: number }): Promise<Sent> =>
      rig.sender.call('send', { ...order, ...part, url: peer.url });
    const before = await send({ seconds: warmUpSeconds, firstSerial: 1 });
    await searcher?.begin();
    const startSeconds = peer.cpuSeconds();
    const sent = await send({ seconds });
    const cpuSeconds = peer.cpuSeconds() - startSeconds;
    const searched = await searcher?.end();
    const arrived = await settle(rig, sent.bodiesOfStream, 30_000);
    return {
      sent,
      spansPerCpuSecond: sent.spans / cpuSeconds,
      coreRatio: cpuSeconds / sent.seconds,
      peakBytes: peer.peakBytes(),
      arrived,
      keptRatio: arrived.spans / (before.spans + sent.spans),
      ...(searched === undefined ? {} : { searched }),
    };
  } finally {
    searcher?.close();
    stopReading();
    await peer.stop();
  }
}

export function startPeer(rig: Rig, side: Side, setup: Omit<EvenkeelSetup, 'sinkUrl'> = {}): Promise<Peer> {
  const { sinkUrl } = rig;
  return side === 'otelcol' ? startOtelcol({ ...setup, sinkUrl }) : startEvenkeel({ ...setup, sinkUrl });
}

/** Waits until everything due has arrived and nothing more comes, or the time is over. */
export async function settle(rig: Rig, sent: number, withinMs: number): Promise<Arrived> {
  await pause(DECIDED_MS);
  const untilMs = performance.now() + withinMs;
  let last = await rig.sink.call('arrived', { sent });
  for (;;) {
    await pause(1000);
    const now = await rig.sink.call('arrived', { sent });
    if (performance.now() > untilMs || (now.missing === 0 && now.spans === last.spans)) return now;
    last = now;
  }
}

/** Scrapes the metrics page, and keeps the page's events open. @param scraped is told what was read */
function readAsUsersDo(peer: Peer, isWatched: boolean, scraped: (page: string) => void): () => void {
  const closing = new AbortController();
  const { signal } = closing;
  const watch = async (): Promise<void> => {
    const response = await fetch(`${peer.pageUrl}/api/events`, { signal });
    for await (const _ of response.body ?? []);
  };
  const scrape = async (): Promise<void> => scraped(await (await fetch(peer.metricsUrl, { signal })).text());
  // Ended by us at the end of a run, and of no interest where the peer is too busy.
  const scraper = setInterval(() => void scrape().catch(() => {}), SCRAPE_MS);
  if (isWatched && peer.pageUrl !== undefined) void watch().catch(() => {});
  return () => {
    clearInterval(scraper);
    closing.abort();
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
