// The ring of kept traces in one SQLite file. Synchronous: runs in the store's own thread.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { TraceAnswer, TraceSummary } from '../web/api.ts';
import type { KeptTrace, StoreWorkerData, TraceQuery } from './contract.ts';
import { MIGRATIONS } from './migrations.ts';
import { decodeParts, merge, searchText, spansJson, summarise } from './trace-answer.ts';

const FILE = 'evenkeel.sqlite';
/** Another sidecar on the same file is told at once; a reader such as a backup may hold it for a moment. */
const BUSY_TIMEOUT_MS = 500;

type RingOptions = Pick<StoreWorkerData, 'path' | 'ringBytes' | 'ringAgeMs'>;

/** Kept traces by age, bounded in bytes and time. */
export class TraceRing {
  readonly #db: DatabaseSync;
  readonly #options: RingOptions;
  readonly #statements: Record<'insert' | 'part' | 'parts' | 'one' | 'oldest' | 'remove', StatementSync>;
  traces = 0;
  bytes = 0;

  /** @throws Error from SQLite where the file cannot be used, or is in use */
  constructor(options: RingOptions) {
    this.#options = options;
    makeFolder(resolve(options.path));
    const db = (this.#db = new DatabaseSync(join(options.path, FILE), { timeout: BUSY_TIMEOUT_MS }));
    db.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;',
    );
    migrate(db);
    this.#statements = {
      insert: db.prepare(
        `INSERT INTO traces (trace_id, kept_ms, error_count, size, reason, search, summary) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (trace_id) DO UPDATE SET error_count = excluded.error_count, size = excluded.size,
           search = excluded.search, summary = excluded.summary`,
      ),
      part: db.prepare('INSERT INTO trace_parts (trace_id, body) VALUES (?, ?)'),
      parts: db.prepare('SELECT body FROM trace_parts WHERE trace_id = ? ORDER BY rowid'),
      one: db.prepare('SELECT size, search, summary FROM traces WHERE trace_id = ?'),
      oldest: db.prepare('SELECT trace_id, size, kept_ms FROM traces ORDER BY kept_ms LIMIT 256'),
      remove: db.prepare('DELETE FROM traces WHERE trace_id = ?'),
    };
    const total = db.prepare('SELECT count(*) AS traces, coalesce(sum(size), 0) AS bytes FROM traces').get();
    this.traces = Number(total?.['traces'] ?? 0);
    this.bytes = Number(total?.['bytes'] ?? 0);
  }

  /** Adds traces and late parts in one transaction, then makes room. */
  keep(traces: readonly KeptTrace[], nowMs: number): void {
    this.#transaction(() => {
      for (const trace of traces) this.#keepOne(trace, nowMs);
      this.#makeRoom(nowMs);
    });
  }

  list({ service, operation, errorsOnly, limit }: TraceQuery): TraceSummary[] {
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    if (service !== undefined || operation !== undefined) {
      conditions.push('instr(search, ?) > 0');
      const start = service === undefined ? '' : `\n${service}`;
      values.push(operation === undefined ? `${start}\t` : `${start}\t${operation}\n`);
    }
    if (errorsOnly === true) conditions.push('error_count > 0');
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = this.#db
      .prepare(`SELECT summary FROM traces ${where} ORDER BY kept_ms DESC LIMIT ?`)
      .all(...values, limit);
    return rows.map((row) => JSON.parse(String(row['summary'])) as TraceSummary);
  }

  get(traceId: string): TraceAnswer | undefined {
    const row = this.#statements.one.get(traceId);
    if (row === undefined) return undefined;
    const spans = decodeParts(this.#partsOf(traceId));
    return { summary: JSON.parse(String(row['summary'])) as TraceSummary, spans: spansJson(spans) };
  }

  close(): void {
    this.#db.close();
  }

  #keepOne({ traceId, reason, body }: KeptTrace, nowMs: number): void {
    const spans = decodeParts([body], 'outline');
    if (spans.length === 0) return;
    const known = this.#statements.one.get(traceId);
    const added = summarise(traceId, reason, spans);
    // Late parts are merged into the summary; decoding the whole trace for each would cost its square.
    const summary = known === undefined ? added : merge(JSON.parse(String(known['summary'])) as TraceSummary, added);
    const size = Number(known?.['size'] ?? 0) + body.length;
    const search = searchText(spans, String(known?.['search'] ?? '\n'));
    const { insert, part } = this.#statements;
    insert.run(traceId, nowMs, summary.errorCount, size, reason, search, JSON.stringify(summary));
    part.run(traceId, body);
    this.bytes += body.length;
    if (known === undefined) this.traces++;
  }

  #partsOf(traceId: string): Uint8Array[] {
    return this.#statements.parts.all(traceId).map((row) => row['body'] as Uint8Array);
  }

  #makeRoom(nowMs: number): void {
    const oldestMs = nowMs - this.#options.ringAgeMs;
    for (;;) {
      const rows = this.#statements.oldest.all();
      let removed = 0;
      for (const row of rows) {
        if (this.bytes <= this.#options.ringBytes && Number(row['kept_ms']) >= oldestMs) return;
        this.#statements.remove.run(String(row['trace_id']));
        this.bytes -= Number(row['size']);
        this.traces--;
        removed++;
      }
      if (removed === 0) return;
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
