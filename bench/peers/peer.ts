// A collector under test as a process, with what the kernel says of its CPU time and memory.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Linux counts CPU time of processes in hundredths of a second, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;
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
    cpuSeconds: () => cpuTicks(child) / TICKS_PER_SECOND,
    rssBytes: () => statusKibibytes(child, 'VmRSS') * 1024,
    peakBytes: () => statusKibibytes(child, 'VmHWM') * 1024,
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

/** utime and stime, fields 14 and 15; the name in field 2 may hold blanks. @see proc(5) */
function cpuTicks({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function statusKibibytes({ pid }: ChildProcess, key: string): number {
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
