// A tool that quotes from a README on disk the sentence that is nearest to a question. Reading is given up when the disk is
// too slow, and then not even tried for a while.
import type { FileHandle } from 'node:fs/promises';
import { instrumentBreaker, instrumentCache, traceTool } from '@evenkeel/sdk';
import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  handleType,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type { PackageTree } from '../dependencies/package-tree.ts';
import { RuntimeError } from '../errors.ts';
import { splitWords } from '../vectors/tokens.ts';

const TOOL = 'quote-readme';

/** A README takes a millisecond or less; read a thousand times over, as `PUT /faults` may ask, it takes more than this. */
const READ_LIMIT_MS = 20;
const FAILURES_IN_A_ROW = 3;
const OPEN_MS = 10_000;

/** A third of the READMEs of this repository; UTF-16 in memory: two bytes a unit. */
const MAX_SENTENCES_BYTES = 1024 * 1024;

export class Quotes {
  readonly #tree: PackageTree;
  readonly #sentences = instrumentCache(
    new LRUCache<string, readonly string[]>({
      maxSize: MAX_SENTENCES_BYTES,
      sizeCalculation: (sentences) => 2 * sentences.reduce((sum, { length }) => sum + length, 1),
    }),
    { name: 'readme-sentences' },
  );
  readonly #inTime = instrumentBreaker(
    wrap(
      circuitBreaker(handleType(TaskCancelledError), {
        halfOpenAfter: OPEN_MS,
        breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
      }),
      timeout(READ_LIMIT_MS, TimeoutStrategy.Aggressive),
    ),
    { name: 'readme' },
  );

  constructor(tree: PackageTree) {
    this.#tree = tree;
  }

  /**
   * Quotes from the README of a package.
   *
   * @returns undefined when no sentence shares a word with the question
   * @throws README_UNAVAILABLE when reading takes too long, README_MISSING, or the file system's error
   */
  @traceTool({ name: TOOL, type: 'datastore' })
  async quote(path: string, question: string): Promise<string | undefined> {
    let sentences = this.#sentences.get(path);
    if (sentences === undefined) {
      sentences = splitSentences(await this.#read(path));
      this.#sentences.set(path, sentences);
    }
    return nearestSentence(sentences, question);
  }

  /** Forgets what was read, for the files may have changed. */
  forget(): void {
    this.#sentences.clear();
  }

  async #read(path: string): Promise<string> {
    const file = await this.open(path);
    try {
      return await this.#inTime.execute(({ signal }) => this.#tree.readOpened(file, signal));
    } catch (cause) {
      if (!(cause instanceof TaskCancelledError || cause instanceof BrokenCircuitError)) throw cause;
      throw new RuntimeError('README_UNAVAILABLE', path, { cause });
    } finally {
      await this.close(file);
    }
  }

  @traceTool({ name: TOOL, phase: 'initialization' })
  private open(path: string): Promise<FileHandle> {
    return this.#tree.openReadme(path);
  }

  @traceTool({ name: TOOL, phase: 'cleanup' })
  private close(file: FileHandle): Promise<void> {
    return file.close();
  }
}

/** Splits a README into its sentences; code, headings and markup are left out. */
export function splitSentences(text: string): string[] {
  const prose = text.replace(/```[\s\S]*?(```|$)/g, '\n\n').replace(/<[^<>]*>|!?\[[^\]]*\]\([^)]*\)/g, ' ');
  const paragraphs = prose.split(/\n\s*\n|^#.*$|^\s*[-*|].*$/m).map((each) => each.replace(/\s+/g, ' ').trim());
  return paragraphs.flatMap((each) => each.match(/[A-Z][^.!?]{20,300}[.!?](?=\s|$)/g) ?? []);
}

/** The first of those sentences that share the most words with a question. */
function nearestSentence(sentences: readonly string[], question: string): string | undefined {
  const asked = new Set(splitWords(question));
  let nearest: string | undefined;
  let most = 0;
  for (const sentence of sentences) {
    const shared = new Set(splitWords(sentence).filter((word) => asked.has(word))).size;
    if (shared > most) [nearest, most] = [sentence, shared];
  }
  return nearest;
}
