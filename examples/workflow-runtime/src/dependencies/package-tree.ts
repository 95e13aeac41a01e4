// The installed packages on disk: manifests, the files they offer, READMEs. Faults of the data (a package that is not
// installed, a malformed manifest, a missing file or README) are thrown here and so become ERROR on the span.
import { access, type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { measurePerformance } from '@evenkeel/sdk';
import { z } from 'zod';
import { describeProblems, RuntimeError } from '../errors.ts';
import { repeatAsync, type Slowdowns } from '../faults/slowdowns.ts';
import type { EntryPoint } from './exports.ts';

const manifestSchema = z.object({
  name: z.string().min(1),
  version: z.string().min(1),
  description: z.string().optional(),
  license: z.string().optional(),
  keywords: z.array(z.string()).optional(),
  main: z.string().optional(),
  exports: z.unknown().optional(),
});

export type Manifest = z.output<typeof manifestSchema>;

/** A README beyond this is cut: its first part says what the package is for. */
const MAX_README_BYTES = 64 * 1024;

export class PackageTree {
  readonly #root: string;
  readonly #slowdowns: Slowdowns;

  /** @param root folder of the project, which all paths are below */
  constructor(root: string, slowdowns: Slowdowns) {
    this.#root = root;
    this.#slowdowns = slowdowns;
  }

  /** Reads a package's manifest. @throws ENOENT when it is not installed, MANIFEST_INVALID */
  @measurePerformance({ name: 'manifest.read', attributes: packagePath, log: 'errors' })
  async readManifest(path: string): Promise<Manifest> {
    const file = join(this.#root, path, 'package.json');
    const text = await repeatAsync(this.#slowdowns.times('manifest'), () => readFile(file, 'utf8'));
    return parseManifest(path, text);
  }

  /** Checks that entry points exist. @throws EXPORT_MISSING naming every file that does not */
  @measurePerformance({ name: 'exports.check', attributes: packagePath })
  async checkEntryPoints(path: string, entryPoints: readonly EntryPoint[]): Promise<void> {
    const missing: string[] = [];
    for (const file of new Set(entryPoints.map((entry) => entry.file))) {
      if (!(await this.#exists(join(this.#root, path, file)))) missing.push(file);
    }
    if (missing.length > 0) throw new MissingFiles(path, missing);
  }

  /** Reads a package's README, cut at 64 KiB. @throws README_MISSING, or ENOENT when it is not installed */
  @measurePerformance({ name: 'readme.read', attributes: packagePath })
  async readReadme(path: string): Promise<string> {
    const file = await this.openReadme(path);
    try {
      return await this.readOpened(file);
    } finally {
      await file.close();
    }
  }

  /** Opens a package's README; whoever does closes it. @throws README_MISSING, or ENOENT when it is not installed */
  async openReadme(path: string): Promise<FileHandle> {
    const folder = join(this.#root, path);
    const name = (await readdir(folder)).find((file) => /^readme(\.|$)/i.test(file));
    if (name === undefined) throw new RuntimeError('README_MISSING', path);
    return open(join(folder, name));
  }

  /** Reads an open README, cut at 64 KiB. @param signal ends it early */
  async readOpened(file: FileHandle, signal?: AbortSignal): Promise<string> {
    const buffer = Buffer.alloc(MAX_README_BYTES);
    const read = (): Promise<{ bytesRead: number }> => file.read(buffer, 0, MAX_README_BYTES, 0);
    const { bytesRead } = await repeatAsync(this.#slowdowns.times('readme'), read, signal);
    return buffer.toString('utf8', 0, bytesRead);
  }

  /** Looks where require() would: the file itself, then with an extension, then as a folder. */
  async #exists(file: string): Promise<boolean> {
    for (const candidate of [file, `${file}.js`, `${file}.json`, join(file, 'index.js')]) {
      try {
        await access(candidate);
        return true;
      } catch {
        // The next candidate may exist; if none does, the answer is the error.
      }
    }
    return false;
  }
}

/** EXPORT_MISSING together with the files, for callers that go on with the others. */
export class MissingFiles extends RuntimeError {
  readonly files: readonly string[];

  constructor(path: string, files: readonly string[]) {
    super('EXPORT_MISSING', `${path}: ${files.join(', ')}`);
    this.files = files;
  }
}

/** Reads the text of a manifest. @throws MANIFEST_INVALID naming every wrong field */
export function parseManifest(path: string, text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RuntimeError('MANIFEST_INVALID', `${path}: not JSON`, { cause });
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw new RuntimeError('MANIFEST_INVALID', `${path}: ${describeProblems(parsed.error)}`);
  return parsed.data;
}

/** Says on the span which package it was about: unbounded, so never part of the operation's name. */
function packagePath([path]: readonly [string, ...unknown[]]): { readonly high: Readonly<Record<string, string>> } {
  return { high: { 'package.path': path } };
}
