// What was changed of each service and when: a new version, a new instance, another schema; and of the sidecar itself.
// Pure and bounded; told of a program only when one comes that was not seen before.
import type { ProgramSource } from '../otlp/context-check.ts';

/** The first is what explains most. */
const KINDS = ['version', 'schema', 'sidecar', 'instance'] as const;

/** Something that was changed. */
export interface ReleaseChange {
  readonly timeMs: number;
  readonly kind: (typeof KINDS)[number];
  /** What happened, without when: `orders 1.4.2 (after 1.4.1) first seen`. */
  readonly text: string;
}

/** What is known of one service, as it is written. */
export interface SavedRelease {
  readonly service: string;
  readonly usedMs: number;
  /** The one seen last at the end. */
  readonly versions: readonly string[];
  readonly schemas: readonly string[];
  /** Hashes. */
  readonly instances: readonly number[];
  /** In order of time. */
  readonly changes: readonly ReleaseChange[];
}

/** This sidecar, as it runs. */
export interface SidecarRun {
  /** Different for each configuration. */
  readonly fingerprint: string;
  /** Of this program. */
  readonly version: string;
}

/** What the sidecar itself is kept under; no service has an empty name. */
const SIDECAR = '';
const MAX_SERVICES = 2000;
const MAX_VERSIONS = 16;
/** As many replicas as come and go between two looks of somebody. */
const MAX_INSTANCES = 128;
const MAX_CHANGES = 16;
/** Texts come from senders. */
const MAX_TEXT = 100;

/** A change that long before the onset may be why; and one so long after, as spans come late and the onset is estimated. */
const BEFORE_MS = 600_000;
const AFTER_MS = 60_000;
/** Of different services. */
const MAX_NAMED = 2;

interface Release {
  usedMs: number;
  versions: string[];
  schemas: string[];
  instances: number[];
  changes: ReleaseChange[];
}

export class Releases {
  /** The one that changed last at the end. */
  readonly #services = new Map<string, Release>();
  readonly #unsaved = new Set<string>();
  readonly #forgotten = new Set<string>();

  /** Takes where spans of late come from. @returns whether something was changed, other than that the service is new */
  see(source: ProgramSource, nowMs: number): boolean {
    const service = source.service.slice(0, MAX_TEXT);
    const known = this.#services.get(service);
    const version = source.version.slice(0, MAX_TEXT);
    const schema = source.schemaUrl.slice(0, MAX_TEXT);
    const instance = source.instance === '' ? undefined : hashOf(source.instance);
    if (known === undefined) {
      const first = { usedMs: nowMs, versions: [version], schemas: [schema], changes: [] };
      this.#keep(service, { ...first, instances: instance === undefined ? [] : [instance] });
      return false;
    }
    const isNewInstance = instance !== undefined && !known.instances.includes(instance);
    const was = known.versions.at(-1) ?? '';
    // An instance of before that still runs is no return to its version; a new one is.
    const isNewVersion = version !== was && (isNewInstance || !known.versions.includes(version));
    const isNewSchema = !known.schemas.includes(schema);
    if (!isNewInstance && !isNewVersion && !isNewSchema) return false;
    const isBack = known.versions.includes(version);
    if (isNewInstance) addLast(known.instances, instance, MAX_INSTANCES);
    if (isNewVersion) addLast(known.versions, version, MAX_VERSIONS);
    if (isNewSchema) addLast(known.schemas, schema, MAX_VERSIONS);
    const add = (kind: ReleaseChange['kind'], text: string): void => addChange(known, { timeMs: nowMs, kind, text });
    if (isNewVersion) add('version', versionText(service, version, was, isBack));
    else if (isNewInstance) add('instance', `a new instance of ${[service, version].join(' ').trim()} first seen`);
    if (isNewSchema) add('schema', `${service} with schema ${schema === '' ? 'unnamed' : schema} first seen`);
    known.usedMs = nowMs;
    this.#keep(service, known);
    return true;
  }

  /** Takes how this sidecar runs from now on. @returns whether it ran differently before */
  run({ fingerprint, version }: SidecarRun, nowMs: number): boolean {
    const known = this.#services.get(SIDECAR);
    const isOther = known !== undefined && known.schemas.at(-1) !== fingerprint;
    const was = known?.versions.at(-1) ?? version;
    const release = known ?? { usedMs: nowMs, versions: [], schemas: [], instances: [], changes: [] };
    const add = (text: string): void => addChange(release, { timeMs: nowMs, kind: 'sidecar', text });
    if (was !== version) add(`this sidecar started as evenkeel ${version} (after ${was})`);
    else if (isOther) add('this sidecar started with another configuration');
    addLast(release.versions, version, MAX_VERSIONS);
    addLast(release.schemas, fingerprint, 1);
    release.usedMs = nowMs;
    this.#keep(SIDECAR, release);
    return isOther || was !== version;
  }

