// One file of decisions: fixed records in the order of their id's hash, a table of pages and a filter before them.
// Knows of a record only its length and that it starts with the four words of a trace id.
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { DecisionBlock } from './contract.ts';
import { FILE_MODE } from './private-files.ts';

/** Four words. */
export type TraceIdWords = readonly [number, number, number, number];

/** "EVKD" and the version of this layout; read in another byte order it is no block at all. */
const MAGIC = 0x45564b44;
const VERSION = 1;
const HEAD_WORDS = 16;
const HEAD_BYTES = HEAD_WORDS * 4;
/** Records read for one answer: about 3 KiB, one read of the disk. */
const PAGE_RECORDS = 64;
/** Pages gathered before they are written. */
const PAGES_A_WRITE = 256;

/** A filter of lines, each the unit a disk and a cache read: 12 bits a decision and 8 of them set let 1 % pass in vain. */
const LINE_WORDS = 16;
const LINE_BYTES = LINE_WORDS * 4;
const BITS_A_RECORD = 12;
const BITS_SET = 8;

/** Rows of a block; with the hash before it, a row makes a whole number that a float holds. */
const MAX_ROWS = 2 ** 21;

/** What of a block stays in memory: about 8 bytes for 64 decisions. */
export interface OpenBlock {
  readonly file: number;
  readonly sizeBytes: number;
  readonly count: number;
  readonly recordBytes: number;
  readonly firstSeconds: number;
  readonly lastSeconds: number;
  /** Nothing was decided between the block before and this one that is in neither. */
  readonly follows: boolean;
  readonly meta: string;
  readonly seed: number;
  /** For each page the hash of its first record, then its checksum. */
  readonly pages: Uint32Array;
  readonly filterOffset: number;
  readonly filterLines: number;
  readonly recordsOffset: number;
}

/**
 * Writes a block to a new file. The head comes last, so that a file that was not finished is none.
 *
 * @throws Error from the file system; the file is then worthless
 */
export function writeBlock(path: string, block: DecisionBlock, follows: boolean, seed: number): void {
  const { count, recordBytes } = block;
  const words = new Uint32Array(block.records, 0, (count * recordBytes) / 4);
  const order = rowsByHash(words, count, recordBytes / 4, seed);
  const meta = new TextEncoder().encode(block.meta);
  const filterLines = Math.max(1, Math.ceil((count * BITS_A_RECORD) / (LINE_WORDS * 32)));
  const pageCount = Math.ceil(count / PAGE_RECORDS);
  const metaWords = Math.ceil(meta.length / 4);
  const head = new Uint32Array(HEAD_WORDS + metaWords + pageCount * 2 + filterLines * LINE_WORDS);
  new Uint8Array(head.buffer).set(meta, HEAD_BYTES);
  const pages = head.subarray(HEAD_WORDS + metaWords, HEAD_WORDS + metaWords + pageCount * 2);
  const filter = head.subarray(HEAD_WORDS + metaWords + pageCount * 2);
  const file = openSync(path, 'w', FILE_MODE);
  try {
    writeRecords(file, head.byteLength, { words, order, recordWords: recordBytes / 4, pages, filter, seed });
    head.set([MAGIC, VERSION, head.byteLength, recordBytes, count, meta.length, filterLines]);
    head.set([block.firstSeconds, block.lastSeconds, follows ? 1 : 0, seed], 7);
    head[HEAD_WORDS - 1] = checksum(head);
    writeWhole(file, new Uint8Array(head.buffer), 0);
  } finally {
    closeSync(file);
  }
}

/**
 * Opens a block and checks its head; with `whole` its records too.
 *
 * @returns undefined where the file is no whole block
 */
export function openBlock(path: string, whole: boolean): OpenBlock | undefined {
  const file = openSync(path, 'r');
  const block = readHead(file);
  if (block !== undefined && (!whole || pagesAreSound(block))) return block;
  closeSync(file);
  return undefined;
}

