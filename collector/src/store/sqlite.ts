// The ring of kept traces in one SQLite file. Synchronous: runs in the store's own thread.
// A row is a batch as it was handed over: what is shown of its traces is read from its bytes when somebody asks.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { decodeSpan, isOfTrace, spanPlaces } from '../otlp/decode.ts';
import { STATUS_ERROR } from '../otlp/span-batch.ts';
import type { TraceSummary } from '../web/api.ts';
import type { KeptTraces, StoreWorkerData, TraceQuery } from './contract.ts';
import { MIGRATIONS } from './migrations.ts';
import { joined, type Outline, Outlines } from './outlines.ts';
import { makePrivateFile, makePrivateFolder } from './private-files.ts';
import { type ChosenSpan, SpanChoice } from './span-choice.ts';
import { AnswerText } from './trace-answer.ts';
import { shownName, TraceSum } from './trace-sum.ts';
import { inTurns, type Turns } from './turns.ts';

/** A sidecar has it for itself for as long as it runs. */
export const RING_FILE = 'traces.sqlite';
/** What is left of a damaged file, for whoever wants to look into it; the next one takes its place. */
const SET_ASIDE = 'traces.sqlite.damaged';
/** Another sidecar on the same file is told at once; a reader such as a backup may hold it for a moment. */
const BUSY_TIMEOUT_MS = 500;
/** Of a new file. Batches are large, and taking one out again walks all of its pages. */
const PAGE_BYTES = 65_536;
const ID_BYTES = 16;

type Statements = Record<'insert' | 'oldest' | 'remove' | 'older' | 'one' | 'body' | 'holding', StatementSync>;
type RingOptions = Pick<StoreWorkerData, 'path' | 'ringBytes' | 'ringAgeMs'>;

/** Kept traces by age, bounded in bytes and time. The oldest batch goes first, whole. */
export class TraceRing {
  readonly #db: DatabaseSync;
  readonly #options: RingOptions;
  readonly #statements: Statements;
  readonly #outlines = new Outlines();
  /** Of which more than late spans are here. */
  traces = 0;
  bytes = 0;

