// Pages of fixed size: in memory up to a bound, beyond it in a file that is never read by another run.
// The file has no name from the moment it is made, so nothing of it is left, however the process ends.
import { closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A multiple of what disks and the system's own cache work with; a split then moves a few dozen records. */
export const PAGE_BYTES = 8192;

interface Frame {
  /** Place among the frames. */
  readonly place: number;
  page: number;
  isDirty: boolean;
  /** Used since the hand last came by. */
  isRecent: boolean;
  readonly words: Uint32Array;
  readonly floats: Float64Array;
}

/** One page as it lies in memory, until the next call: whoever changes it says so by `changed`. */
export type Page = Pick<Frame, 'words' | 'floats'>;

export interface StreamFileOptions {
  readonly folder: string;
  readonly maxMemoryBytes: number;
  readonly maxBytes: number;
}

type Move = (descriptor: number, words: Uint32Array, offset: number, length: number, position: number) => number;

/** The system could not read or write: what is on the file is not to be trusted any more. */
export class StreamFileFailed extends Error {
  override readonly name = 'StreamFileFailed';
}

/** Pages by their number, from 0 on, each made by `add`. */
export class StreamFile {
  readonly #folder: string;
  readonly #maxFrames: number;
  #maxPages: number;
  readonly #frames: Frame[] = [];
  /** Frame of each page, -1 where it is on disk. */
  #frameOf = new Int32Array(64).fill(-1);
  #hand = 0;
  #descriptor: number | undefined;
  #pages = 0;
  #bytesOnDisk = 0;
  #last: Frame | undefined;
  /** Why there is no file, where one was needed. */
  problem = '';

  /** Without effect: the file is made when memory does not hold all. */
  constructor({ folder, maxMemoryBytes, maxBytes }: StreamFileOptions) {
    this.#folder = folder;
    this.#maxFrames = Math.max(4, Math.floor(maxMemoryBytes / PAGE_BYTES));
    this.#maxPages = Math.max(this.#maxFrames, Math.floor(maxBytes / PAGE_BYTES));
  }

  get pages(): number {
    return this.#pages;
  }

  /** There is room for another page; without a file only memory has any. */
  get hasRoom(): boolean {
    if (this.#pages >= this.#maxPages) return false;
    if (this.#pages < this.#maxFrames || this.#descriptor !== undefined) return true;
    try {
      this.#descriptor = openNameless(this.#folder);
      return true;
    } catch (error) {
      this.#maxPages = this.#pages;
      this.problem = error instanceof Error ? error.message : '';
      return false;
    }
  }

  get memoryBytes(): number {
    return this.#frames.length * PAGE_BYTES + this.#frameOf.byteLength;
  }

  get diskBytes(): number {
    return this.#bytesOnDisk;
  }

  /** Makes an empty page, where there is room. @returns its number @throws StreamFileFailed */
  add(): number {
    const page = this.#pages;
    const frame = this.#freeFrame();
    if (page === this.#frameOf.length) {
      const grown = new Int32Array(page * 2).fill(-1);
      grown.set(this.#frameOf);
      this.#frameOf = grown;
    }
    this.#pages++;
    frame.words.fill(0);
    this.#take(frame, page);
    frame.isDirty = true;
    return page;
  }

  /** @throws StreamFileFailed */
  page(number: number): Page {
    if (this.#last?.page === number) return this.#last;
    const place = this.#frameOf[number];
    if (place >= 0) return this.#use(this.#frames[place]);
    const frame = this.#freeFrame();
    this.#move(readSync, frame, number);
    this.#take(frame, number);
    return frame;
  }

  /** The page that was asked for last is to be kept as it is now. */
  changed(): void {
    if (this.#last !== undefined) this.#last.isDirty = true;
  }

  /** Gives memory and file back; everything is forgotten. */
  close(): void {
    this.#frames.length = 0;
    this.#frameOf = new Int32Array(64).fill(-1);
    this.#pages = 0;
    this.#bytesOnDisk = 0;
    this.#last = undefined;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #take(frame: Frame, page: number): void {
    frame.page = page;
    frame.isDirty = false;
    this.#frameOf[page] = frame.place;
    this.#use(frame);
  }

  #use(frame: Frame): Frame {
    frame.isRecent = true;
    this.#last = frame;
    return frame;
  }

  /** A frame of no page; where all are taken, that of a page not used for long, which then is on disk. */
  #freeFrame(): Frame {
    if (this.#frames.length < this.#maxFrames) {
      const bytes = new ArrayBuffer(PAGE_BYTES);
      const words = new Uint32Array(bytes);
      const place = this.#frames.length;
      const frame = { place, page: -1, isDirty: false, isRecent: false, words, floats: new Float64Array(bytes) };
      this.#frames.push(frame);
      return frame;
    }
    for (;;) {
      if (this.#hand >= this.#frames.length) this.#hand = 0;
      const frame = this.#frames[this.#hand++];
      if (frame.isRecent && frame !== this.#last) {
        frame.isRecent = false;
        continue;
      }
      if (frame === this.#last) continue;
      if (frame.isDirty) this.#write(frame);
      this.#frameOf[frame.page] = -1;
      frame.page = -1;
      return frame;
    }
  }

  #write(frame: Frame): void {
    this.#move(writeSync, frame, frame.page);
    frame.isDirty = false;
    this.#bytesOnDisk = Math.max(this.#bytesOnDisk, (frame.page + 1) * PAGE_BYTES);
  }

  #move(io: Move, { words }: Frame, page: number): void {
    let moved: number;
    try {
      moved = io(this.#descriptor ?? -1, words, 0, PAGE_BYTES, page * PAGE_BYTES);
    } catch (error) {
      throw new StreamFileFailed(error instanceof Error ? error.message : '', { cause: error });
    }
    if (moved !== PAGE_BYTES) throw new StreamFileFailed(`${moved} of ${PAGE_BYTES} bytes`);
  }
}

/** Makes a file that nobody else can open, and that is gone with this process. @throws what the system says */
function openNameless(within: string): number {
  mkdirSync(within, { recursive: true });
  const folder = mkdtempSync(join(within, 'limit-'));
  try {
    return openSync(join(folder, 'streams'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
