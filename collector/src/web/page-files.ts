// The built page, read once at start and served from memory: a handful of small files.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

export interface PageFile {
  readonly mediaType: string;
  readonly body: Buffer;
  /** Its name changes with its content, so browsers may keep it. */
  readonly immutable: boolean;
}

/** Reads a folder into a map from URL path to file; empty where the page was not built. */
export function readPageFiles(folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    // No page is a state of the build, not a fault of the process: the API still serves.
    return files;
  }
  for (const name of names) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    const mediaType = MEDIA_TYPES[extname(path)] ?? 'application/octet-stream';
    const file = { mediaType, body: readFileSync(path), immutable: url.startsWith('/assets/') };
    files.set(url, file);
    if (url === '/index.html') files.set('/', file);
  }
  return files;
}
