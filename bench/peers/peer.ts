// A collector under test as a process, with what the kernel says of its CPU time and memory.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpuSecondsOf, residentBytes } from '../process-readings.ts';

/** One that has not ended by itself within this is ended by force, which its code shows. */
const KILL_AFTER_MS = 60_000;

/** What a peer is set up for; everything else is the same in every run. */
export interface PeerSetup {
  /** Base URL that kept traces are delivered to. */
  readonly sinkUrl: string;
  /** Keeps every trace instead of errors, slow ones and a tenth. */
  readonly keepAll?: boolean;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

/** A running collector. */
export interface Peer {
  /** Where OTLP/HTTP is taken, without a path. */
  readonly url: string;
  readonly metricsUrl: string;
  /** Absent where it serves no page. */
  readonly pageUrl?: string;
  cpuSeconds(): number;
  rssBytes(): number;
  /** Most memory resident since the start. */
  peakBytes(): number;
  isRunning(): boolean;
  /** Sends SIGTERM. @returns the exit code; null where it had to be killed */
  stop(): Promise<number | null>;
}

/** Reads a child process as a peer. @param cleanUp called once it has ended */
export function peerOf(
  child: ChildProcess,
  urls: Pick<Peer, 'url' | 'metricsUrl' | 'pageUrl'>,
  cleanUp: () => void,
): Peer {
  const ended = once(child, 'exit').then(([code]) => {
    cleanUp();
    return code as number | null;
  });
  return {
    ...urls,
    cpuSeconds: () => cpuSecondsOf(child),
    rssBytes: () => residentBytes(child, 'VmRSS'),
    peakBytes: () => residentBytes(child, 'VmHWM'),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      child.kill('SIGTERM');
      const code = await ended;
      clearTimeout(killer);
      return code;
    },
  };
}
