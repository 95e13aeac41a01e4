// Looks at packages one by one. A fault of the data (not installed, malformed, incomplete) ends as a finding, so that
// one odd package does not stop a run; any other error is a defect of ours and passes through.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { listEntryPoints } from '../dependencies/exports.ts';
import type { SurveyedPackage } from '../dependencies/graph.ts';
import type { LockedPackage } from '../dependencies/lockfile.ts';
import { MissingFiles, type PackageTree } from '../dependencies/package-tree.ts';
import { type Fault, isFault } from '../errors.ts';
import type { Finding } from '../table/schema.ts';
import type { ReadmeVectors } from '../vectors/readme-vectors.ts';

export interface Survey {
  readonly packages: readonly SurveyedPackage[];
  readonly findings: readonly Finding[];
}

export interface Readmes {
  /** By the package's path. */
  readonly texts: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

/** Reads the manifests of packages and checks the files they offer, one package after the other. */
export async function surveyPackages(tree: PackageTree, selection: readonly LockedPackage[]): Promise<Survey> {
  const packages: SurveyedPackage[] = [];
  const findings: Finding[] = [];
  for (const locked of selection) packages.push(await surveyPackage(tree, locked, findings));
  return { packages, findings };
}

/** Reads the READMEs of those packages that are installed. */
export async function readReadmes(tree: PackageTree, packages: readonly SurveyedPackage[]): Promise<Readmes> {
  const texts = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { locked, installed } of packages) {
    if (!installed) continue; // Found already, when its manifest was read.
    const readme = await attempt(() => tree.readReadme(locked.path));
    if (readme.fault === undefined) texts.set(locked.path, readme.value);
    else findings.push(toFinding(locked.path, readme.fault));
  }
  return { texts, findings };
}

/** Renews the vectors of packages and returns how many READMEs can be searched then, of all packages. */
export async function embedReadmes(
  vectors: ReadmeVectors,
  packages: readonly SurveyedPackage[],
  readmes: Readmes,
): Promise<number> {
  for (const { locked } of packages) {
    const text = readmes.texts.get(locked.path);
    if (text === undefined) vectors.remove(locked.path);
    else vectors.put(locked.path, text);
    await nextTurn(); // Let requests in between: a whole tree is a fifth of a second of computing.
  }
  vectors.build();
  return vectors.size;
}

async function surveyPackage(tree: PackageTree, locked: LockedPackage, findings: Finding[]): Promise<SurveyedPackage> {
  const manifest = await attempt(() => tree.readManifest(locked.path));
  if (manifest.fault !== undefined) {
    findings.push(toFinding(locked.path, manifest.fault));
    const installed = manifest.fault.code !== 'ENOENT';
    return { locked, installed, license: undefined, description: undefined, entryPoints: [], missingFiles: [] };
  }
  const { license, description } = manifest.value;
  const entryPoints = listEntryPoints(manifest.value);
  const known = { locked, installed: true, license, description, entryPoints };
  if (entryPoints.length === 0) return { ...known, missingFiles: [] };

  const check = await attempt(() => tree.checkEntryPoints(locked.path, entryPoints));
  if (check.fault === undefined) return { ...known, missingFiles: [] };
  findings.push(toFinding(locked.path, check.fault));
  return { ...known, missingFiles: check.fault instanceof MissingFiles ? check.fault.files : [] };
}

type Attempt<T> = { readonly value: T; readonly fault?: undefined } | { readonly fault: Fault };

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (isFault(error)) return { fault: error };
    throw error;
  }
}

function toFinding(path: string, fault: Fault): Finding {
  return { path, code: fault.code, message: fault.message };
}
