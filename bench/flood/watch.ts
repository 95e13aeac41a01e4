// Watches a sidecar as its owner would: is it up, do the books balance, how much memory does it take.
import type { BooksAnswer } from '../../collector/src/web/api.ts';
import type { Peer } from '../peers/peer.ts';
import { pause } from '../peers/rig.ts';

const HEALTH_MS = 500;
/** As patient as an orchestrator's probe by default. */
const HEALTH_WITHIN_MS = 1000;
/** Every so many looks at its health, one at the books. */
const BOOKS_EVERY = 4;

/** What was seen. */
export interface Watched {
  readonly looks: number;
  /** Looks at /health that got no answer in time. */
  readonly down: number;
  readonly slowestMs: number;
  readonly books: number;
  readonly unbalanced: number;
  readonly last: BooksAnswer | undefined;
}

/** Looks until stopped. */
export function watch(peer: Peer & { pageUrl: string }): { stop(): Promise<Watched> } {
  const seen = { looks: 0, down: 0, slowestMs: 0, books: 0, unbalanced: 0, last: undefined as BooksAnswer | undefined };
  const closing = new AbortController();
  const readBooks = async (): Promise<void> => {
    const books = await booksOf(peer).catch(() => undefined);
    if (books === undefined) return;
    seen.last = books;
    seen.books++;
    if (!books.spans.balanced || books.exporters.some(({ balanced }) => !balanced)) seen.unbalanced++;
  };
  const looking = (async () => {
    while (!closing.signal.aborted) {
      const askedMs = performance.now();
      const isUp = await answers(`${peer.pageUrl}/health`, HEALTH_WITHIN_MS);
      if (!isUp) seen.down++;
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - askedMs);
      if (seen.looks++ % BOOKS_EVERY === 0) await readBooks();
      await pause(HEALTH_MS - Math.min(HEALTH_MS, performance.now() - askedMs));
    }
    await readBooks();
  })();
  return {
    async stop() {
      closing.abort();
      await looking;
      return seen;
    },
  };
}

export async function booksOf({ pageUrl }: { pageUrl: string }): Promise<BooksAnswer> {
  const response = await fetch(`${pageUrl}/api/books`, { signal: AbortSignal.timeout(5000) });
  return (await response.json()) as BooksAnswer;
}

/** Tells whether a URL answers with success in time. */
export async function answers(url: string, withinMs: number): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(withinMs) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}
