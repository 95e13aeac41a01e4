// The folder of old decisions: block files, newest asked first, oldest deleted first. Synchronous: runs in the store's
// own thread, which alone has the folder because it alone has the ring's file.
import { closeSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchivedDecision, DecisionBlock, DecisionsHeld, DecisionSpan, Removed } from './contract.ts';
import { findInBlock, openBlock, type OpenBlock, type TraceIdWords, writeBlock } from './decision-block.ts';
import { FILE_MODE, makePrivateFile, makePrivateFolder } from './private-files.ts';

const FOLDER = 'decisions';
const BLOCK_FILE = /^(\d{10})\.block$/;
const UNFINISHED = '.unfinished';
/** There while a sidecar runs. Where it is found at the opening, what that one had in memory is lost. */
const RUNNING = 'running';
/** Each costs an open file and, for an unknown trace, a read. */
const MAX_BLOCKS = 256;

interface Numbered extends OpenBlock {
  readonly number: number;
  readonly path: string;
}

/** Blocks of decisions within `maxBytes`. */
export class DecisionBlocks {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #seed: number;
  /** Oldest first. */
  readonly #blocks: Numbered[] = [];
  #nextNumber = 1;
  /** Whether the next block holds all that was decided since the last one. */
  #follows: boolean;
  #damaged = 0;

  /** @throws Error from the file system */
  constructor(path: string, maxBytes: number, seed: number) {
    this.#folder = join(path, FOLDER);
    this.#maxBytes = maxBytes;
    this.#seed = seed;
    makePrivateFolder(this.#folder);
    this.#open();
    const marker = join(this.#folder, RUNNING);
    const isLastSound = this.#nextNumber === 1 + (this.#blocks.at(-1)?.number ?? 0);
    this.#follows = isLastSound && !existsSync(marker);
    writeFileSync(marker, '', { mode: FILE_MODE });
    this.#makeRoom();
  }

  get held(): DecisionsHeld {
    const sum = (of: (block: OpenBlock) => number): number => this.#blocks.reduce((total, each) => total + of(each), 0);
    return {
      count: sum(({ count }) => count),
      bytes: sum(({ sizeBytes }) => sizeBytes),
      damaged: this.#damaged,
      coverage: { spans: this.#spans(), isCurrent: this.#follows },
    };
  }

  /**
   * Writes a block, then makes room.
   *
   * @throws Error from the file system; the block is then lost, and a gap is known
   */
  keep(block: DecisionBlock): Removed {
    if (this.#maxBytes === 0) return { count: 0, bytes: 0 };
    const number = this.#nextNumber++;
    const path = join(this.#folder, `${String(number).padStart(10, '0')}.block`);
    const unfinished = path + UNFINISHED;
    const follows = this.#follows;
    this.#follows = false;
    try {
      writeBlock(unfinished, block, follows, this.#seed);
      renameSync(unfinished, path);
    } catch (error) {
      rmSync(unfinished, { force: true });
      throw error;
    }
    const open = openBlock(path, false);
    if (open === undefined) throw new Error(`${path} was written and cannot be read`);
    this.#blocks.push({ ...open, number, path });
    this.#follows = true;
    return this.#makeRoom();
  }

  /** Notes that decisions were lost on their way here. */
  lost(): void {
    this.#follows = false;
  }

  find(id: TraceIdWords): ArchivedDecision | undefined {
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const block = this.#blocks[i];
      const record = block === undefined ? undefined : findInBlock(block, id);
      if (block !== undefined && record !== undefined) return { record, meta: block.meta };
    }
    return undefined;
  }

  /** Ends in order: nothing that was decided is missing. */
  close(): void {
    for (const { file } of this.#blocks) closeSync(file);
    if (this.#follows || this.#maxBytes === 0) rmSync(join(this.#folder, RUNNING), { force: true });
  }

  #open(): void {
    const names = readdirSync(this.#folder);
    for (const name of names) if (name.endsWith(UNFINISHED)) this.#delete(join(this.#folder, name));
    const files = names.filter((name) => BLOCK_FILE.test(name)).sort();
    for (const [i, name] of files.entries()) {
      const path = join(this.#folder, name);
      const number = Number(BLOCK_FILE.exec(name)?.[1]);
      this.#nextNumber = number + 1;
      // The last one is looked at whole: a machine that lost its power tears what was written last.
      const block = openBlock(path, i === files.length - 1);
      if (block === undefined) {
        this.#delete(path);
        continue;
      }
      makePrivateFile(path);
      this.#blocks.push({ ...block, number, path });
    }
  }

  #delete(path: string): void {
    this.#damaged++;
    rmSync(path, { force: true });
  }

  #makeRoom(): Removed {
    let [count, bytes] = [0, 0];
    while (this.#blocks.length > MAX_BLOCKS || this.held.bytes > this.#maxBytes) {
      const oldest = this.#blocks.shift();
      if (oldest === undefined) break;
      closeSync(oldest.file);
      rmSync(oldest.path, { force: true });
      count += oldest.count;
      bytes += oldest.sizeBytes;
    }
    return { count, bytes };
  }

  /** Blocks that follow each other without a gap make one span. */
  #spans(): DecisionSpan[] {
    const spans: { fromSeconds: number; toSeconds: number }[] = [];
    let before = -1;
    for (const { number, follows, firstSeconds, lastSeconds } of this.#blocks) {
      const last = spans.at(-1);
      if (last !== undefined && follows && number === before + 1) last.toSeconds = lastSeconds;
      else spans.push({ fromSeconds: firstSeconds, toSeconds: lastSeconds });
      before = number;
    }
    return spans;
  }
}
