// The ring of kept traces in one SQLite file. Synchronous: runs in the store's own thread.
// A row is a batch as it was handed over: what is shown of its traces is read from its bytes when somebody asks.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { decodeSpans } from '../otlp/decode.ts';
import type { TraceAnswer, TraceSummary } from '../web/api.ts';
import type { KeptTraces, StoreWorkerData, TraceQuery } from './contract.ts';
import { MIGRATIONS } from './migrations.ts';
import { joined, type Outline, Outlines } from './outlines.ts';
import { byStart, spansJson, summarise } from './trace-answer.ts';

const FILE = 'evenkeel.sqlite';
/** Another sidecar on the same file is told at once; a reader such as a backup may hold it for a moment. */
const BUSY_TIMEOUT_MS = 500;
/** Of a new file. Batches are large, and taking one out again walks all of its pages. */
const PAGE_BYTES = 65_536;
/** Pages written ahead before they go to the file, 4 MiB. */
const PAGES_AHEAD = 64;
const ID_BYTES = 16;

type RingOptions = Pick<StoreWorkerData, 'path' | 'ringBytes' | 'ringAgeMs'>;

/** Kept traces by age, bounded in bytes and time. The oldest batch goes first, whole. */
export class TraceRing {
  readonly #db: DatabaseSync;
  readonly #options: RingOptions;
  readonly #statements: Record<'insert' | 'oldest' | 'remove' | 'newestFirst' | 'one' | 'holding', StatementSync>;
  readonly #outlines = new Outlines();
  /** Of which more than late spans are here. */
  traces = 0;
  bytes = 0;

  /** @throws Error from SQLite where the file cannot be used, or is in use */
  constructor(options: RingOptions) {
    this.#options = options;
    makeFolder(resolve(options.path));
    const db = (this.#db = new DatabaseSync(join(options.path, FILE), { timeout: BUSY_TIMEOUT_MS }));
    db.exec(
      `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
       PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${PAGES_AHEAD};`,
    );
    migrate(db);
    this.#statements = {
      insert: db.prepare(
        'INSERT INTO batches (kept_ms, traces, size, trace_ids, reasons, late, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      oldest: db.prepare('SELECT id, kept_ms, traces, size FROM batches ORDER BY id LIMIT 1'),
      remove: db.prepare('DELETE FROM batches WHERE id = ?'),
      newestFirst: db.prepare('SELECT id FROM batches ORDER BY id DESC'),
      one: db.prepare('SELECT trace_ids, reasons, late, body FROM batches WHERE id = ?'),
      holding: db.prepare(
        'SELECT trace_ids, reasons, late, body FROM batches WHERE instr(trace_ids, ?) > 0 ORDER BY id',
      ),
    };
    const total = db.prepare('SELECT coalesce(sum(traces), 0) AS traces, coalesce(sum(size), 0) AS bytes FROM batches');
    this.traces = Number(total.get()?.['traces'] ?? 0);
    this.bytes = Number(total.get()?.['bytes'] ?? 0);
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

  list(query: TraceQuery): TraceSummary[] {
    const found: TraceSummary[] = [];
    const late = new Map<string, Outline[]>();
    const look = (outline: Outline): void => {
      if (found.length < query.limit && matches(outline, query)) found.push(outline.summary);
    };
    for (const { id } of this.#statements.newestFirst.iterate()) {
      const outlines = this.#outlines.of(Number(id), () => this.#read(Number(id)));
      for (const outline of outlines.toReversed()) {
        const { traceId } = outline.summary;
        const parts = late.get(traceId) ?? [];
        if (outline.isLate) late.set(traceId, [outline, ...parts]);
        else {
          look(joined(outline, parts));
          late.delete(traceId);
        }
      }
      if (found.length >= query.limit) break;
    }
    // What is left began before everything that is here.
    for (const [first, ...more] of late.values()) if (first !== undefined) look(joined(first, more));
    return found;
  }

  get(traceId: string): TraceAnswer | undefined {
    const id = Buffer.from(traceId, 'hex');
    const batches = this.#statements.holding.all(id).map(keptTraces);
    const spans = byStart(batches.flatMap(({ body }) => decodeSpans(body, { traceId: id })));
    if (spans.length === 0) return undefined;
    return { summary: summarise(traceId, reasonOf(batches, traceId), spans), spans: spansJson(spans) };
  }

  close(): void {
    this.#db.close();
  }

  #read(batch: number): KeptTraces {
    return keptTraces(this.#statements.one.get(batch) ?? {});
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
    this.#db.exec('BEGIN');
    const { traces, bytes } = this;
    try {
      run();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      this.traces = traces;
      this.bytes = bytes;
      throw error;
    }
  }
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
  return search.includes(operation === undefined ? `${start}\t` : `${start}\t${operation}\n`);
}

/** Why a trace was kept, as its first batch has it. */
function reasonOf(batches: readonly KeptTraces[], traceId: string): string {
  for (const { traceIds, reasons } of batches)
    for (let entry = 0; entry < reasons.length; entry++)
      if (traceIds.startsWith(traceId, entry * ID_BYTES * 2)) return reasons[entry] ?? '';
  return '';
}

/** Makes a folder and those above it. Node's own recursive form never ends where the system answers as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}

function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length)
    throw new Error(`the file is of schema version ${version}, this program knows ${MIGRATIONS.length}`);
  MIGRATIONS.slice(version).forEach((step, i) =>
    db.exec(`BEGIN; ${step}; PRAGMA user_version = ${version + i + 1}; COMMIT;`),
  );
}
