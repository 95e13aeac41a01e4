// Answers a question about the dependencies: from the memory of earlier answers, else by the librarian.
import { measurePerformance } from '@evenkeel/sdk';
import { RuntimeError } from '../errors.ts';
import type { ReadmeVectors } from '../vectors/readme-vectors.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { Answer, Librarian } from './librarian.ts';

export class Questions {
  readonly #librarian: Librarian;
  readonly #vectors: ReadmeVectors;
  readonly #memory: AnswerMemory;

  constructor(parts: { librarian: Librarian; vectors: ReadmeVectors; memory: AnswerMemory }) {
    this.#librarian = parts.librarian;
    this.#vectors = parts.vectors;
    this.#memory = parts.memory;
  }

  /** Promised to people: of a hundred answers, 99 within 50 ms. @throws INDEX_EMPTY before the first run is through */
  @measurePerformance({ name: 'question.answer', slo: { latencyMs: 50, objective: 0.99 } })
  async answer(question: string): Promise<Answer> {
    const remembered = this.#memory.recall(question);
    if (remembered !== undefined) return remembered;
    if (this.#vectors.size === 0) throw new RuntimeError('INDEX_EMPTY', 'wait for the first run, or start one');
    const answer = await this.#librarian.answer(question);
    this.#memory.remember(question, answer);
    return answer;
  }
}
