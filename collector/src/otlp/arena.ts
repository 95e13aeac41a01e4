// Where the bytes of accepted bodies live: segments of 3 MiB, each freed when no span in it is wanted any more.
import assert from 'node:assert/strict';
import { type ByteSource, byteSource } from './wire.ts';

/**
 * A body larger than this gets a segment of its own. SDKs send 512 spans at once, some 300 KB, of which the last is half left
 * over in each segment; what is open, due or spare are two or three whole ones.
 */
export const SEGMENT_BYTES = 3 * 1024 * 1024;
/** Segments with a smaller live share are worth emptying: their few spans are moved. */
const EVACUATE_BELOW = 0.25;
/** More would not fit the 16 bits in which spans name their segment. */
const MAX_SEGMENTS = 65_535;

interface Segment extends ByteSource {
  readonly id: number;
  /** Bytes written so far. */
  used: number;
  /** Bytes of spans still wanted. */
  live: number;
}

/** Bytes of pending spans. The budget counts whole pinned segments, because that is what memory costs. */
export class Arena {
  readonly #segments: (Segment | undefined)[] = [];
  readonly #freeIds: number[] = [];
  /** Emptied standard segments, for the next bodies: memory that is fresh from the system has to be cleared first. */
  readonly #spares: Segment[] = [];
  /** Fewest spares there were since they were last trimmed: so many nobody needed. */
  #unneeded = 0;
  #open: Segment | undefined;
  #pinnedBytes = 0;

  /** Bytes of all segments in use, live or not; spares are not counted. */
  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  /** Bytes of emptied segments that wait for the next bodies; with `pinnedBytes` never more than was pinned at once. */
  get spareBytes(): number {
    return this.#spares.length * SEGMENT_BYTES;
  }

  /** Bytes of spans still wanted. */
  get liveBytes(): number {
    let live = 0;
    for (const segment of this.#segments) live += segment?.live ?? 0;
    return live;
  }

  source(segment: number): ByteSource {
    return this.#segments[segment] ?? assert.fail('read from a freed arena segment');
  }

  /**
   * Copies one body and pins it as a whole until `settle`.
   *
   * @param chunks the body in order
   * @param length sum of the chunks' lengths
   */
  copy(chunks: readonly Uint8Array[], length: number): { segment: number; offset: number } {
    const segment = this.#roomFor(length);
    const offset = segment.used;
    let p = offset;
    for (const chunk of chunks) {
      segment.bytes.set(chunk, p);
      p += chunk.length;
    }
    assert.equal(p, offset + length, 'length of the chunks');
    segment.used = p;
    segment.live += length;
    return { segment: segment.id, offset };
  }

  /**
   * Ends the time in which a body is pinned as a whole; from here on only the spans kept of it are.
   *
   * @param length of the body, as given to `copy`
   * @param kept sum of the lengths of its spans that were taken, each to be released once
   */
  settle(segment: number, offset: number, length: number, kept: number): void {
    const found = this.#segments[segment];
    assert(found !== undefined && kept <= length, 'settled a body that was never copied');
    if (kept === 0 && found.used === offset + length) found.used = offset;
    this.release(segment, length - kept);
  }

  /** Gives `length` bytes of a span back; the last ones free the segment. */
  release(segment: number, length: number): void {
    const found = this.#segments[segment];
    // Once a span, where a call of `assert` itself would be the dearest part.
    if (found === undefined || found.live < length) return assert.fail('released more bytes than were live');
    found.live -= length;
    if (found.live > 0) return;
    if (found === this.#open) found.used = 0;
    else this.#free(found);
  }

  /** Moves the bytes of one span to the open segment and gives the old ones back. */
  move(segment: number, offset: number, length: number): { segment: number; offset: number } {
    const { bytes } = this.source(segment);
    const moved = this.copy([bytes.subarray(offset, offset + length)], length);
    this.release(segment, length);
    return moved;
  }

  /** Names the segments in which so little is live that moving it frees memory. */
  sparse(): number[] {
    const found: number[] = [];
    for (const segment of this.#segments) {
      if (segment === undefined || segment === this.#open || segment.live === 0) continue;
      if (segment.live < segment.bytes.length * EVACUATE_BELOW) found.push(segment.id);
    }
    return found;
  }

  /** Gives the spares back to the system that nobody needed since the last call. */
  trim(): void {
    for (const { id } of this.#spares.splice(0, this.#unneeded)) this.#freeIds.push(id);
    this.#unneeded = this.#spares.length;
  }

  #roomFor(length: number): Segment {
    const open = this.#open;
    if (open !== undefined && open.used + length <= open.bytes.length) return open;
    // A body that fills a segment of its own does not close the open one.
    if (length > SEGMENT_BYTES) return this.#allocate(length);
    this.#open = this.#spares.pop();
    this.#unneeded = Math.min(this.#unneeded, this.#spares.length);
    if (open !== undefined && open.live === 0) this.#free(open);
    if (this.#open === undefined) return (this.#open = this.#allocate(SEGMENT_BYTES));
    this.#adopt(this.#open);
    return this.#open;
  }

  #allocate(size: number): Segment {
    const id = this.#freeIds.pop() ?? this.#segments.length;
    assert(id < MAX_SEGMENTS, 'more arena segments than spans can name');
    const segment: Segment = { id, ...byteSource(new Uint8Array(size)), used: 0, live: 0 };
    this.#adopt(segment);
    return segment;
  }

  #adopt(segment: Segment): void {
    this.#segments[segment.id] = segment;
    this.#pinnedBytes += segment.bytes.length;
  }

  #free(segment: Segment): void {
    this.#segments[segment.id] = undefined;
    this.#pinnedBytes -= segment.bytes.length;
    segment.used = 0;
    // A spare keeps its id, so that nobody else is given it meanwhile.
    if (segment.bytes.length === SEGMENT_BYTES) this.#spares.push(segment);
    else this.#freeIds.push(segment.id);
  }
}
