// Answers a question about the dependencies: the READMEs nearest to it, and what the table knows of those packages.
import { measurePerformance } from '@evenkeel/sdk';
import { RuntimeError } from '../errors.ts';
import type { DependencyTable } from '../table/dependency-table.ts';
import type { PackageFacts } from '../table/schema.ts';
import type { ReadmeVectors } from '../vectors/readme-vectors.ts';
import type { AnswerMemory } from './answer-memory.ts';

export interface Answer {
  readonly question: string;
  /** Best first. */
  readonly nearest: readonly (PackageFacts & { readonly score: number })[];
}

/** As many packages as one reads through before asking again. */
const MAX_NEAREST = 5;

export class Questions {
  readonly #table: DependencyTable;
  readonly #vectors: ReadmeVectors;
  readonly #memory: AnswerMemory;

  constructor(parts: { table: DependencyTable; vectors: ReadmeVectors; memory: AnswerMemory }) {
    this.#table = parts.table;
    this.#vectors = parts.vectors;
    this.#memory = parts.memory;
  }

  /** Answers from memory, else from vectors and table. @throws INDEX_EMPTY before the first run is through */
  @measurePerformance('question.answer')
  answer(question: string): Answer {
    const remembered = this.#memory.recall(question);
    if (remembered !== undefined) return remembered;
    if (this.#vectors.size === 0) throw new RuntimeError('INDEX_EMPTY', 'wait for the first run, or start one');

    const nearest = this.#vectors.nearest(question, MAX_NEAREST).flatMap(({ path, score }) => {
      const facts = this.#table.factsByPath(path);
      return facts === undefined ? [] : [{ ...facts, score }];
    });
    const answer: Answer = { question, nearest };
    this.#memory.remember(question, answer);
    return answer;
  }
}
