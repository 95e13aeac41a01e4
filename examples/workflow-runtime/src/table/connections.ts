// Connections to the SQLite file behind the tables: a pool of those that read, and one for each transaction that writes.
// Nothing that is kept here has to outlive the process, so the file goes with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { instrumentPool, recordLockWait, traceTransaction } from '@evenkeel/sdk';
import { Pool } from 'tarn';

const DATABASE = { system: 'sqlite', namespace: 'dependencies' } as const;

/** Reading does not block others, but a connection does one thing at a time. */
const MAX_READERS = 4;

/** Filling the table takes some milliseconds; whoever waits looks so often, and gives up after so long. */
const LOCK_RETRY_MS = 2;
const LOCK_LIMIT_MS = 5000;

/** What SQLite answers while another connection writes. @see https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/** One connection with the statements that were prepared on it. */
export class Connection {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string, options: { readOnly: boolean }) {
    this.database = new DatabaseSync(file, options);
  }

  /** Prepares each text once; the texts are the constants of schema.ts, so the map is bounded by them. */
  prepare(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.database.prepare(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }

  all(text: string, values: readonly SQLInputValue[]): unknown[] {
    return this.prepare(text).all(...values);
  }
}

export class Connections {
  readonly #folder = mkdtempSync(join(tmpdir(), 'workflow-runtime-'));
  readonly #file = join(this.#folder, 'dependencies.db');
  /** Stays open, for SQLite takes the log away with the last connection. */
  readonly #first = new Connection(this.#file, { readOnly: false });
  readonly #readers: Pool<Connection>;
  readonly #remove = (): void => rmSync(this.#folder, { recursive: true, force: true });

  constructor(schema: string) {
    process.once('exit', this.#remove); // For a process that ends before anybody closes.
    // With a log beside the file, those who read go on while one writes, and see what was there before.
    this.#first.database.exec(`PRAGMA journal_mode = WAL; ${schema}`);
    const pool = new Pool<Connection>({
      min: 0,
      max: MAX_READERS,
      create: async () => new Connection(this.#file, { readOnly: true }),
      destroy: ({ database }) => database.close(),
    });
    this.#readers = instrumentPool(pool, { name: 'sqlite-readers' });
  }

  /** Lends a connection for reading. */
  async read<T>(work: (connection: Connection) => T): Promise<T> {
    const reader = await this.#readers.acquire().promise;
    try {
      return work(reader);
    } finally {
      this.#readers.release(reader);
    }
  }

  /** Runs one transaction: what `work` wrote is there when it resolves, and none of it when it rejects. */
  @traceTransaction(DATABASE)
  async write(work: (connection: Connection) => Promise<void>): Promise<void> {
    const writer = new Connection(this.#file, { readOnly: false });
    try {
      writer.database.exec('PRAGMA synchronous = OFF');
      await lock(writer.database);
      await work(writer);
      writer.database.exec('COMMIT');
    } finally {
      writer.database.close(); // What was not committed is rolled back.
    }
  }

  async close(): Promise<void> {
    await this.#readers.destroy();
    this.#first.database.close();
    process.off('exit', this.#remove);
    this.#remove();
  }
}

/** Waits until no other connection writes: SQLite lets one at a time. */
async function lock(database: DatabaseSync): Promise<void> {
  const startMs = performance.now();
  while (!begins(database, performance.now() - startMs > LOCK_LIMIT_MS)) await pause(LOCK_RETRY_MS);
  recordLockWait(performance.now() - startMs, DATABASE);
}

/** @returns false while another connection writes. @throws what SQLite says, in the end that it is busy, too */
function begins(database: DatabaseSync, isLast: boolean): boolean {
  try {
    database.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    const isBusy = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
    if (!isBusy || isLast) throw error;
    return false;
  }
}