/** Finds the record of a trace. @throws where the page that should hold it is damaged */
export function findInBlock(block: OpenBlock, id: TraceIdWords): ArrayBuffer | undefined {
  const hash = hashOf(id[0], id[1], id[2], id[3], block.seed);
  if (!mayHold(block, hash, id)) return undefined;
  const { pages, recordBytes } = block;
  const pageCount = pages.length / 2;
  for (let page = pageOf(pages, hash); page < pageCount && (pages[page * 2] ?? 0) <= hash; page++) {
    const bytes = readPage(block, page);
    if (bytes === undefined) throw new Error('the decisions on disk are damaged where this one would be');
    const words = new Uint32Array(bytes.buffer);
    for (let at = 0; at < words.length; at += recordBytes / 4) {
      if (words[at] !== id[0] || words[at + 1] !== id[1] || words[at + 2] !== id[2] || words[at + 3] !== id[3])
        continue;
      return bytes.buffer.slice(at * 4, at * 4 + recordBytes);
    }
  }
  return undefined;
}

function readHead(file: number): OpenBlock | undefined {
  const { size } = fstatSync(file);
  const start = new Uint32Array(HEAD_WORDS);
  if (size < HEAD_BYTES || !readWhole(file, new Uint8Array(start.buffer), 0)) return undefined;
  const [magic, version, headBytes = 0, recordBytes = 0, count = 0, metaBytes = 0, filterLines = 0] = start;
  const [firstSeconds = 0, lastSeconds = 0, follows = 0, seed = 0] = start.subarray(7);
  if (magic !== MAGIC || version !== VERSION) return undefined;
  if (headBytes % 4 !== 0 || headBytes < HEAD_BYTES || size !== headBytes + count * recordBytes) return undefined;
  const head = new Uint32Array(headBytes / 4);
  if (!readWhole(file, new Uint8Array(head.buffer), 0) || head[HEAD_WORDS - 1] !== checksum(head)) return undefined;
  const pagesAt = HEAD_WORDS + Math.ceil(metaBytes / 4);
  const pagesEnd = pagesAt + Math.ceil(count / PAGE_RECORDS) * 2;
  return {
    file,
    sizeBytes: size,
    count,
    recordBytes,
    firstSeconds,
    lastSeconds,
    follows: follows === 1,
    meta: new TextDecoder().decode(new Uint8Array(head.buffer, HEAD_BYTES, metaBytes)),
    seed,
    pages: head.slice(pagesAt, pagesEnd),
    filterOffset: pagesEnd * 4,
    filterLines,
    recordsOffset: headBytes,
  };
}

interface Writing {
  readonly words: Uint32Array;
  readonly order: Float64Array;
  readonly recordWords: number;
  /** Filled with the first hash and the checksum of each page. */
  readonly pages: Uint32Array;
  /** Filled with a bit pattern for each record. */
  readonly filter: Uint32Array;
  readonly seed: number;
}

function writeRecords(file: number, offset: number, writing: Writing): void {
  const { words, order, recordWords, pages, filter, seed } = writing;
  const pageWords = PAGE_RECORDS * recordWords;
  const staged = new Uint32Array(Math.min(PAGES_A_WRITE * pageWords, order.length * recordWords));
  let used = 0;
  for (let first = 0, page = 0; first < order.length; first += PAGE_RECORDS, page++) {
    const start = used;
    for (let i = first; i < Math.min(first + PAGE_RECORDS, order.length); i++) {
      const at = ((order[i] ?? 0) % MAX_ROWS) * recordWords;
      staged.set(words.subarray(at, at + recordWords), used);
      used += recordWords;
      const [a = 0, b = 0, c = 0, d = 0] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
      setBits(filter, Math.floor((order[i] ?? 0) / MAX_ROWS), a ^ b ^ c ^ d, seed);
    }
    pages[page * 2] = Math.floor((order[first] ?? 0) / MAX_ROWS);
    pages[page * 2 + 1] = crc32(new Uint8Array(staged.buffer, start * 4, (used - start) * 4));
    if (used < staged.length && first + PAGE_RECORDS < order.length) continue;
    writeWhole(file, new Uint8Array(staged.buffer, 0, used * 4), offset);
    offset += used * 4;
    used = 0;
  }
}

