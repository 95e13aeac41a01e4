// What the kernel says of a child process.
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Linux counts CPU time of processes in hundredths of a second, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

/** User and system time so far: fields 14 and 15; the name in field 2 may hold blanks. @see proc(5) */
export function cpuSecondsOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** @param key `VmRSS`, what is resident now, or `VmHWM`, the most there was */
export function residentBytes({ pid }: ChildProcess, key: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
