// Watches what is changed of services, and writes it down so that after a restart of the sidecar an old version is not taken for a new one.
import type { ProgramSource } from '../otlp/context-check.ts';
import type { Host } from '../pipeline/contract.ts';
import type { StateStore } from '../store/contract.ts';
import { Releases, type SavedRelease, type SidecarRun } from './releases.ts';
import { decodeSaved, encodeSaved } from './saved.ts';

const ROOM = 'releases';
/** After a failure all is written again. */
const AGAIN_AFTER_MS = 60_000;

export class ReleaseWatch {
  readonly #host: Pick<Host, 'clock' | 'log'>;
  readonly #changed: () => void;
  readonly known = new Releases();
  /** Undefined: nothing is kept. */
  store: StateStore | undefined;
  /** How this sidecar runs, where that is to be told as a change. To be set before `load`. */
  sidecarRun: SidecarRun | undefined;
  #isRead = false;
  #isNew = false;
  #againMs = Infinity;

  /** @param changed is told when something was changed that may be why a violation is open */
  constructor(host: Pick<Host, 'clock' | 'log'>, changed: () => void) {
    this.#host = host;
    this.#changed = changed;
  }

  /** Takes which program spans of late come from; of one that is known nothing is noted. */
  see(source: ProgramSource): void {
    if (this.known.see(source, this.#host.clock.nowMs())) this.#isNew = true;
  }

  /** Reads what was written; what cannot be read is seen anew. */
  async load(): Promise<void> {
    const read: SavedRelease[] = [];
    const problems: string[] = [];
    try {
      for await (const page of this.store?.load(ROOM) ?? [])
        for (const { body } of page) {
          try {
            if (body === undefined) throw new Error('its checksum is wrong');
            const saved = decodeSaved(body);
            if (!isRelease(saved)) throw new Error('it is none of a service');
            read.push(saved);
          } catch (error) {
            problems.push(String(error));
          }
        }
    } catch (error) {
      problems.push(String(error));
    }
    this.known.restore(read);
    if (this.sidecarRun !== undefined) this.known.run(this.sidecarRun, this.#host.clock.nowMs());
    this.#isRead = true;
    const [problem] = problems;
    if (problem === undefined) return;
    const what = 'versions of services that were seen before are not all known, and may be told of as new';
    this.#host.log('warning', 'RELEASES_UNREAD', `${what}: ${problem}`);
  }

  /**
   * Tells of what is new, once however much it is, as when a thousand instances start, and writes it. Before it was read
   * nothing is written: it would be written over.
   */
  async flush(): Promise<void> {
    if (this.#isNew) this.#changed();
    this.#isNew = false;
    if (this.store === undefined || !this.#isRead) return;
    const nowMs = this.#host.clock.nowMs();
    if (nowMs >= this.#againMs) this.known.unsave();
    const { changed, forgotten } = this.known.unsaved();
    if (changed.length === 0 && forgotten.length === 0) return;
    const documents = changed.map((release) => ({ key: keyOf(release.service), body: encodeSaved(release) }));
    const isSaved = await this.store.save(ROOM, documents, forgotten.map(keyOf));
    this.#againMs = isSaved ? Infinity : nowMs + AGAIN_AFTER_MS;
  }
}

function isRelease(saved: unknown): saved is SavedRelease {
  if (typeof saved !== 'object' || saved === null) return false;
  const { service, versions, schemas, instances, changes } = saved as Partial<Record<keyof SavedRelease, unknown>>;
  return typeof service === 'string' && [versions, schemas, instances, changes].every(Array.isArray);
}

/** No key is empty. */
function keyOf(service: string): string {
  return `service ${service}`;
}
