// One pass over an OTLP trace body: checks every byte of structure and fills the columns of a SpanBatch.
// All or nothing: until `scan` returns, nothing but scratch memory has changed; `commit` then interns what is new.
import type { Context, ContextTable } from './context-table.ts';
import { checkResourceSpans, checkScopeSpans } from './context-check.ts';
import { type DimensionKeys, dimensionKeys, scanSpan } from './scan-span.ts';
import type { SpanBatch } from './span-batch.ts';
import { at, type ByteSource, fault, readLength, readTag, skipUnknown } from './wire.ts';

/** ExportTraceServiceRequest knows field 1 only. */
const REQUEST_FIELDS = 0b10;

/**
 * Bytes of resources and scopes gathered from one body. A resource counts once for each of its scopes, so without a
 * limit a small body of many scopes would cost its square.
 */
const MAX_CONTEXT_BYTES = 4 * 1024 * 1024;
/** Scratch grown beyond this by one body is given back at the next. */
const KEPT_SCRATCH_BYTES = 256 * 1024;

/** A context of the body at hand: known already, or checked and waiting for the commit. */
interface LocalContext {
  known: Context | undefined;
  hash: number;
  start: number;
  end: number;
  resourceLength: number;
  /** Its spans are rows `firstRow..endRow-1`. */
  firstRow: number;
  endRow: number;
}

/** Scans bodies into one reused batch. */
export class Scanner {
  readonly #contexts: ContextTable;
  readonly #dimensions: DimensionKeys;
  readonly #local: LocalContext[] = [];
  #localCount = 0;
  #scratch = new Uint8Array(4096);
  #scratchLength = 0;

  /** @param dimensions span attribute keys that become dimensions, at most MAX_DIMENSIONS */
  constructor(contexts: ContextTable, dimensions: readonly string[]) {
    this.#contexts = contexts;
    this.#dimensions = dimensionKeys(dimensions);
  }

  /**
   * Scans one ExportTraceServiceRequest.
   *
   * @param batch reset and filled; `context` is filled by `commit`
   * @throws Malformed on any structural fault, or bad text in a resource or scope
   */
  scan(source: ByteSource, start: number, end: number, batch: SpanBatch): void {
    const { bytes } = source;
    batch.reset(source);
    this.#localCount = 0;
    this.#scratchLength = 0;
    if (this.#scratch.length > KEPT_SCRATCH_BYTES) this.#scratch = new Uint8Array(KEPT_SCRATCH_BYTES);
    let p = start;
    while (p < end) {
      const tag = readTag(bytes, p, end);
      p = at;
      if (tag !== 0x0a) {
        p = skipUnknown(bytes, p, end, tag, REQUEST_FIELDS);
        continue;
      }
      const length = readLength(bytes, p, end);
      p = at + length;
      this.#scanResourceSpans(source, at, p, batch);
    }
  }

  /**
   * Interns the contexts of the batch scanned last and takes one reference a span.
   *
   * @returns false, with no reference taken, when the context table has no room left
   */
  commit(batch: SpanBatch): boolean {
    const local = this.#local;
    for (let i = 0; i < this.#localCount; i++) {
      const entry = local[i];
      const { hash, start, end, resourceLength } = entry;
      // The same new context may stand in one body twice, and one found at scan time may have been recycled since.
      entry.known = this.#contexts.find(this.#scratch, start, end, resourceLength, hash);
      entry.known ??= this.#contexts.insert(this.#scratch.slice(start, end), resourceLength, hash);
      if (entry.known === undefined) {
        for (let j = 0; j < i; j++) this.#releaseLocal(local[j]);
        return false;
      }
      entry.known.references++;
      entry.known.isRecent = true;
    }
    for (let i = 0; i < this.#localCount; i++) {
      const { known, firstRow, endRow } = local[i];
      if (known === undefined) continue;
      known.references += endRow - firstRow;
      batch.context.fill(known.id, firstRow, endRow);
      this.#releaseLocal(local[i]);
    }
    return true;
  }

  /** The reference held while committing, so that one body cannot recycle its own contexts. */
  #releaseLocal(entry: LocalContext): void {
    if (entry.known !== undefined) this.#contexts.release(entry.known.id, 1);
  }

