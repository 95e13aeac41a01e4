// Reads baselines as `evenkeel baseline export` writes them: of each operation, its calls by duration. What else is in the
// file is for the sidecar.
import { readFileSync } from 'node:fs';

/** One operation of a baselines file. */
export interface Baseline {
  readonly name: string;
  readonly service: string | undefined;
  readonly kind: string | undefined;
  readonly calls: number;
  /** Calls by bin, see {@link binPlaceOf}. */
  readonly counts: Float64Array;
  /** Calls that say as much as one that is by itself, at least 1. */
  readonly cluster: number;
}

/** Which operation is meant; what is left out may be anything. */
export interface Wanted {
  readonly name: string;
  readonly service?: string | undefined;
  readonly kind?: string | undefined;
}

/** Of the file's version 1: eight bins an octave from 2^-22 s. */
export const BINS = 256;
const PER_OCTAVE = 8;
const LOWEST_EXPONENT = -22;
const VERSION = 1;
const MAX_NAMED = 8;

/** Place of a duration among bins: bin b holds those from b to b + 1. @param durationMs 0 and above */
export function binPlaceOf(durationMs: number): number {
  const place = (Math.log2(durationMs / 1000) - LOWEST_EXPONENT) * PER_OCTAVE;
  return place > 0 ? Math.min(BINS, place) : 0;
}

/** Duration at a place, milliseconds. */
export function durationAt(place: number): number {
  return 1000 * 2 ** (LOWEST_EXPONENT + place / PER_OCTAVE);
}

/** Width of a bin in octaves: durations `ratio` times as long lie `log2(ratio) / BIN_OCTAVES` places higher. */
export const BIN_OCTAVES = 1 / PER_OCTAVE;

/**
 * Finds an operation.
 *
 * @param source path of a file, its text as an object, or undefined for `baselines.json` where the process runs
 * @throws Error that says what is wrong, and which operations there are
 */
export function findBaseline(source: unknown, { name, service, kind }: Wanted): Baseline {
  const all = operationsOf(
    typeof source === 'object' ? source : parsed(typeof source === 'string' ? source : undefined),
  );
  const isMeant = (each: unknown): boolean =>
    fieldOf(each, 'op') === name &&
    (service === undefined || fieldOf(each, 'service') === service) &&
    (kind === undefined || fieldOf(each, 'kind') === kind);
  const found = all.filter(isMeant);
  const [first] = found;
  if (first === undefined) throw new Error(`no operation ${name} in the baselines; they have ${listed(all)}`);
  if (found.length > 1)
    throw new Error(`${found.length} operations ${name} in the baselines; say service or kind: ${listed(found)}`);
  return baselineOf(first, name);
}

const DEFAULT_PATH = 'baselines.json';

function parsed(path = DEFAULT_PATH): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path} cannot be read; evenkeel baseline export writes it`, { cause: error });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`${path} is not JSON`, { cause: error });
  }
}

function operationsOf(document: unknown): readonly unknown[] {
  const version = fieldOf(document, 'version');
  if (version !== VERSION)
    throw new Error(`these are no baselines of version ${VERSION}: version is ${String(version)}`);
  const operations = fieldOf(document, 'operations');
  if (!Array.isArray(operations)) throw new Error('these are no baselines: operations are missing');
  return operations;
}

function baselineOf(value: unknown, name: string): Baseline {
  const pairs = fieldOf(value, 'counts');
  const counts = new Float64Array(BINS);
  let calls = 0;
  if (Array.isArray(pairs))
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const [bin, count] = [pairs[i] as unknown, pairs[i + 1] as unknown];
      if (typeof bin !== 'number' || typeof count !== 'number' || !(bin in counts) || !(count >= 0))
        throw new Error(`the baseline of ${name} has counts that are none`);
      counts[bin] = count;
      calls += count;
    }
  if (calls === 0) throw new Error(`the baseline of ${name} has no calls`);
  const [service, kind, cluster] = [
    fieldOf(value, 'service'),
    fieldOf(value, 'kind'),
    fieldOf(fieldOf(value, 'clusters'), 'mean'),
  ];
  return {
    name,
    service: typeof service === 'string' ? service : undefined,
    kind: typeof kind === 'string' ? kind : undefined,
    calls,
    counts,
    cluster: typeof cluster === 'number' && cluster >= 1 ? cluster : 1,
  };
}

function listed(operations: readonly unknown[]): string {
  const names = operations.map((each) =>
    [fieldOf(each, 'service'), fieldOf(each, 'op'), fieldOf(each, 'kind')]
      .filter((part) => typeof part === 'string')
      .join(' '),
  );
  const shown = names.slice(0, MAX_NAMED).join(', ');
  if (names.length === 0) return 'none';
  return names.length > MAX_NAMED ? `${shown} and ${names.length - MAX_NAMED} more` : shown;
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
