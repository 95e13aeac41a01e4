// From days that were written down to a report as it is sent.
import { buildReport } from './build.ts';
import type { ReportFacts, ReportFormat, ReportKind, ReportPeriod, WrittenReport } from './contract.ts';
import type { DayRecord } from './day.ts';
import type { ReportDocument } from './document.ts';
import { Gathering, type KnownNow } from './gather.ts';
import { toHtml } from './html.ts';
import { toJson } from './json.ts';
import { toMarkdown } from './markdown.ts';
import { dateOf, lastPeriod, periodBefore, periodOf } from './periods.ts';

export const REPORT_FORMATS: readonly ReportFormat[] = ['markdown', 'html', 'json', 'document'];

const WRITERS: Readonly<Record<ReportFormat, readonly [mediaType: string, (report: ReportDocument) => string]>> = {
  markdown: ['text/markdown; charset=utf-8', toMarkdown],
  html: ['text/html; charset=utf-8', toHtml],
  json: ['application/json', toJson],
  document: ['application/json', (report) => JSON.stringify(report)],
};

/** Where days come from. */
export interface DaySource {
  /** Those that are known of a time, the earlier ones first. Rejects where they cannot be read. */
  load(fromMs: number, toMs: number): AsyncIterable<DayRecord>;
}

/** What is asked for. */
export interface WantedReport {
  readonly kind: ReportKind;
  /** As `2026-03-02`; empty for the period that ended last. */
  readonly date: string;
  readonly source: string;
  readonly now: KnownNow;
}

/** Makes a report. @returns undefined where no day of the period is known */
export async function reportOfKept(
  days: DaySource,
  { kind, date, source, now }: WantedReport,
): Promise<ReportDocument | undefined> {
  const period = date === '' ? lastPeriod(kind, now.nowMs) : periodOf(kind, dateOf(date) ?? NaN);
  const factsOf = async (of: ReportPeriod): Promise<ReportFacts | undefined> => {
    const gathering = new Gathering(of);
    for await (const day of days.load(of.fromMs, of.toMs)) gathering.add(day);
    return gathering.isEmpty ? undefined : gathering.facts(now);
  };
  const facts = await factsOf(period);
  if (facts === undefined) return undefined;
  const before = await factsOf(periodBefore(kind, period));
  const made = { kind, source, generatedMs: now.nowMs, facts, ...(before === undefined ? {} : { before }) };
  return buildReport(made);
}

export function written(report: ReportDocument, format: ReportFormat): WrittenReport {
  const [mediaType, write] = WRITERS[format];
  return { mediaType, text: write(report) };
}