  #scanResourceSpans(source: ByteSource, start: number, end: number, batch: SpanBatch): void {
    const { bytes } = source;
    const resourceStart = this.#scratchLength;
    // First everything but scope_spans (field 2), which may stand before or after it.
    this.#copyFields(bytes, start, end, 0x12);
    const resourceEnd = this.#scratchLength;
    // Only sound contexts are ever interned, so one known context vouches for its resource.
    let resourceKnown = false;
    let p = start;
    while (p < end) {
      const tag = readTag(bytes, p, end);
      p = at;
      if (tag !== 0x12) {
        p = skipUnknown(bytes, p, end, tag, 0);
        continue;
      }
      const length = readLength(bytes, p, end);
      p = at + length;
      resourceKnown = this.#scanScopeSpans(source, at, p, batch, resourceStart, resourceEnd) || resourceKnown;
    }
    if (!resourceKnown) checkResourceSpans(this.#scratch, resourceStart, resourceEnd);
  }

  /** Answers whether the context was known before this body. */
  #scanScopeSpans(
    source: ByteSource,
    start: number,
    end: number,
    batch: SpanBatch,
    resourceStart: number,
    resourceEnd: number,
  ): boolean {
    const { bytes } = source;
    const place = this.#addLocalContext(bytes, start, end, resourceStart, resourceEnd);
    const firstRow = batch.count;
    let p = start;
    while (p < end) {
      const tag = readTag(bytes, p, end);
      p = at;
      if (tag !== 0x12) {
        p = skipUnknown(bytes, p, end, tag, 0);
        continue;
      }
      const length = readLength(bytes, p, end);
      p = at + length;
      if (batch.count === batch.capacity) batch.grow();
      const row = batch.count;
      if (!scanSpan(source, at, p, batch, row, this.#dimensions)) {
        batch.rejected++;
        continue;
      }
      batch.count = row + 1;
    }
    const entry = this.#local[place];
    entry.firstRow = firstRow;
    entry.endRow = batch.count;
    return entry.known !== undefined;
  }

  /** Gathers the bytes of resource and scope behind each other and answers the context's place in this body. */
  #addLocalContext(bytes: Uint8Array, start: number, end: number, resourceStart: number, resourceEnd: number): number {
    const contextStart = this.#scratchLength;
    const resourceLength = resourceEnd - resourceStart;
    this.#reserve(resourceLength);
    this.#scratch.copyWithin(contextStart, resourceStart, resourceEnd);
    this.#scratchLength += resourceLength;
    this.#copyFields(bytes, start, end, 0x12);
    const contextEnd = this.#scratchLength;
    const hash = this.#contexts.hash(this.#scratch, contextStart, contextEnd);
    const known = this.#contexts.find(this.#scratch, contextStart, contextEnd, resourceLength, hash);
    if (known === undefined) checkScopeSpans(this.#scratch, contextStart + resourceLength, contextEnd);
    const place = this.#localCount++;
    if (place >= this.#contexts.maxContexts) fault('contexts', start);
    const entry = (this.#local[place] ??= { known, hash, start: 0, end: 0, resourceLength, firstRow: 0, endRow: 0 });
    entry.known = known;
    entry.hash = hash;
    entry.start = contextStart;
    entry.end = contextEnd;
    entry.resourceLength = resourceLength;
    return place;
  }

  /** Copies every field but `exceptTag` to scratch, as it stands. */
  #copyFields(bytes: Uint8Array, start: number, end: number, exceptTag: number): void {
    let p = start;
    while (p < end) {
      const fieldStart = p;
      const tag = readTag(bytes, p, end);
      // No field counts as known here: wrong wire types are for the check of resource and scope to name.
      p = skipUnknown(bytes, at, end, tag, 0);
      if (tag === exceptTag) continue;
      const length = p - fieldStart;
      this.#reserve(length);
      this.#scratch.set(bytes.subarray(fieldStart, p), this.#scratchLength);
      this.#scratchLength += length;
    }
  }

  #reserve(length: number): void {
    const needed = this.#scratchLength + length;
    if (needed > MAX_CONTEXT_BYTES) fault('contexts', -1);
    if (needed <= this.#scratch.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#scratch.length * 2));
    grown.set(this.#scratch.subarray(0, this.#scratchLength));
    this.#scratch = grown;
  }
}
