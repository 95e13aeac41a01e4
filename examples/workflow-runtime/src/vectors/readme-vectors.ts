// READMEs as hashed TF-IDF vectors and the search for the nearest ones. A plain scan: a few hundred rows need no index.
import { measurePerformance, traceRetrieval } from '@evenkeel/sdk';
import { SpanKind } from '@opentelemetry/api';
import { repeat, type Slowdowns } from '../faults/slowdowns.ts';
import { countTerms, DIMENSIONS, type TermCounts } from './tokens.ts';

export interface Neighbour {
  readonly path: string;
  /** Cosine similarity, above 0, at most 1. */
  readonly score: number;
}

export class ReadmeVectors {
  /** Bounded by the number of packages that a lockfile may hold. */
  readonly #terms = new Map<string, TermCounts>();
  readonly #slowdowns: Slowdowns;
  #paths: string[] = [];
  /** One row of DIMENSIONS per path, each of length 1 (or 0 for a README without words). */
  #rows = new Float32Array(0);
  #weights = new Float32Array(DIMENSIONS);

  constructor(slowdowns: Slowdowns) {
    this.#slowdowns = slowdowns;
  }

  /** Number of READMEs that a search looks at. */
  get size(): number {
    return this.#paths.length;
  }

  /** Takes in a README, in place of an earlier one of that path; searches see it after `build`. */
  @measurePerformance({ name: 'readme.tokenize', argsSize: true })
  put(path: string, text: string): void {
    this.#terms.set(path, countTerms(text));
  }

  /** Forgets a README; searches see that after `build`. */
  remove(path: string): void {
    this.#terms.delete(path);
  }

  /** Weighs the words by how few READMEs hold them, and renews all vectors. */
  @measurePerformance({ name: 'vectors.build', memory: true })
  build(): void {
    const weights = inverseDocumentFrequency([...this.#terms.values()]);
    const rows = new Float32Array(this.#terms.size * DIMENSIONS);
    const paths = [...this.#terms.keys()];
    let start = 0;
    for (const terms of this.#terms.values()) {
      rows.set(toVector(terms, weights), start);
      start += DIMENSIONS;
    }
    this.#paths = paths;
    this.#rows = rows;
    this.#weights = weights;
  }

  /** Finds the READMEs nearest to a question, best first; none when it shares no word with any. */
  @traceRetrieval({
    dataSource: 'readmes',
    topK: ([, limit]: readonly [string, number]) => limit,
    kind: SpanKind.INTERNAL,
  })
  nearest(question: string, limit: number): Neighbour[] {
    return repeat(this.#slowdowns.times('vectors'), () => this.#search(question, limit));
  }

  #search(question: string, limit: number): Neighbour[] {
    const terms = countTerms(question);
    const vector = toVector(terms, this.#weights);
    const neighbours: Neighbour[] = [];
    for (const [row, path] of this.#paths.entries()) {
      let score = 0;
      for (const dimension of terms.keys()) score += vector[dimension] * this.#rows[row * DIMENSIONS + dimension];
      // The same word in both gives a positive product whatever its sign; below 0 is collision noise.
      if (score > 0) neighbours.push({ path, score });
    }
    return neighbours.sort((a, b) => b.score - a.score).slice(0, limit);
  }
}

/**
 * Smoothed inverse document frequency by dimension: ln((1 + n) / (1 + df)) + 1, so that a word of every README still
 * counts a little and a word of none divides by nothing.
 *
 * @see Manning, Raghavan, Schütze 2008, Introduction to Information Retrieval, 6.2
 */
function inverseDocumentFrequency(documents: readonly TermCounts[]): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(DIMENSIONS);
  for (const terms of documents) for (const dimension of terms.keys()) weights[dimension]++;
  return weights.map((frequency) => Math.log((1 + documents.length) / (1 + frequency)) + 1);
}

/** Weighs counts (1 + ln of the count: the tenth mention tells less than the first) and scales to length 1. */
function toVector(terms: TermCounts, weights: Float32Array): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  let squares = 0;
  for (const [dimension, count] of terms) {
    if (count === 0) continue; // Two words of opposite sign collided.
    const value = Math.sign(count) * (1 + Math.log(Math.abs(count))) * weights[dimension];
    vector[dimension] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares);
  return length === 0 ? vector : vector.map((value) => value / length);
}
