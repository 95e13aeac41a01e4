// Log records that wait for the decision on their trace: the bytes of each request's records as one copy, the rest in columns.
// A record is held, then staged, then gone. Knows neither time nor decisions; the owner keeps what it holds within its limit.
import { copyInto } from '../otlp/columns.ts';
import { framedLength, LogsWriter } from './logs-writer.ts';
import type { LogScan } from './scan.ts';
import { type HeldResource, type HeldScope, ScopeTable } from './scope-table.ts';

const NONE = -1;
const FIRST_CAPACITY = 1024;
/** Columns of a record and its references. */
const RECORD_BYTES = 3 * 4 + 2 * 8;
/** Its place in the rows of its request, which is freed with the request's bytes only. */
const ROW_BYTES = Uint32Array.BYTES_PER_ELEMENT;
/** A trace with its entries in two tables; about what V8 takes. */
const TRACE_BYTES = 240;
/** Share of live bytes below which a request is worth copying. */
const SPARSE = 0.5;
/** Share of all bytes that must be dead before requests are copied, so that each copy frees more than it moves. */
const DEAD = 0.25;

/** A trace with held records, in the order they came. */
export interface HeldTrace {
  /** The 16 bytes of its id, one character a byte. */
  readonly key: string;
  readonly id: readonly [number, number, number, number];
  /** When its first record came. */
  readonly sinceMs: number;
  /** Where its first record is held; negative once none is. */
  first: number;
  last: number;
}

/** The held records of one request. Freed as a whole, or copied where few of them are left. */
interface HeldRequest {
  bytes: Buffer;
  /** Slots of its records, those given back included. */
  rows: Uint32Array;
  liveRows: number;
  /** Of records and rows. */
  liveBytes: number;
}

/** Held and staged records. */
export class HeldRecords {
  /** Records held or staged. */
  count = 0;
  /** Framed bytes of staged records. */
  stagedBytes = 0;
  stagedCount = 0;
  /** In the order of their first record. */
  readonly traces = new Map<string, HeldTrace>();
  readonly #requests = new Set<HeldRequest>();
  readonly #scopes = new ScopeTable();
  readonly #staged: HeldResource[] = [];
  readonly #writer = new LogsWriter();
  #requestOf: (HeldRequest | undefined)[] = [];
  #scopeOf: (HeldScope | undefined)[] = [];
  #offset = new Uint32Array(FIRST_CAPACITY);
  #length = new Uint32Array(FIRST_CAPACITY);
  /** The next of its trace, then of its scope's staged ones, then of the free ones. */
  #next = new Int32Array(FIRST_CAPACITY);
  #free = NONE;
  /** Slots never used begin here. */
  #fresh = 0;
  #requestBytes = 0;
  #liveBytes = 0;

  /** Memory of all of it: whole requests, columns in use, traces, what surrounds the records. */
  get sizeBytes(): number {
    const { count, traces } = this;
    return this.#requestBytes + count * RECORD_BYTES + traces.size * TRACE_BYTES + this.#scopes.sizeBytes;
  }

  /**
   * Copies records of a request and holds them.
   *
   * @param rows of the scan, in their order
   * @param onTrace called for each trace that had no held record before
   */
  hold(body: Buffer, scan: LogScan, rows: Uint32Array, nowMs: number, onTrace: (trace: HeldTrace) => void): void {
    const count = rows.length;
    let length = 0;
    for (const row of rows) length += scan.end[row] - scan.start[row];
    const liveBytes = length + count * ROW_BYTES;
    const request = {
      bytes: Buffer.allocUnsafeSlow(length),
      rows: new Uint32Array(count),
      liveRows: count,
      liveBytes,
    };
    this.#requests.add(request);
    this.#requestBytes += liveBytes;
    this.#liveBytes += liveBytes;
    this.count += count;
    let offset = 0;
    let scopeIndex = NONE;
    let scope: HeldScope | undefined;
    for (let i = 0; i < count; i++) {
      const row = rows[i];
      if (scan.scope[row] !== scopeIndex) {
        scopeIndex = scan.scope[row];
        scope = this.#scopes.join(scan, scopeIndex);
      }
      const slot = this.#take();
      const start = scan.start[row];
      const end = scan.end[row];
      body.copy(request.bytes, offset, start, end);
      request.rows[i] = slot;
      this.#requestOf[slot] = request;
      this.#scopeOf[slot] = scope;
      if (scope !== undefined) scope.records++;
      this.#offset[slot] = offset;
      this.#length[slot] = end - start;
      this.#append(body, scan.traceAt[row], slot, nowMs, onTrace);
      offset += end - start;
    }
  }

  /** Stages the records of a trace: they leave with the next `flush`. @returns how many */
  stage(trace: HeldTrace): number {
    let count = 0;
    for (let slot = this.#forget(trace); slot !== NONE; count++) {
      const following = this.#next[slot];
      const scope = this.#scopeOf[slot];
      if (scope !== undefined) this.#stageIn(scope, slot);
      slot = following;
    }
    this.stagedCount += count;
    return count;
  }

  /** Gives the records of a trace up. @returns how many */
  drop(trace: HeldTrace): number {
    let count = 0;
    for (let slot = this.#forget(trace); slot !== NONE; count++) {
      const following = this.#next[slot];
      this.#give(slot);
      slot = following;
    }
    return count;
  }

