// What files of /proc and /sys/fs/cgroup say. Pure: bytes in, numbers out; what is malformed is left out.
// @see proc(5), and Documentation/admin-guide/iostats and cgroup-v2 of the Linux kernel
import { ByteCursor, type NamedRows } from './named-rows.ts';

const COLON = 58;
const cursor = new ByteCursor();

/** user nice system idle iowait irq softirq steal, in hundredths of a second. */
export const CPU_FIELDS = 8;

/** /proc/stat: the rows `cpu`, of all, and `cpu0`… of each processor that is on. */
export function parseCpu(bytes: Uint8Array, length: number, rows: NamedRows): void {
  const at = cursor.over(bytes, length);
  rows.begin();
  while (!at.isDone) {
    const start = at.at;
    at.word();
    // They come first; what follows may be long.
    if (bytes[start] !== 99 || bytes[start + 1] !== 112 || bytes[start + 2] !== 117) break;
    const offset = rows.add(bytes, start, at.at);
    if (offset >= 0) at.numbers(rows.values, offset, CPU_FIELDS);
    at.line();
  }
  rows.end();
}

/** Lines of a name, perhaps a colon, and a number: meminfo, vmstat, status of a process, cpu.stat of a cgroup. */
export function parseKeyed(bytes: Uint8Array, length: number, rows: NamedRows): void {
  const at = cursor.over(bytes, length);
  rows.begin();
  while (!at.isDone) {
    const start = at.at;
    at.word(COLON);
    const end = at.at;
    if (bytes[at.at] === COLON) at.at++;
    if (end > start) {
      const offset = rows.add(bytes, start, end);
      if (offset >= 0) at.numbers(rows.values, offset, 1);
    }
    at.line();
  }
  rows.end();
}

/** Columns of /proc/diskstats that are used; sectors are 512 bytes whatever the device. */
export const DISK = { reads: 0, sectorsRead: 2, writes: 4, sectorsWritten: 6, ioMs: 9 } as const;
export const DISK_FIELDS = 11;

/** /proc/diskstats. */
export function parseDisks(bytes: Uint8Array, length: number, rows: NamedRows): void {
  const at = cursor.over(bytes, length);
  rows.begin();
  while (!at.isDone) {
    const major = at.number();
    const minor = at.number();
    at.blanks();
    const start = at.at;
    at.word();
    if (!Number.isNaN(major + minor) && at.at > start) {
      const offset = rows.add(bytes, start, at.at);
      if (offset >= 0) at.numbers(rows.values, offset, DISK_FIELDS);
    }
    at.line();
  }
  rows.end();
}

/** Columns of /proc/net/dev that are used. */
export const NET = {
  receivedBytes: 0, receivedPackets: 1, receivedErrors: 2, receivedDropped: 3,
  sentBytes: 8, sentPackets: 9, sentErrors: 10, sentDropped: 11,
} as const; // prettier-ignore
export const NET_FIELDS = 16;

/** /proc/net/dev. A name ends at its colon, which numbers may follow without a blank. */
export function parseInterfaces(bytes: Uint8Array, length: number, rows: NamedRows): void {
  const at = cursor.over(bytes, length);
  rows.begin();
  while (!at.isDone) {
    at.blanks();
    const start = at.at;
    at.word(COLON);
    // The two lines of the head have no colon after their first word.
    if (bytes[at.at] === COLON && at.at > start) {
      const end = at.at++;
      const offset = rows.add(bytes, start, end);
      if (offset >= 0) at.numbers(rows.values, offset, NET_FIELDS);
    }
    at.line();
  }
  rows.end();
}

/**
 * Counts the sockets of a piece of /proc/net/tcp, tcp6 or udp by state.
 *
 * @param counts by the kernel's number of the state; added to
 * @returns bytes used; what is left is the beginning of a line
 */
export function countSockets(bytes: Uint8Array, length: number, counts: Float64Array): number {
  const at = cursor.over(bytes, length);
  for (;;) {
    const start = at.at;
    const newline = bytes.indexOf(10, start);
    if (newline < 0 || newline >= length) return start;
    const index = at.number();
    // The head has a word where lines have a number and a colon.
    if (!Number.isNaN(index) && bytes[at.at] === COLON) {
      for (let word = 0; word < 3; word++) {
        at.word();
        at.blanks();
      }
      const state = hex(bytes[at.at]) * 16 + hex(bytes[at.at + 1]);
      if (state < counts.length) counts[state] = (counts[state] ?? 0) + 1;
    }
    at.at = newline + 1;
  }
}

/** /proc/net/sockstat: sockets of TCP that are in use, and that wait for stragglers. */
export function countTcp(bytes: Uint8Array, length: number): number {
  const at = cursor.over(bytes, length);
  while (!at.isDone && !(bytes[at.at] === 84 && bytes[at.at + 3] === COLON)) at.line();
  // TCP: inuse 12 orphan 0 tw 6 …
  at.word();
  let sum = 0;
  for (let field = 0; field < 3; field++) {
    at.blanks();
    at.word();
    const value = at.number();
    if (field !== 1 && !Number.isNaN(value)) sum += value;
  }
  return sum;
}

/** A file that is one number. @returns undefined where it is a word, as `max` */
export function parseNumber(bytes: Uint8Array, length: number): number | undefined {
  const value = cursor.over(bytes, length).number();
  return Number.isNaN(value) ? undefined : value;
}

/** A file system that is mounted. */
export interface Mount {
  readonly device: string;
  readonly folder: string;
  readonly type: string;
  readonly isWritable: boolean;
}

/** Beyond these a machine's mounts are those of containers. */
const MAX_MOUNTS = 64;
/** They have no device of their own, but space. */
const DEVICELESS = new Set(['overlay', 'zfs', 'btrfs', 'virtiofs', '9p']);

/** /proc/self/mounts: file systems with space of their own, each device once, at its first place. */
export function parseMounts(text: string): Mount[] {
  const byDevice = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [device = '', folder = '', type = '', options = ''] = line.split(' ').map(unescaped);
    const hasSpace = device.startsWith('/dev/') || DEVICELESS.has(type);
    if (!hasSpace || type === 'squashfs' || byDevice.has(device) || byDevice.size >= MAX_MOUNTS) continue;
    byDevice.set(device, { device, folder, type, isWritable: options.split(',').includes('rw') });
  }
  return [...byDevice.values()];
}

/** Blanks and the like are written as three octal digits. */
function unescaped(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** /proc/self/cgroup: where this process stands, by controller; the empty one is that of version 2. */
export function parseCgroups(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers = '', path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path !== undefined) for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

function hex(byte = 0): number {
  const digit = byte >= 97 ? byte - 87 : byte >= 65 ? byte - 55 : byte - 48;
  return digit >= 0 && digit < 16 ? digit : NaN;
}
