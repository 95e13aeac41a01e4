// A small memory of earlier answers, bounded in entries, bytes and age. Forgetting is always right: an answer can be
// worked out again.
import { traceMemoryOperation } from '@evenkeel/sdk';
import { SpanKind } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import type { Answer } from './librarian.ts';

export interface MemoryLimits {
  readonly maxAnswers: number;
  readonly maxBytes: number;
  readonly ttlMs: number;
}

/** Room for the questions of some minutes; short-lived, so that the search behind them stays busy too. */
const LIMITS: MemoryLimits = { maxAnswers: 200, maxBytes: 512 * 1024, ttlMs: 60_000 };

/** How its operations show in telemetry: a store inside this process, so no CLIENT spans. */
const STORE = { store: 'answers', kind: SpanKind.INTERNAL } as const;

export class AnswerMemory {
  readonly #answers: LRUCache<string, Answer>;

  /** @param clock milliseconds from any origin, never going back */
  constructor(limits: MemoryLimits = LIMITS, clock: { now(): number } = performance) {
    this.#answers = new LRUCache({
      max: limits.maxAnswers,
      maxSize: limits.maxBytes,
      // UTF-16 in memory: two bytes a unit.
      sizeCalculation: (answer, key) => 2 * (key.length + JSON.stringify(answer).length),
      ttl: limits.ttlMs,
      // Read the clock each time, so that the cache keeps no timer of its own.
      ttlResolution: 0,
      perf: clock,
    });
  }

  get size(): number {
    return this.#answers.size;
  }

  /** Looks for the answer to the same question, letter case and spacing aside. */
  @traceMemoryOperation({ operation: 'get', ...STORE })
  recall(question: string): Answer | undefined {
    return this.#answers.get(keyOf(question));
  }

  /** Keeps an answer. One larger than the whole memory is not kept. */
  @traceMemoryOperation({ operation: 'put', ...STORE })
  remember(question: string, answer: Answer): void {
    this.#answers.set(keyOf(question), answer);
  }

  /** Forgets everything, for the data has changed. */
  @traceMemoryOperation({ operation: 'delete', ...STORE })
  clear(): void {
    this.#answers.clear();
  }
}

function keyOf(question: string): string {
  return question.trim().toLowerCase().replace(/\s+/g, ' ');
}