  /** @throws Error from SQLite where the file cannot be used, or is in use */
  constructor(options: RingOptions) {
    this.#options = options;
    makePrivateFolder(resolve(options.path));
    const file = join(options.path, RING_FILE);
    // SQLite gives its journal the mode of this one; it may be left of a process that was killed.
    makePrivateFile(file);
    if (existsSync(`${file}-journal`)) makePrivateFile(`${file}-journal`);
    const db = (this.#db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS }));
    try {
      this.#statements = prepare(db);
      const total = db.prepare(
        'SELECT coalesce(sum(traces), 0) AS traces, coalesce(sum(size), 0) AS bytes FROM batches',
      );
      const sums = total.get();
      this.traces = Number(sums?.['traces'] ?? 0);
      this.bytes = Number(sums?.['bytes'] ?? 0);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Adds a batch and makes room, in one transaction. */
  keep({ traceIds, reasons, late, body }: KeptTraces, nowMs: number): void {
    this.#transaction(() => {
      const traces = reasons.length - late.length;
      const ids = Buffer.from(traceIds, 'hex');
      this.#statements.insert.run(nowMs, traces, body.length, ids, JSON.stringify(reasons), JSON.stringify(late), body);
      this.bytes += body.length;
      this.traces += traces;
      this.#makeRoom(nowMs);
    });
  }

  /** Removes what is too old by now: nothing need be kept for that. */
  makeRoom(nowMs: number): void {
    this.#transaction(() => this.#makeRoom(nowMs));
  }

  overdueTraces(nowMs: number): number {
    const sum = this.#db.prepare('SELECT sum(traces) AS traces FROM batches WHERE kept_ms < ?');
    return Number(sum.get(nowMs - this.#options.ringAgeMs)?.['traces'] ?? 0);
  }

  /** Traces that answer a query, newest first. Batches may come and go between two turns. */
  *list(query: TraceQuery): Turns<TraceSummary[]> {
    const found: TraceSummary[] = [];
    const late = new Map<string, Outline[]>();
    const look = (outline: Outline): void => {
      if (found.length < query.limit && matches(outline, query)) found.push(outline.summary);
    };
    for (let id = this.#olderThan(Number.MAX_SAFE_INTEGER); id !== undefined; id = this.#olderThan(id)) {
      for (const outline of (yield* this.#outlinesOf(id)).toReversed()) {
        const { traceId } = outline.summary;
        const parts = late.get(traceId) ?? [];
        if (outline.isLate) late.set(traceId, [outline, ...parts]);
        else {
          look(joined(outline, parts));
          late.delete(traceId);
        }
      }
      if (found.length >= query.limit) break;
      yield;
    }
    // What is left began before everything that is here.
    for (const [first, ...more] of late.values()) if (first !== undefined) look(joined(first, more));
    return found;
  }

  /** @returns JSON of a TraceAnswer; undefined where no span of the trace is here */
  *get(traceId: string): Turns<Uint8Array<ArrayBuffer> | undefined> {
    const id = Buffer.from(traceId, 'hex');
    const sum = new TraceSum();
    const choice = new SpanChoice();
    for (const { id: row } of this.#statements.holding.all(id)) {
      const batch = Number(row);
      const body = this.#body(batch);
      yield* inTurns(spanPlaces(body), (place) => {
        if (!isOfTrace(body, place, id)) return;
        const span = decodeSpan(body, place, 'outline');
        sum.add(span);
        choice.add({ ...place, batch, startNs: span.startNs, isError: span.status === STATUS_ERROR });
      });
      free(body);
    }
    if (sum.spans === 0) return undefined;
    yield;
    const chosen = choice.chosen();
    yield;
    const text = new AnswerText(sum.startNs, chosen.length);
    for (const [batch, spans] of Map.groupBy(chosen, (span) => span.batch)) {
      // May have made room for others since; then its spans are cut.
      const body = this.#body(batch);
      if (body.length > 0) yield* inTurns(failedFirst(spans), (span) => addTo(text, body, span));
      free(body);
    }
    return text.finish(sum.summary(traceId, this.keptBy(traceId) ?? ''));
  }

  /** Why a trace was kept, as its first batch has it; undefined where no span of it is here. */
  keptBy(traceId: string): string | undefined {
    for (const row of this.#statements.holding.all(Buffer.from(traceId, 'hex'))) {
      const traceIds = Buffer.from(row['trace_ids'] as Uint8Array).toString('hex');
      const reasons = JSON.parse(String(row['reasons'])) as string[];
      const reason = reasons.find((_, entry) => traceIds.startsWith(traceId, entry * ID_BYTES * 2));
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  close(): void {
    this.#db.close();
  }

  #olderThan(batch: number): number | undefined {
    const row = this.#statements.older.get(batch);
    return row === undefined ? undefined : Number(row['id']);
  }

  *#outlinesOf(batch: number): Turns<readonly Outline[]> {
    let read: KeptTraces | undefined;
    const outlines = yield* this.#outlines.of(batch, () => (read = keptTraces(this.#statements.one.get(batch) ?? {})));
    if (read !== undefined) free(read.body);
    return outlines;
  }

  /** Empty where the batch is gone. */
  #body(batch: number): Uint8Array<ArrayBuffer> {
    const row = this.#statements.body.get(batch);
    return row === undefined ? new Uint8Array() : (row['body'] as Uint8Array<ArrayBuffer>);
  }

  #makeRoom(nowMs: number): void {
    const oldestMs = nowMs - this.#options.ringAgeMs;
    for (;;) {
      const row = this.#statements.oldest.get();
      if (row === undefined || (this.bytes <= this.#options.ringBytes && Number(row['kept_ms']) >= oldestMs)) return;
      this.#statements.remove.run(Number(row['id']));
      this.#outlines.forget(Number(row['id']));
      this.bytes -= Number(row['size']);
      this.traces -= Number(row['traces']);
    }
  }

  #transaction(run: () => void): void {
    const { traces, bytes } = this;
    this.#db.exec('BEGIN');
    try {
      run();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.traces = traces;
      this.bytes = bytes;
      // SQLite rolls back by itself where a disk is full or fails; Node 22.15 cannot say whether it did. Of a damaged file
      // nothing can be rolled back, and the first error says more.
      if (!isBroken(error) && this.#db.isTransaction !== false) this.#db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** SQLite's codes for a file that is broken, and for one that is no database. */
const BROKEN = 11;
const NO_DATABASE = 26;
/** And for one that another process has for itself. */
const BUSY = 5;

/** The ring's file, where an error says that it is no database at all: it may be somebody else's. */
export function foreignFile(path: string, error: unknown): string | undefined {
  return isNoDatabase(error) ? join(path, RING_FILE) : undefined;
}

export function isInUse(error: unknown): boolean {
  return errorCode(error) === BUSY;
}

export function isNoDatabase(error: unknown): boolean {
  return errorCode(error) === NO_DATABASE;
}

/** Tells whether an error says that a file is damaged. */
export function isBroken(error: unknown): boolean {
  return errorCode(error) === BROKEN;
}

/** Puts a damaged file out of the way; the ring that had it must be closed. */
export function setAside(path: string): void {
  renameSync(join(path, RING_FILE), join(path, SET_ASIDE));
  rmSync(join(path, `${RING_FILE}-journal`), { force: true });
}

function errorCode(error: unknown): number | undefined {
  // The low byte; what is above says where in the file.
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}

function keptTraces(row: Record<string, unknown>): KeptTraces {
  return {
    traceIds: Buffer.from(row['trace_ids'] as Uint8Array).toString('hex'),
    reasons: JSON.parse(String(row['reasons'])) as string[],
    late: JSON.parse(String(row['late'])) as number[],
    body: row['body'] as Uint8Array<ArrayBuffer>,
  };
}

function matches({ summary, search }: Outline, { service, operation, errorsOnly }: TraceQuery): boolean {
  if (errorsOnly === true && summary.errorCount === 0) return false;
  if (service === undefined && operation === undefined) return true;
  const start = service === undefined ? '' : `\n${service}`;
  return search.includes(operation === undefined ? `${start}\t` : `${start}\t${shownName(operation)}\n`);
}

/** Where detail does not fit for all, those that failed tell theirs. */
function failedFirst(spans: readonly ChosenSpan[]): ChosenSpan[] {
  return [...spans.filter(({ isError }) => isError), ...spans.filter(({ isError }) => !isError)];
}

/** Text takes more room as JSON than in the body, so what is too large there need not be tried. */
function addTo(text: AnswerText, body: Uint8Array, span: ChosenSpan): void {
  const depth = span.end - span.start <= text.roomForDetail ? 'full' : 'outline';
  text.add(decodeSpan(body, span, depth), depth);
}

/** Gives bytes back at once: garbage is seldom collected in this thread, and an answer may read all of the ring. */
function free(body: Uint8Array<ArrayBuffer>): void {
  body.buffer.transfer(0);
}

/**
 * Sets a file up. It survives the end of the process at any moment; only where the machine itself goes down may it be damaged,
 * and then it is begun anew: a ring of recent traces is not worth waiting for the disk at each batch.
 */
function prepare(db: DatabaseSync): Statements {
  db.exec(
    `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = PERSIST;
     PRAGMA synchronous = OFF; BEGIN EXCLUSIVE; COMMIT;`,
  );
  migrate(db);
  return {
    insert: db.prepare(
      'INSERT INTO batches (kept_ms, traces, size, trace_ids, reasons, late, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    oldest: db.prepare('SELECT id, kept_ms, traces, size FROM batches ORDER BY id LIMIT 1'),
    remove: db.prepare('DELETE FROM batches WHERE id = ?'),
    older: db.prepare('SELECT id FROM batches WHERE id < ? ORDER BY id DESC LIMIT 1'),
    one: db.prepare('SELECT trace_ids, reasons, late, body FROM batches WHERE id = ?'),
    body: db.prepare('SELECT body FROM batches WHERE id = ?'),
    holding: db.prepare('SELECT id, trace_ids, reasons FROM batches WHERE instr(trace_ids, ?) > 0 ORDER BY id'),
  };
}

function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length)
    throw new Error(`the file is of schema version ${version}, this program knows ${MIGRATIONS.length}`);
  MIGRATIONS.slice(version).forEach((step, i) =>
    db.exec(`BEGIN; ${step}; PRAGMA user_version = ${version + i + 1}; COMMIT;`),
  );
}
