// Folders and files of the store, which nobody else on the machine may read: kept traces carry what services wrote in them.
// On Windows modes say nothing, and the folder's own access list holds.
import { chmodSync, closeSync, existsSync, fstatSync, mkdirSync, openSync } from 'node:fs';
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
  mkdirSync(path, { mode: FOLDER_MODE });
}

function makeParent(path: string): void {
  if (existsSync(path)) return;
  makeParent(dirname(path));
  mkdirSync(path);
}

/** Makes a file where there is none, and takes the rights of others from one of ours that an earlier version made. */
export function makePrivateFile(path: string): void {
  const file = openSync(path, 'a', FILE_MODE);
  const { mode, uid } = fstatSync(file);
  closeSync(file);
  // Only its owner may change the mode, and of another owner's file it was not us who made it.
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(path, FILE_MODE);
}