/** Rows by the hash of their id: ids themselves may all begin alike. Each entry is hash × MAX_ROWS + row. */
function rowsByHash(words: Uint32Array, count: number, recordWords: number, seed: number): Float64Array {
  if (count > MAX_ROWS) throw new Error('more decisions than a block may have');
  const order = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    const at = row * recordWords;
    const [a = 0, b = 0, c = 0, d = 0] = [words[at], words[at + 1], words[at + 2], words[at + 3]];
    order[row] = hashOf(a, b, c, d, seed) * MAX_ROWS + row;
  }
  return order.sort();
}

/** The first page that can hold a hash: the last one that starts below it, as several pages may start alike. */
function pageOf(pages: Uint32Array, hash: number): number {
  let low = 0;
  let high = pages.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pages[middle * 2] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function readPage(block: OpenBlock, page: number): Uint8Array<ArrayBuffer> | undefined {
  const { file, recordBytes, recordsOffset, count, pages } = block;
  const records = Math.min(PAGE_RECORDS, count - page * PAGE_RECORDS);
  const bytes = new Uint8Array(records * recordBytes);
  const isRead = readWhole(file, bytes, recordsOffset + page * PAGE_RECORDS * recordBytes);
  return isRead && crc32(bytes) === pages[page * 2 + 1] ? bytes : undefined;
}

function pagesAreSound(block: OpenBlock): boolean {
  for (let page = 0; page < block.pages.length / 2; page++) if (readPage(block, page) === undefined) return false;
  return true;
}

function mayHold({ file, filterOffset, filterLines, seed }: OpenBlock, hash: number, id: TraceIdWords): boolean {
  const line = new Uint32Array(LINE_WORDS);
  const offset = filterOffset + lineOf(hash, filterLines) * LINE_BYTES;
  // What cannot be read may hold anything.
  if (!readWhole(file, new Uint8Array(line.buffer), offset)) return true;
  let bits = secondHash(id[0] ^ id[1] ^ id[2] ^ id[3], seed);
  for (let i = 0; i < BITS_SET; i++, bits = nextBits(bits))
    if (((line[(bits >>> 5) & 15] ?? 0) & (1 << (bits & 31))) === 0) return false;
  return true;
}

function setBits(filter: Uint32Array, hash: number, folded: number, seed: number): void {
  const line = lineOf(hash, filter.length / LINE_WORDS) * LINE_WORDS;
  let bits = secondHash(folded, seed);
  for (let i = 0; i < BITS_SET; i++, bits = nextBits(bits)) {
    const at = line + ((bits >>> 5) & 15);
    filter[at] = (filter[at] ?? 0) | (1 << (bits & 31));
  }
}

/** Spreads the hash over the lines by its upper bits. */
function lineOf(hash: number, lines: number): number {
  return Math.floor((hash / 2 ** 32) * lines);
}

function hashOf(a: number, b: number, c: number, d: number, seed: number): number {
  let hash = Math.imul(a ^ seed, 0x9e3779b1) ^ b;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ c;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) ^ d;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function secondHash(folded: number, seed: number): number {
  const hash = Math.imul((folded + seed) ^ (folded >>> 16), 0x7feb352d);
  return Math.imul(hash ^ (hash >>> 15), 0x846ca68b) >>> 0;
}

/** One step of a full-period generator; its upper bits are the good ones. @see Numerical Recipes, ranqd1 */
function nextBits(bits: number): number {
  const next = (Math.imul(bits, 1664525) + 1013904223) >>> 0;
  return (next >>> 9) ^ next;
}

/** Checksum of the head without its own word. */
function checksum(head: Uint32Array): number {
  const start = crc32(new Uint8Array(head.buffer, head.byteOffset, HEAD_BYTES - 4));
  return crc32(new Uint8Array(head.buffer, head.byteOffset + HEAD_BYTES), start);
}

function readWhole(file: number, bytes: Uint8Array, position: number): boolean {
  for (let read = 0; read < bytes.length;) {
    const more = readSync(file, bytes, read, bytes.length - read, position + read);
    if (more === 0) return false;
    read += more;
  }
  return true;
}

function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length;)
    written += writeSync(file, bytes, written, bytes.length - written, position + written);
}
