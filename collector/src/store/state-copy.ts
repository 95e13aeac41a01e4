// Copies of what rooms keep: made while a sidecar runs, checked, and put back while none does. For commands.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { EvenkeelError } from '../errors.ts';
import type { LoadedDocument } from './contract.ts';
import { makePrivateFile, makePrivateFolder } from './private-files.ts';
import { isInUse, RING_FILE } from './sqlite.ts';
import { knownVersion, putStateAside, refuseForeign, STATE_FILE } from './state-file.ts';

/** A sidecar that writes is done in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;
/** What was there before something was put back; the one before that is gone. */
const BEFORE_RESTORE = 'state.sqlite.before-restore';
/** Faults that are named. */
const MAX_FAULTS = 20;

/** What was found in a file. */
export interface Checked {
  /** Documents by room. */
  readonly documents: Readonly<Record<string, number>>;
  /** What is wrong with it, the first twenty; empty where it is sound. */
  readonly faults: readonly string[];
}

/** Reads a document of a room as that room would. @throws where it cannot */
export type ReadDocument = (room: string, key: string, body: Uint8Array<ArrayBuffer>) => void;

/**
 * Copies the state of a store into a new file, also while a sidecar writes.
 *
 * @throws STORE_COPY
 */
export function backUp(folder: string, target: string, read: ReadDocument): Checked {
  if (existsSync(target)) throw new EvenkeelError('STORE_COPY', `${target} is there already`);
  return copy(join(folder, STATE_FILE), target, read);
}

/** Looks at every page and every document of a file. @throws STORE_COPY where it cannot be opened at all */
export function check(file: string, read: ReadDocument): Checked {
  const db = opened(file);
  try {
    const documents: Record<string, number> = {};
    const faults = db
      .prepare(`PRAGMA integrity_check(${MAX_FAULTS})`)
      .all()
      .map((row) => String(row['integrity_check']))
      .filter((text) => text !== 'ok');
    for (const row of db.prepare('SELECT room, key, body, crc FROM documents').iterate()) {
      const [room, key, body] = [String(row['room']), String(row['key']), row['body'] as Uint8Array<ArrayBuffer>];
      documents[room] = (documents[room] ?? 0) + 1;
      const fault = faultOf(() => {
        if (crc32(body) !== row['crc']) throw new Error('its checksum is wrong');
        read(room, key, body);
      });
      if (fault !== undefined && faults.length < MAX_FAULTS) faults.push(`${room}, ${key}: ${fault}`);
    }
    return { documents, faults };
  } catch (error) {
    // A page may be so damaged that no walk comes past it.
    return { documents: {}, faults: [messageOf(error)] };
  } finally {
    db.close();
  }
}

/** Reads the documents of one room, also while a sidecar writes. @throws STORE_COPY */
export function readRoom(folder: string, room: string): LoadedDocument[] {
  const db = opened(join(folder, STATE_FILE));
  try {
    const rows = db.prepare('SELECT key, body, crc FROM documents WHERE room = ? ORDER BY key').all(room);
    return rows.map((row) => {
      const body = row['body'] as Uint8Array<ArrayBuffer>;
      return { key: String(row['key']), body: crc32(body) === row['crc'] ? body : undefined };
    });
  } finally {
    db.close();
  }
}

/**
 * Puts a copy in the place of a store's state, which is kept beside it. No sidecar can start meanwhile.
 *
 * @throws STORE_COPY where the copy is not sound, STORE_IN_USE where a sidecar runs
 */
export function putBack(file: string, folder: string, read: ReadDocument): Checked {
  makePrivateFolder(folder);
  const leave = holdStore(folder);
  try {
    const fresh = join(folder, `${STATE_FILE}.restored`);
    rmSync(fresh, { force: true });
    const checked = copy(file, fresh, read);
    // With its log, which must never be read into another file.
    if (existsSync(join(folder, STATE_FILE))) putStateAside(folder, BEFORE_RESTORE);
    renameSync(fresh, join(folder, STATE_FILE));
    return checked;
  } finally {
    leave();
  }
}

function copy(source: string, target: string, read: ReadDocument): Checked {
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  try {
    const db = opened(source);
    try {
      makePrivateFile(partial);
      db.prepare('VACUUM INTO ?').run(partial);
    } finally {
      db.close();
    }
    const checked = check(partial, read);
    if (checked.faults.length > 0) throw new EvenkeelError('STORE_COPY', `${source}: ${checked.faults.join('; ')}`);
    toDisk(partial);
    renameSync(partial, target);
    return checked;
  } catch (error) {
    rmSync(partial, { force: true });
    if (error instanceof EvenkeelError) throw error;
    throw new EvenkeelError('STORE_COPY', `${source}: ${messageOf(error)}`, { cause: error });
  }
}

/** Opens a file of ours to read it. @throws STORE_COPY */
function opened(file: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    if (!existsSync(file)) throw new Error('there is no such file');
    db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    refuseForeign(db, file);
    if (knownVersion(db) === 0) throw new Error('it is empty');
    return db;
  } catch (error) {
    db?.close();
    throw new EvenkeelError('STORE_COPY', `${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Takes the lock that a sidecar holds for as long as it runs. @returns what gives it back */
function holdStore(folder: string): () => void {
  const file = join(folder, RING_FILE);
  makePrivateFile(file);
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    // A damaged file is none that a sidecar runs on.
    if (isInUse(error)) {
      db.close();
      throw new EvenkeelError('STORE_IN_USE', folder, { cause: error });
    }
  }
  return () => db.close();
}

function toDisk(file: string): void {
  const handle = openSync(file, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}

function faultOf(look: () => void): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
