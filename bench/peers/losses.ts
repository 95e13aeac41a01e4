// What peers lose when the sink is away or they are asked to stop, and what they cost doing nothing.
import { mebibytes } from '../http/sidecar.ts';
import { pause, type Rig, settle, type Side, startPeer } from './rig.ts';

export interface Loss {
  /** Spans that had to arrive. */
  readonly due: number;
  readonly lost: number;
}

/** The sink is away for 20 s of a steady load; lost are spans of forced traces that never arrive. */
export async function sinkDown(rig: Rig, side: Side, seconds: number, spansPerSecond: number): Promise<Loss> {
  const workload = rig.workloads.plain;
  await rig.sink.call('reset', workload);
  const peer = await startPeer(rig, side);
  try {
    // 8 s before, so that deliveries are under way when it goes.
    const sending = rig.sender.call('send', {
      workload,
      url: peer.url,
      seconds: seconds + 12,
      spansPerSecond,
      firstSerial: 1,
    });
    await pause(8000);
    await rig.sink.call('close', undefined);
    await pause(seconds * 1000);
    await rig.sink.call('listen', undefined);
    const { bodiesOfStream } = await sending;
    const { due, missing } = await settle(rig, bodiesOfStream, 60_000);
    return { due, lost: missing };
  } finally {
    await peer.stop();
  }
}

/** SIGTERM 3 s after the first span, every trace kept: whatever was accepted has to arrive. */
export async function stopPending(rig: Rig, side: Side, spansPerSecond: number): Promise<Loss> {
  const workload = rig.workloads.plain;
  await rig.sink.call('reset', workload);
  const peer = await startPeer(rig, side, { keepAll: true });
  const { spans } = await rig.sender.call('send', {
    workload,
    url: peer.url,
    seconds: 3,
    spansPerSecond,
    firstSerial: 1,
  });
  await peer.stop();
  const { spans: arrived } = await rig.sink.call('arrived', { sent: 0 });
  return { due: spans, lost: spans - arrived };
}

export interface Idle {
  readonly rssMebibytes: number;
  /** Of one core, 0..1. */
  readonly coreRatio: number;
}

/** Without a span, all at once: they do nothing that could disturb each other. */
export async function idle(
  rig: Rig,
  kinds: readonly { side: Side; bare?: boolean }[],
  seconds: number,
): Promise<Idle[]> {
  const peers = await Promise.all(kinds.map(({ side, bare }) => startPeer(rig, side, bare === true ? { bare } : {})));
  try {
    // What a start leaves behind (compilers, collectors of garbage) is not idling.
    await pause(10_000);
    const before = peers.map((peer) => peer.cpuSeconds());
    await pause(seconds * 1000);
    return peers.map((peer, i) => ({
      rssMebibytes: mebibytes(peer.rssBytes()),
      coreRatio: (peer.cpuSeconds() - (before[i] ?? 0)) / seconds,
    }));
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}
