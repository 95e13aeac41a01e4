// Calls, errors and durations of every span, by service, name, kind, status and configured attributes.
// Columns of small ints and floats; an update makes nothing unless a series is new.
import { EMPTY, HashIndex } from '../otlp/hash-index.ts';
import { Interner, OVERFLOW_ID } from '../otlp/interner.ts';
import type { Context } from '../otlp/context-table.ts';
import { HAS_TRACE_STATE, MAX_DIMENSIONS, type SpanBatch } from '../otlp/span-batch.ts';
import { DimensionText, encoder, utf8 } from './dimension-text.ts';
import { type BucketCounts, bucketOf, BUCKETS, lowerBound, widened } from '../model/exponential-histogram.ts';
import { ESTIMATED, hashKey, KEY_WIDTH, OVERFLOW, SELF_COUNTED } from './series-key.ts';
import { overflowRoom, type SpanMetricsOptions } from './series-options.ts';
import { weightOf } from './span-weight.ts';

/** The series table. Rows are series; free rows have no histogram. */
export class SpanMetrics {
  readonly strings: Interner;
  /** KEY_WIDTH ints a row. */
  readonly keys: Int32Array;
  readonly calls: Float64Array;
  /** Sum of durations in nanoseconds; exact below 2^53. */
  readonly sumNs: Float64Array;
  /** Durations of exactly 0. */
  readonly zeroCount: Float64Array;
  /** `bounds + 1` counts a row, each for (bound below, bound]. */
  readonly classic: Float64Array;
  readonly buckets: (BucketCounts | undefined)[] = [];
  readonly startMs: Float64Array;
  readonly usedMs: Float64Array;
  /** Monotonic count of how often a row was given to a new series. */
  readonly generation: Uint32Array;
  /** By context id, SELF_COUNTED where the sender counts its spans itself. */
  readonly selfCounted = new Uint8Array(65_536);
  /** Tells whether the sender of a context counts its spans itself. */
  countsItself: (context: Context) => boolean = () => false;
  /** Of the batch last counted, by its rows: series, and bucket of the duration, -1 for 0. */
  lastSeries = new Uint32Array(1024);
  lastBuckets = new Int16Array(1024);
  rows = 0;
  /** Spans counted in overflow series. */
  overflowed = 0;
  readonly #options: SpanMetricsOptions;
  readonly #boundsNs: Float64Array;
  /** By exponential bucket, the first bound a duration in it can be within: at most a few are left to compare. */
  readonly #firstBound: Uint8Array;
  readonly #index: HashIndex;
  readonly #free: number[] = [];
  /** Service id by context id, valid while the context has the same serial: ids are recycled. */
  readonly #serviceOf = new Int32Array(65_536);
  readonly #serialSeen = new Float64Array(65_536);
  readonly #key = new Int32Array(KEY_WIDTH);
  /** Rows of series met lately; each is judged by its own key, so that a wrong one costs only the look. */
  readonly #memo = new Uint32Array(2 ** (32 - MEMO_SHIFT));
  /** Ints of a key in use; the rest belongs to dimensions that are not configured. */
  readonly #keyWidth: number;
  readonly #text = new DimensionText();

