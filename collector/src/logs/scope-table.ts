// What surrounds held log records, each resource and each scope once, with the records of a scope that are about to leave.
// Grouped so, records of many requests leave as if one sender had sent them.
import type { LogScan } from './scan.ts';

/** An object with its entry in a table, beside its bytes and the same again as key. */
const SURROUNDING_BYTES = 200;

export interface HeldResource {
  readonly bytes: Buffer;
  readonly key: string;
  readonly scopes: Map<string, HeldScope>;
  /** Those with staged records. */
  readonly staged: HeldScope[];
}

export interface HeldScope {
  readonly bytes: Buffer;
  readonly key: string;
  readonly resource: HeldResource;
  /** Held and staged ones; the scope goes with the last. */
  records: number;
  /** Chain of staged records; negative where there are none. */
  first: number;
  last: number;
  /** Their bytes as they will be framed. */
  stagedLength: number;
}

/** Resources and scopes of held records. */
export class ScopeTable {
  readonly #resources = new Map<string, HeldResource>();
  sizeBytes = 0;

  /** Finds the scope of a request's records, or takes it in; the caller counts its records. */
  join({ scopes, resources }: LogScan, index: number): HeldScope {
    const { resource: resourceIndex, bytes } = scopes[index];
    const resource = this.#resource(resources[resourceIndex]);
    const key = bytes.toString('latin1');
    let scope = resource.scopes.get(key);
    if (scope === undefined) {
      scope = { bytes: ownCopy(bytes), key, resource, records: 0, first: -1, last: -1, stagedLength: 0 };
      resource.scopes.set(key, scope);
      this.sizeBytes += sizeOf(scope);
    }
    return scope;
  }

  /** Takes one record out. */
  leave(scope: HeldScope): void {
    if (--scope.records > 0) return;
    const { resource } = scope;
    resource.scopes.delete(scope.key);
    this.sizeBytes -= sizeOf(scope);
    if (resource.scopes.size > 0) return;
    this.#resources.delete(resource.key);
    this.sizeBytes -= sizeOf(resource);
  }

  #resource(bytes: Buffer): HeldResource {
    const key = bytes.toString('latin1');
    let resource = this.#resources.get(key);
    if (resource === undefined) {
      resource = { bytes: ownCopy(bytes), key, scopes: new Map(), staged: [] };
      this.#resources.set(key, resource);
      this.sizeBytes += sizeOf(resource);
    }
    return resource;
  }
}

/** What a scan gives is a slice of a pool, which would stay as a whole for as long as this is held. */
function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function sizeOf({ bytes }: HeldResource | HeldScope): number {
  return SURROUNDING_BYTES + 2 * bytes.length;
}