  /** The `service.version` that came last; undefined where none is known or said. */
  versionOf(service: string): string | undefined {
    const version = this.#services.get(service.slice(0, MAX_TEXT))?.versions.at(-1);
    return version === '' ? undefined : version;
  }

  /** Changes of a service, the latest last. */
  changesOf(service: string): readonly ReleaseChange[] {
    return this.#services.get(service.slice(0, MAX_TEXT))?.changes ?? [];
  }

  /** What was changed near the onset of a violation, and how long before. @param services it may be because of */
  near(services: readonly string[], onsetMs: number): string | undefined {
    const found = [...new Set(services), SIDECAR].flatMap((service) => {
      const [best] = this.changesOf(service)
        .filter(({ timeMs }) => timeMs >= onsetMs - BEFORE_MS && timeMs <= onsetMs + AFTER_MS)
        .sort((a, b) => orderOf(a, b, onsetMs));
      return best === undefined ? [] : [best];
    });
    if (found.length === 0) return undefined;
    const named = found.sort((a, b) => orderOf(a, b, onsetMs)).slice(0, MAX_NAMED);
    return named.map(({ text, timeMs }) => `${text} ${apart(timeMs - onsetMs)}`).join('; ');
  }

  /** What has to be written since it was asked for last, and services whose writing may go. */
  unsaved(): { readonly changed: readonly SavedRelease[]; readonly forgotten: readonly string[] } {
    const changed = [...this.#unsaved].flatMap((service) => {
      const release = this.#services.get(service);
      return release === undefined ? [] : [{ service, ...release }];
    });
    const forgotten = [...this.#forgotten];
    this.#unsaved.clear();
    this.#forgotten.clear();
    return { changed, forgotten };
  }

  /** All has to be written again. */
  unsave(): void {
    for (const service of this.#services.keys()) this.#unsaved.add(service);
  }

  /** Takes over what was known before a restart. What was seen since is taken for a part of it. */
  restore(saved: readonly SavedRelease[]): void {
    for (const { service, ...known } of saved.toSorted((a, b) => a.usedMs - b.usedMs)) {
      const since = this.#services.get(service);
      const release: Release = { ...known, versions: [...known.versions], schemas: [...known.schemas], instances: [...known.instances], changes: [...known.changes] }; // prettier-ignore
      for (const version of since?.versions ?? []) addLast(release.versions, version, MAX_VERSIONS);
      for (const schema of since?.schemas ?? []) addLast(release.schemas, schema, MAX_VERSIONS);
      for (const instance of since?.instances ?? []) addLast(release.instances, instance, MAX_INSTANCES);
      this.#keep(service, release);
      if (since === undefined) this.#unsaved.delete(service);
    }
  }

  #keep(service: string, release: Release): void {
    this.#services.delete(service);
    this.#services.set(service, release);
    this.#unsaved.add(service);
    if (this.#services.size <= MAX_SERVICES) return;
    const oldest = [...this.#services.keys()].find((each) => each !== SIDECAR);
    if (oldest === undefined) return;
    this.#services.delete(oldest);
    this.#unsaved.delete(oldest);
    this.#forgotten.add(oldest);
  }
}

function versionText(service: string, version: string, was: string, isBack: boolean): string {
  const after = was === '' ? '' : ` (after ${was})`;
  return `${service} ${version === '' ? 'without a version' : version}${after} ${isBack ? 'seen again' : 'first seen'}`;
}

function addLast<T>(list: T[], value: T, most: number): void {
  const at = list.indexOf(value);
  if (at >= 0) list.splice(at, 1);
  list.push(value);
  if (list.length > most) list.shift();
}

/** Instances come and go; they do not take the place of what tells more. */
function addChange({ changes }: Release, change: ReleaseChange): void {
  changes.push(change);
  if (changes.length <= MAX_CHANGES) return;
  const instance = changes.findIndex(({ kind }) => kind === 'instance');
  changes.splice(Math.max(0, instance), 1);
}

function orderOf(a: ReleaseChange, b: ReleaseChange, onsetMs: number): number {
  return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || Math.abs(a.timeMs - onsetMs) - Math.abs(b.timeMs - onsetMs);
}

/** @param ms from the onset */
function apart(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const long = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return `${long} ${ms <= 0 ? 'before' : 'after'}`;
}

/** @see Fowler, Noll, Vo: FNV-1a, 32 bits */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
