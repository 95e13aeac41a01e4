// Folders and files of the store, which nobody else on the machine may read: kept traces carry what services wrote in them.
// On Windows modes say nothing, and the folder's own access list holds.
import { chmodSync, closeSync, existsSync, lstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/**
 * Makes a folder and those above it; only the folder itself is private. One that is there stays as it is: it may be
 * somebody's on purpose. Node's own recursive form never ends where the system answers as /proc does.
 */
export function makePrivateFolder(path: string): void {
  if (existsSync(path)) return;
  makeParent(dirname(path));
  makeFolder(path, FOLDER_MODE);
}

function makeParent(path: string): void {
  if (existsSync(path)) return;
  makeParent(dirname(path));
  makeFolder(path);
}

/** Another sidecar that starts below the same parent may have made it since it was looked for. */
function makeFolder(path: string, mode?: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isThere(error) || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Makes a file where there is none, and takes the rights of others from one of ours that an earlier version made. One that is
 * there is never opened: to close a database drops the locks that this process has on it, and a link may lead anywhere.
 *
 * @see https://www.sqlite.org/howtocorrupt.html 2.2
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE_MODE));
  } catch (error) {
    if (!isThere(error)) throw error;
    const found = lstatSync(path);
    // Only its owner may change the mode, and of another owner's file it was not us who made it.
    if (found.isFile() && (found.mode & 0o077) !== 0 && found.uid === process.getuid?.()) chmodSync(path, FILE_MODE);
  }
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
