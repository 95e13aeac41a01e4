// Lists the files that a manifest offers to its importers. Pure; whether they exist is checked by package-tree.ts.

/** One file under one subpath and one chain of conditions, as `exports` or `main` declares it. */
export interface EntryPoint {
  /** `.` or `./feature`. */
  readonly subpath: string;
  /** Conditions from the outside in, e.g. `import.types`; `default` when there is none, `main` for the old field. */
  readonly condition: string;
  /** Path below the package's folder, e.g. `./dist/index.js`. */
  readonly file: string;
}

/** Nesting that any real manifest stays far under; deeper parts are left out. */
const MAX_DEPTH = 8;

/**
 * Lists entry points in the order of the manifest. Patterns (`./features/*`) stand for no single file and are left
 * out, and so are targets that are no relative path.
 */
export function listEntryPoints(manifest: { exports?: unknown; main?: string | undefined }): EntryPoint[] {
  if (manifest.exports === undefined || manifest.exports === null) {
    return manifest.main ? [{ subpath: '.', condition: 'main', file: relative(manifest.main) }] : [];
  }
  const found: EntryPoint[] = [];
  const { exports } = manifest;
  const subpaths =
    isRecord(exports) && Object.keys(exports).some((key) => key.startsWith('.'))
      ? Object.entries(exports)
      : [['.', exports] as const];
  for (const [subpath, target] of subpaths) collect(found, subpath, [], target);
  return found;
}

function collect(found: EntryPoint[], subpath: string, conditions: readonly string[], target: unknown): void {
  if (conditions.length > MAX_DEPTH) return;
  if (typeof target === 'string') {
    if (!target.startsWith('./') || target.includes('*') || subpath.includes('*')) return;
    found.push({ subpath, condition: conditions.join('.') || 'default', file: target });
  } else if (Array.isArray(target)) {
    for (const alternative of target) collect(found, subpath, [...conditions, 'any'], alternative);
  } else if (isRecord(target)) {
    for (const [condition, inner] of Object.entries(target)) collect(found, subpath, [...conditions, condition], inner);
  }
}

function relative(file: string): string {
  return file.startsWith('./') ? file : `./${file}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