  constructor(options: SpanMetricsOptions) {
    // Overflow series, one a service, have room beyond the cap, or the cap would hide who it bites.
    const capacity = options.maxSeries + overflowRoom(options.maxSeries);
    this.#options = options;
    this.#keyWidth = KEY_WIDTH - MAX_DIMENSIONS + options.dimensions;
    this.#boundsNs = Float64Array.from(options.boundsNs);
    this.#firstBound = Uint8Array.from({ length: BUCKETS }, (_, bucket) => {
      // A little below the bucket's own bound, which is rounded. The first bucket also takes what is shorter still.
      const shortestNs = bucket === 0 ? 0 : lowerBound(bucket) * 1e9 * (1 - 1e-9);
      return options.boundsNs.filter((bound) => bound < shortestNs).length;
    });
    this.#index = new HashIndex(capacity);
    this.strings = new Interner(capacity * (2 + options.dimensions) + 65_536, options.seed);
    this.keys = new Int32Array(capacity * KEY_WIDTH);
    this.calls = new Float64Array(capacity);
    this.sumNs = new Float64Array(capacity);
    this.zeroCount = new Float64Array(capacity);
    this.classic = new Float64Array(capacity * (options.boundsNs.length + 1));
    this.startMs = new Float64Array(capacity);
    this.usedMs = new Float64Array(capacity);
    this.generation = new Uint32Array(capacity);
  }

  /** Series in use, overflow series among them. */
  get count(): number {
    return this.rows - this.#free.length;
  }

  /** Ids and packed bits of a series: bits 0..2 kind, 3..4 status, then those of series-key.ts. */
  keyOf(row: number): { service: number; name: number; packed: number } {
    const k = row * KEY_WIDTH;
    return { service: this.keys[k] ?? 0, name: this.keys[k + 1] ?? 0, packed: this.keys[k + 2] ?? 0 };
  }

  dimensionOf(row: number, dimension: number): number {
    return this.keys[row * KEY_WIDTH + 3 + dimension] ?? 0;
  }

  /** Bytes of columns, histograms and strings. */
  get sizeBytes(): number {
    const columns = this.classic.byteLength + this.keys.byteLength + this.calls.byteLength * 6;
    return this.buckets.reduce((sum, counts) => sum + (counts?.byteLength ?? 0), columns + this.strings.sizeBytes);
  }

  /** Counts every span of the batch. */
  update(batch: SpanBatch, nowMs: number): void {
    const { count, context, contexts, kind, status, flags } = batch;
    const key = this.#key;
    const { selfCounted } = this;
    if (this.lastSeries.length < count) {
      this.lastSeries = new Uint32Array(batch.capacity);
      this.lastBuckets = new Int16Array(batch.capacity);
    }
    for (let row = 0; row < count; row++) {
      const contextId = context[row];
      const origin = contexts[contextId];
      if (origin !== undefined && this.#serialSeen[contextId] !== origin.serial) this.#see(origin);
      key[0] = this.#serviceOf[contextId];
      key[2] = kind[row] | (status[row] << 3) | selfCounted[contextId];
      let weight = 1;
      if ((flags[row] & HAS_TRACE_STATE) !== 0) {
        weight = weightOf(batch, row);
        if (weight !== 1) key[2] |= ESTIMATED;
      }
      const series = this.#options.dimensions === 0 ? this.#recall(batch, row, nowMs) : this.#seek(batch, row, nowMs);
      this.lastSeries[row] = series;
      this.lastBuckets[row] = this.#record(series, batch, row, weight);
      this.usedMs[series] = nowMs;
    }
  }

  /** The series a row is counted in; EMPTY where there is none, or an overflow series, which is no one's. */
  find(batch: SpanBatch, row: number): number {
    const key = this.#key;
    const contextId = batch.context[row];
    if (batch.contexts[contextId]?.serial !== this.#serialSeen[contextId]) return EMPTY;
    key[0] = this.#serviceOf[contextId];
    key[1] = this.strings.find(batch.source.bytes, batch.nameOffset[row], batch.nameLength[row]);
    key[2] = batch.kind[row] | (batch.status[row] << 3) | this.selfCounted[contextId];
    if ((batch.flags[row] & HAS_TRACE_STATE) !== 0 && weightOf(batch, row) !== 1) key[2] |= ESTIMATED;
    return key[1] >= 0 && this.#findDimensions(batch, row) ? this.#find() : EMPTY;
  }

  /** The series of a row without dimensions: mostly one met lately, known by service and ends of the name. */
  #recall(batch: SpanBatch, row: number, nowMs: number): number {
    const key = this.#key;
    const { bytes, view } = batch.source;
    const offset = batch.nameOffset[row];
    const length = batch.nameLength[row];
    if (length < 4) return this.#seek(batch, row, nowMs);
    const ends = view.getInt32(offset, true) ^ Math.imul(view.getInt32(offset + length - 4, true), 0x9e3779b1);
    const hash = Math.imul(ends ^ (key[0] << 16) ^ (key[2] << 8) ^ length, 0x85ebca6b);
    const place = hash >>> MEMO_SHIFT;
    const known = this.#memo[place];
    const k = known * KEY_WIDTH;
    if (
      this.keys[k] === key[0] &&
      this.keys[k + 2] === key[2] &&
      this.buckets[known] !== undefined &&
      this.strings.isSame(this.keys[k + 1], bytes, offset, length)
    )
      return known;
    return (this.#memo[place] = this.#seek(batch, row, nowMs));
  }

  #seek(batch: SpanBatch, row: number, nowMs: number): number {
    const key = this.#key;
    key[1] = this.strings.find(batch.source.bytes, batch.nameOffset[row], batch.nameLength[row]);
    const known = this.#options.dimensions === 0 || this.#findDimensions(batch, row);
    const series = known && key[1] >= 0 ? this.#find() : EMPTY;
    return series === EMPTY ? this.#add(batch, row, nowMs) : series;
  }

  /** Forgets series without a span for the time to live. @param expiring is told of each before @returns how many */
  expire(nowMs: number, expiring?: (row: number) => void): number {
    let expired = 0;
    for (let row = 0; row < this.rows; row++) {
      if (this.buckets[row] === undefined || nowMs - this.usedMs[row] < this.#options.seriesTtlMs) continue;
      expiring?.(row);
      this.#index.remove(row);
      const k = row * KEY_WIDTH;
      for (const name of [k, k + 1]) this.strings.release(this.keys[name]);
      for (let d = 0; d < this.#options.dimensions; d++) this.strings.release(this.keys[k + 3 + d]);
      this.buckets[row] = undefined;
      this.#free.push(row);
      expired++;
    }
    return expired;
  }

  #see(context: Context): void {
    const { id, serial, serviceName } = context;
    this.selfCounted[id] = this.countsItself(context) ? SELF_COUNTED : 0;
    const before = this.#serviceOf[id];
    const name = encoder.encode(serviceName);
    this.#serviceOf[id] = this.strings.retain(name, 0, name.length, utf8);
    if (this.#serialSeen[id] !== 0) this.strings.release(before);
    this.#serialSeen[id] = serial;
  }

  /** Puts ids of the row's dimensions into the key; false where one was never seen. */
  #findDimensions(batch: SpanBatch, row: number): boolean {
    const text = this.#text;
    for (let d = 0; d < this.#options.dimensions; d++) {
      text.read(batch, row * MAX_DIMENSIONS + d);
      const id = text.length === 0 ? OVERFLOW_ID : this.strings.find(text.bytes, text.start, text.length);
      if (id < 0) return false;
      this.#key[3 + d] = id;
    }
    return true;
  }

  #find(): number {
    const { slots, mask, hashes } = this.#index;
    const hash = hashKey(this.#key, this.#keyWidth);
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const series = slots[i];
      if (series === EMPTY) return EMPTY;
      if (hashes[series] === hash && this.#matches(series)) return series;
    }
  }

  #matches(series: number): boolean {
    const { keys } = this;
    const k = series * KEY_WIDTH;
    for (let i = 0; i < this.#keyWidth; i++) if (keys[k + i] !== this.#key[i]) return false;
    return true;
  }

  /** Makes the series of a row, or answers the overflow series of its service. */
  #add(batch: SpanBatch, row: number, nowMs: number): number {
    const key = this.#key;
    const { bytes } = batch.source;
    const service = key[0];
    if (this.count >= this.#options.maxSeries) {
      this.overflowed++;
      return this.#overflowSeries(service, key[2] & (ESTIMATED | SELF_COUNTED), nowMs);
    }
    key[1] = this.strings.retain(bytes, batch.nameOffset[row], batch.nameLength[row], utf8);
    const text = this.#text;
    for (let d = 0; d < this.#options.dimensions; d++) {
      text.read(batch, row * MAX_DIMENSIONS + d);
      key[3 + d] = text.length === 0 ? OVERFLOW_ID : this.strings.retain(text.bytes, text.start, text.length, utf8);
    }
    return this.#insert(nowMs);
  }

  #overflowSeries(service: number, bits: number, nowMs: number): number {
    const key = this.#key;
    key.fill(0);
    key[0] = service;
    key[2] = OVERFLOW | bits;
    let series = this.#find();
    if (series !== EMPTY) return series;
    // With no row left even for this, one series without a service takes the rest; its two rows are held back.
    if (this.count >= this.calls.length - 2) {
      key[0] = OVERFLOW_ID;
      series = this.#find();
      if (series !== EMPTY) return series;
    }
    return this.#insert(nowMs);
  }

  #insert(nowMs: number): number {
    const series = this.#free.pop() ?? this.rows++;
    const key = this.#key;
    // Names were retained by the caller; the service has one more holder now.
    this.strings.keep(key[0]);
    this.keys.set(key, series * KEY_WIDTH);
    this.#index.insert(series, hashKey(key, this.#keyWidth));
    this.calls[series] = this.sumNs[series] = this.zeroCount[series] = 0;
    const width = this.#boundsNs.length + 1;
    this.classic.fill(0, series * width, (series + 1) * width);
    this.buckets[series] = (key[2] & ESTIMATED) !== 0 ? new Float64Array(BUCKETS) : new Uint32Array(BUCKETS);
    this.startMs[series] = nowMs;
    this.generation[series]++;
    return series;
  }

  #record(series: number, batch: SpanBatch, row: number, weight: number): number {
    const ns = (batch.endHigh[row] - batch.startHigh[row]) * 4_294_967_296 + (batch.endLow[row] - batch.startLow[row]);
    this.calls[series] += weight;
    const bounds = this.#boundsNs;
    const base = series * (bounds.length + 1);
    if (ns <= 0) {
      this.zeroCount[series] += weight;
      this.classic[base] += weight;
      return -1;
    }
    this.sumNs[series] += ns * weight;
    const bucket = bucketOf(ns / 1e9);
    let bound = this.#firstBound[bucket];
    while (bound < bounds.length && ns > bounds[bound]) bound++;
    this.classic[base + bound] += weight;
    const counts = this.buckets[series];
    if (counts === undefined) return bucket;
    counts[bucket] += weight;
    // A wrapped counter reads 0 right after it grew.
    if (counts[bucket] === 0) this.buckets[series] = widened(counts, bucket);
    return bucket;
  }
}

/** Leaves the bits of a hash that are the place in the memo. */
const MEMO_SHIFT = 32 - 11;
