// What rooms keep over restarts, in a SQLite file of its own: what was learned in days must not share the fate of a ring
// of recent traces, which is begun anew whenever it is damaged. Synchronous: runs in the store's own thread, or a command.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { LoadedDocument, StateDocument } from './contract.ts';
import { makePrivateFile, makePrivateFolder } from './private-files.ts';
import { isBroken, isNoDatabase } from './sqlite.ts';
import { STATE_MIGRATIONS } from './state-migrations.ts';

export const STATE_FILE = 'state.sqlite';
/** What is left of a damaged file, for whoever wants to look into it; the next one takes its place. */
const SET_ASIDE = 'state.sqlite.damaged';
/** A backup reads beside us and waits for nothing; whoever else writes is a mistake, and soon told so. */
const BUSY_TIMEOUT_MS = 500;
/** `Evks`: tells our files from other programs' databases. */
export const APPLICATION_ID = 0x45766b73;
const PAGE_BYTES = 1024 ** 2;

/** The file is some other program's. */
export class ForeignFile extends Error {
  readonly file: string;

  constructor(file: string, cause?: unknown) {
    super('it is none of this program', { cause });
    this.file = file;
  }
}

type Statements = Record<'put' | 'remove' | 'page' | 'size', StatementSync>;

/** Documents of rooms by key. */
export class StateFile {
  readonly #db: DatabaseSync;
  readonly #statements: Statements;

  /** @throws ForeignFile; Error from SQLite where the file cannot be used */
  constructor(folder: string) {
    makePrivateFolder(resolve(folder));
    const file = join(folder, STATE_FILE);
    // SQLite gives the files beside it the mode of this one.
    makePrivateFile(file);
    const db = (this.#db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS }));
    try {
      refuseForeign(db, file);
      knownVersion(db);
      // After a crash of this program all that was answered is there; where the machine goes down, the last of it may not be.
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      migrate(db);
      this.#statements = {
        put: db.prepare('INSERT OR REPLACE INTO documents (room, key, body, crc, saved_ms) VALUES (?, ?, ?, ?, ?)'),
        remove: db.prepare('DELETE FROM documents WHERE room = ? AND key = ?'),
        size: db.prepare('SELECT page_count AS pages, page_size AS bytes FROM pragma_page_count, pragma_page_size'),
        page: db.prepare('SELECT key, body, crc FROM documents WHERE room = ? AND key > ? ORDER BY key'),
      };
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Removes documents and writes others, all or nothing. */
  save(room: string, documents: readonly StateDocument[], removed: readonly string[], nowMs: number): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      // What was removed may have come again since.
      for (const key of removed) this.#statements.remove.run(room, key);
      for (const { key, body } of documents) this.#statements.put.run(room, key, body, crc32(body), nowMs);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (!isBroken(error) && this.#db.isTransaction !== false) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Documents in the order of their keys, about a megabyte at once. @param after the last key of the page before */
  page(room: string, after: string): LoadedDocument[] {
    const documents: LoadedDocument[] = [];
    let bytes = 0;
    for (const row of this.#statements.page.iterate(room, after)) {
      const body = row['body'] as Uint8Array<ArrayBuffer>;
      documents.push({ key: String(row['key']), body: crc32(body) === row['crc'] ? body : undefined });
      bytes += body.length;
      if (bytes >= PAGE_BYTES) break;
    }
    return documents;
  }

  /** Of all pages; what is still in the log is not in them. */
  sizeBytes(): number {
    const { pages, bytes } = this.#statements.size.get() ?? {};
    return Number(pages) * Number(bytes);
  }

  close(): void {
    this.#db.close();
  }
}

/** Puts the file out of the way, with what was not yet written into it; it must be closed. */
export function putStateAside(folder: string, as = SET_ASIDE): void {
  const [from, to] = [join(folder, STATE_FILE), join(folder, as)];
  for (const part of ['', '-wal', '-shm']) {
    if (existsSync(from + part)) renameSync(from + part, to + part);
    else rmSync(to + part, { force: true });
  }
}

/** @throws ForeignFile where it is no database, or one with tables of somebody else */
export function refuseForeign(db: DatabaseSync, file: string): void {
  try {
    const tables = Number(db.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count']);
    const id = Number(db.prepare('PRAGMA application_id').get()?.['application_id']);
    if (tables > 0 && id !== APPLICATION_ID) throw new ForeignFile(file);
  } catch (error) {
    throw isNoDatabase(error) ? new ForeignFile(file, error) : error;
  }
}

/** Version of a file's schema. @throws Error where it is a later program's */
export function knownVersion(db: DatabaseSync): number {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version <= STATE_MIGRATIONS.length) return version;
  throw new Error(
    `${STATE_FILE} is of schema version ${version}, this program knows ${STATE_MIGRATIONS.length}; run the newer one`,
  );
}

function migrate(db: DatabaseSync): void {
  const version = knownVersion(db);
  STATE_MIGRATIONS.slice(version).forEach((step, i) =>
    db.exec(
      `BEGIN; ${step}; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + i + 1}; COMMIT;`,
    ),
  );
}
