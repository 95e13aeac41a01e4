// Searches kept traces by service and operation, as somebody at the page does while the sidecar works, and reads from the
// metrics page how late its event loop was meanwhile.
import type { OperationsAnswer } from '../../collector/src/web/api.ts';
import type { Peer } from './peer.ts';

/** Four a second: quicker than anybody clicks. */
const SEARCH_EVERY_MS = 250;
/** What the page asks for at once. */
const LIMIT = 200;

/** What was seen since `begin`. */
export interface Searched {
  /** The worst window's; the sidecar begins one with each scrape. */
  readonly loopDelayP99Ms: number;
  readonly searches: number;
  readonly searchP99Ms: number;
}

/** Searches until it is closed. */
export class PageSearcher {
  readonly #peer: Peer;
  readonly #timer: NodeJS.Timeout;
  #searchMs: number[] = [];
  #delaysMs: number[] = [];
  #failed: string[] = [];
  #turn = 0;

  constructor(peer: Peer) {
    this.#peer = peer;
    this.#timer = setInterval(() => {
      this.#search().catch((error: unknown) => this.#failed.push(String(error)));
    }, SEARCH_EVERY_MS);
  }

  /** Forgets the warm-up, here and in the sidecar. */
  async begin(): Promise<void> {
    await this.#scrape();
    this.#searchMs = [];
    this.#delaysMs = [];
  }

  /** Takes in what somebody scraped. */
  scraped(page: string): void {
    const [, seconds] = /^nodejs_eventloop_delay_p99_seconds (\S+)$/m.exec(page) ?? [];
    if (seconds !== undefined) this.#delaysMs.push(Number(seconds) * 1000);
  }

  async end(): Promise<Searched> {
    this.close();
    await this.#scrape();
    if (this.#failed.length > 0) throw new Error(`${this.#failed.length} searches failed, first ${this.#failed[0]}`);
    const sorted = [...this.#searchMs].sort((a, b) => a - b);
    return {
      loopDelayP99Ms: Math.max(...this.#delaysMs),
      searches: sorted.length,
      searchP99Ms: sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN,
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #search(): Promise<void> {
    const { operations } = (await this.#ask('/api/operations')) as OperationsAnswer;
    const operation = operations[this.#turn++ % Math.max(1, operations.length)];
    if (operation === undefined) return;
    const { service, name } = operation;
    const query = new URLSearchParams({ service, operation: name, limit: String(LIMIT) });
    const askedMs = performance.now();
    await this.#ask(`/api/traces?${query.toString()}`);
    this.#searchMs.push(performance.now() - askedMs);
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.#peer.pageUrl}${path}`);
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return response.json();
  }

  async #scrape(): Promise<void> {
    const response = await fetch(this.#peer.metricsUrl);
    this.scraped(await response.text());
  }
}
