// Pages of metrics read without a network, and points as one line of text each.
import { valueText } from '../../collector/src/model/attributes.ts';
import type { DataPoint } from '../../collector/src/model/data-point.ts';
import { ScrapeFault } from '../../collector/src/scrape/fault.ts';
import { type RelabelRule, relabelRule } from '../../collector/src/scrape/relabel-config.ts';
import { relabelBy } from '../../collector/src/scrape/relabel.ts';
import { type BookRules, SeriesBook } from '../../collector/src/scrape/series-book.ts';
import { targetsOf } from '../../collector/src/scrape/targets.ts';
import { type TextFormat, TextReader } from '../../collector/src/scrape/text-reader.ts';

/** When the first scrape is; others follow each 15 s. */
export const SCRAPED_MS = 1_800_000_000_000;

export interface PageReader {
  readonly book: SeriesBook;
  /** Scrapes a page. @returns its points, or what is wrong with it */
  scrape(page: string): DataPoint[] | string;
}

export function rules(...written: Record<string, unknown>[]): RelabelRule[] {
  return written.map((rule) => relabelRule.parse(rule));
}

/** Scrapes the same target again and again. */
export function pageReader(
  format: TextFormat,
  changed: Partial<Omit<BookRules, 'relabel'>> & { readonly relabel?: readonly RelabelRule[] } = {},
): PageReader {
  const [target] = targetsOf({
    name: 'shop',
    targets: ['shop:9100'],
    scheme: 'http',
    metrics_path: '/metrics',
    labels: {},
    relabel: [],
  });
  if (target === undefined) throw new Error('no target');
  const limits = { honorLabels: false, honorTimestamps: true, maxSamples: 50_000, maxLabels: 64, maxLabelValue: 4096 };
  const book = new SeriesBook({ target, ...limits, ...changed, relabel: relabelBy(changed.relabel ?? []) });
  let timeMs = SCRAPED_MS - 15_000;
  const scrape = (page: string): DataPoint[] | string => {
    timeMs += 15_000;
    book.begin();
    const reader = new TextReader(page, format, book);
    try {
      while (!reader.step(7));
    } catch (error) {
      if (!(error instanceof ScrapeFault)) throw error;
      return `${error.reason}: ${error.message}`;
    }
    return [...book.finish(timeMs)];
  };
  return { book, scrape };
}

/** As in `sum requests_total{code="200"} 3 since 1700000000 at +0 # 1 trace=...`; of what is usual nothing. */
export function pointText({ metric, attributes, value, startMs, timeMs, hasNoValue, exemplars }: DataPoint): string {
  const labels = attributes.map(([key, each]) => `${key}="${valueText(each)}"`).join(',');
  const kind = metric.kind === 'sum' && !metric.isMonotonic ? 'updown' : metric.kind;
  const named = `${kind} ${metric.name}${labels === '' ? '' : `{${labels}}`}`;
  const since = startMs === 0 ? '' : ` since ${(startMs - SCRAPED_MS) / 1000}`;
  const at = timeMs === SCRAPED_MS ? '' : ` at ${(timeMs - SCRAPED_MS) / 1000}`;
  const examples = exemplars.map(
    (each) => ` # ${each.value} ${each.traceId}/${each.spanId} ${(each.timeMs - SCRAPED_MS) / 1000}`,
  );
  return `${named} ${hasNoValue ? 'gone' : valueOf(value)}${since}${at}${examples.join('')}`;
}

function valueOf(value: DataPoint['value']): string {
  if (value.type === 'number') return String(value.value);
  const head = `count=${value.count} sum=${value.sum}`;
  if (value.type === 'summary')
    return `${head} ${value.quantiles.map((each) => `${each.quantile}:${each.value}`).join(' ')}`.trim();
  if (value.type === 'histogram')
    return `${head} ${value.counts.map((count, i) => `${value.bounds[i] ?? '+'}:${count}`).join(' ')}`;
  return `${head} scale=${value.scale} zero=${value.zeroCount} ${value.positive.offset}:${value.positive.counts.join()}`;
}
