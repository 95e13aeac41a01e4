// What calls of models cost, from the price table of @pydantic/genai-prices where a program has installed it.
import type { LlmUsage } from './llm-response.ts';
import { known } from './results.ts';

/** Gives the cost of a call in US dollars; undefined where it is not known. */
export type CostOf = (
  usage: LlmUsage,
  of: { readonly provider: string; readonly model: string | undefined },
) => number | undefined;

/** What is used of the package. */
interface GenaiPrices {
  calcPrice(
    usage: Readonly<Record<string, number>>,
    model: string,
    options: { readonly providerId?: string },
  ): { readonly total_price: number } | null;
}

/** Providers that the conventions name so that the package does not know them. */
const PROVIDERS: Readonly<Record<string, string>> = { x_ai: 'x-ai' };

/** A price table that is loaded when it is first asked for, which takes about 0.1 s of the process once. */
export class PriceTable {
  readonly #load: () => Promise<unknown>;
  #loading: Promise<void> | undefined;
  #prices: GenaiPrices | undefined;

  /** @param load gives the module; may reject where it is not installed */
  constructor(load: () => Promise<unknown>) {
    this.#load = load;
  }

  /** Begins to load it. */
  prepare(): Promise<void> {
    return (this.#loading ??= this.#load().then(
      (loaded) => {
        const prices = loaded as Partial<GenaiPrices> | undefined;
        if (typeof prices?.calcPrice === 'function') this.#prices = prices as GenaiPrices;
      },
      () => {},
    ));
  }

  /** Tells a cost: now if the table is loaded, else when it is; never where there is none or the model is not in it. */
  tell(usage: LlmUsage, of: { provider: string; model: string | undefined }, told: (usd: number) => void): void {
    const tell = (): void => {
      const usd = this.#costOf(usage, of);
      if (usd !== undefined) told(usd);
    };
    if (this.#prices !== undefined) tell();
    else void this.prepare().then(tell);
  }

  #costOf(usage: LlmUsage, { provider, model }: { provider: string; model: string | undefined }): number | undefined {
    if (this.#prices === undefined || model === undefined) return undefined;
    const tokens = known({
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      cache_read_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens,
    });
    try {
      return this.#prices.calcPrice(tokens, model, { providerId: PROVIDERS[provider] ?? provider })?.total_price;
    } catch {
      // It refuses usage that cannot be, such as more tokens from the cache than there were.
      return undefined;
    }
  }
}

// Not a literal, or compilers and bundlers want it installed.
const PACKAGE: string = '@pydantic/genai-prices';

/** Of this process. */
export const installedPrices = new PriceTable(() => import(PACKAGE) as Promise<unknown>);
