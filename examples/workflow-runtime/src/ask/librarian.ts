// The agent that answers a question: it decides from step to step what to do next, so that its workflow is made while it
// runs. It follows rules; there is no language model in it.
import { getWorkflowTracer, traceAgent } from '@evenkeel/sdk';
import { isFault } from '../errors.ts';
import type { DependencyTable } from '../table/dependency-table.ts';
import type { PackageFacts } from '../table/schema.ts';
import type { ReadmeVectors } from '../vectors/readme-vectors.ts';
import { judge } from './known-answers.ts';
import type { Quotes } from './quotes.ts';

/** A package that was found, and how near it is to the question: above 0, at most 1. */
export type Found = PackageFacts & { readonly score: number };

export interface Answer {
  readonly question: string;
  /** Best first. */
  readonly nearest: readonly Found[];
  /** From the README of the best one, where a sentence suits the question. */
  readonly quote?: string;
}

/** As many packages as one reads through before asking again. */
const MAX_NEAREST = 5;

/** Asks for one package by its name. */
const NAMED = /^(?:what is|what does|who needs) (\S+)/i;

export class Librarian {
  readonly #table: DependencyTable;
  readonly #vectors: ReadmeVectors;
  readonly #quotes: Quotes;

  constructor(parts: { table: DependencyTable; vectors: ReadmeVectors; quotes: Quotes }) {
    this.#table = parts.table;
    this.#vectors = parts.vectors;
    this.#quotes = parts.quotes;
  }

  /** Answers from the table by name, else from the READMEs. */
  @traceAgent({ name: 'librarian', description: 'Answers questions about the packages of a project' })
  async answer(question: string): Promise<Answer> {
    const answer = await getWorkflowTracer().run('answer-question', async (workflow): Promise<Answer> => {
      const [, name] = NAMED.exec(question) ?? [];
      let nearest: readonly Found[] = [];
      if (name !== undefined) nearest = await workflow.node('find-named', () => this.#findNamed(name));
      if (nearest.length === 0) nearest = await workflow.node('search-readmes', () => this.#search(question));
      const [best] = nearest;
      if (best === undefined) return { question, nearest };
      const quote = await workflow.node('quote-best', () => this.#quote(best.path, question));
      return { question, nearest, ...(quote !== undefined && { quote }) };
    });
    judge(
      question,
      answer.nearest.map(({ name }) => name),
    );
    return answer;
  }

  async #findNamed(name: string): Promise<Found[]> {
    const facts = await this.#table.factsByName(name);
    return facts === undefined ? [] : [{ ...facts, score: 1 }];
  }

  async #search(question: string): Promise<Found[]> {
    const found: Found[] = [];
    for (const { path, score } of this.#vectors.nearest(question, MAX_NEAREST)) {
      const facts = await this.#table.factsByPath(path);
      if (facts !== undefined) found.push({ ...facts, score });
    }
    return found;
  }

  /** An answer without a quote is still one, so a README that cannot be read is no failure of it. */
  async #quote(path: string, question: string): Promise<string | undefined> {
    try {
      return await this.#quotes.quote(path, question);
    } catch (error) {
      if (isFault(error)) return undefined;
      throw error;
    }
  }
}