  /** Writes what is staged as one request and gives it up. @returns undefined where nothing is */
  flush(): Uint8Array<ArrayBuffer> | undefined {
    if (this.stagedCount === 0) return undefined;
    for (const resource of this.#staged) {
      const scopes = resource.staged.splice(0);
      const lengths = scopes.map(({ bytes, stagedLength }) => framedLength(bytes.length + stagedLength));
      this.#writer.resource(
        resource.bytes,
        lengths.reduce((sum, length) => sum + length, 0),
      );
      for (const scope of scopes) this.#write(scope);
    }
    this.#staged.length = 0;
    this.stagedBytes = this.stagedCount = 0;
    return this.#writer.take();
  }

  /** Copies what is left of sparse requests, where that frees much. @returns whether it did */
  compact(): boolean {
    if (this.#requestBytes - this.#liveBytes < this.sizeBytes * DEAD) return false;
    const before = this.#requestBytes;
    for (const request of this.#requests) if (request.liveBytes < sizeOf(request) * SPARSE) this.#copyLive(request);
    return this.#requestBytes < before;
  }

  #copyLive(request: HeldRequest): void {
    const { liveRows } = request;
    const bytes = Buffer.allocUnsafeSlow(request.liveBytes - liveRows * ROW_BYTES);
    const rows = new Uint32Array(liveRows);
    let offset = 0;
    let row = 0;
    for (const slot of request.rows) {
      // A slot that was given back may be of another request by now.
      if (this.#requestOf[slot] !== request) continue;
      const from = this.#offset[slot];
      this.#offset[slot] = offset;
      offset += request.bytes.copy(bytes, offset, from, from + this.#length[slot]);
      rows[row++] = slot;
    }
    this.#requestBytes -= sizeOf(request);
    request.bytes = bytes;
    request.rows = rows;
    this.#requestBytes += sizeOf(request);
  }

  #append(body: Buffer, traceAt: number, slot: number, nowMs: number, onTrace: (trace: HeldTrace) => void): void {
    this.#next[slot] = NONE;
    const key = body.toString('latin1', traceAt, traceAt + 16);
    const known = this.traces.get(key);
    if (known !== undefined) {
      this.#next[known.last] = slot;
      known.last = slot;
      return;
    }
    const id = [0, 4, 8, 12].map((word) => body.readUInt32BE(traceAt + word)) as [number, number, number, number];
    const trace = { key, id, sinceMs: nowMs, first: slot, last: slot };
    this.traces.set(key, trace);
    onTrace(trace);
  }

  /** Takes a trace out. @returns its first record */
  #forget(trace: HeldTrace): number {
    const { first } = trace;
    if (first === NONE) return NONE;
    this.traces.delete(trace.key);
    trace.first = NONE;
    return first;
  }

  #stageIn(scope: HeldScope, slot: number): void {
    const length = framedLength(this.#length[slot]);
    if (scope.first === NONE) {
      if (scope.resource.staged.length === 0) this.#staged.push(scope.resource);
      scope.resource.staged.push(scope);
      scope.first = slot;
    } else this.#next[scope.last] = slot;
    scope.last = slot;
    this.#next[slot] = NONE;
    scope.stagedLength += length;
    this.stagedBytes += length;
  }

  #write(scope: HeldScope): void {
    this.#writer.scope(scope.bytes, scope.stagedLength);
    let slot = scope.first;
    scope.first = NONE;
    scope.stagedLength = 0;
    while (slot !== NONE) {
      const following = this.#next[slot];
      const offset = this.#offset[slot];
      const bytes = this.#requestOf[slot]?.bytes;
      if (bytes !== undefined) this.#writer.record(bytes, offset, offset + this.#length[slot]);
      this.#give(slot);
      slot = following;
    }
  }

  #take(): number {
    if (this.#free !== NONE) {
      const slot = this.#free;
      this.#free = this.#next[slot];
      return slot;
    }
    if (this.#fresh === this.#next.length) {
      const capacity = this.#fresh * 2;
      this.#offset = copyInto(new Uint32Array(capacity), this.#offset);
      this.#length = copyInto(new Uint32Array(capacity), this.#length);
      this.#next = copyInto(new Int32Array(capacity), this.#next);
    }
    return this.#fresh++;
  }

  /** Gives a record's slot back, with its request, scope and resource where it was their last. */
  #give(slot: number): void {
    const request = this.#requestOf[slot];
    const scope = this.#scopeOf[slot];
    this.#requestOf[slot] = this.#scopeOf[slot] = undefined;
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.count--;
    if (request !== undefined) this.#leaveRequest(request, this.#length[slot]);
    if (scope !== undefined) this.#scopes.leave(scope);
  }

  #leaveRequest(request: HeldRequest, length: number): void {
    request.liveBytes -= length + ROW_BYTES;
    this.#liveBytes -= length + ROW_BYTES;
    if (--request.liveRows > 0) return;
    this.#requests.delete(request);
    this.#requestBytes -= sizeOf(request);
  }
}

/** What a request holds in memory, live or not. */
function sizeOf({ bytes, rows }: HeldRequest): number {
  return bytes.length + rows.byteLength;
}
