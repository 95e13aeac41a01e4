// Paths of the API about reports.
import type { ReportFormat, ReportKind, ReportsView } from '../report/contract.ts';
import type { ReportsAnswer } from './api.ts';

/** `headers` where it is not JSON. */
interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const KINDS: readonly string[] = ['daily', 'weekly', 'monthly'] satisfies ReportKind[];
const FORMATS: readonly string[] = ['markdown', 'html', 'json', 'document'] satisfies ReportFormat[];
/** A report is one file that needs nothing: whoever opens it here runs nothing and fetches nothing. */
const REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; sandbox";

const OFF: Answer = { status: 404, body: { error: 'reports are off; take out report: false' } };

/** @returns undefined where the path is another's */
export async function answerReports(view: ReportsView | undefined, url: URL): Promise<Answer | undefined> {
  const [, api, room, kind = '', ...more] = url.pathname.split('/');
  if (api !== 'api' || room !== 'reports' || more.length > 0) return undefined;
  if (view === undefined) return OFF;
  if (kind === '') return { status: 200, body: { reports: view.list() } satisfies ReportsAnswer };
  if (!isKind(kind)) return { status: 404, body: { error: `reports are ${KINDS.join(', ')}` } };
  const format = url.searchParams.get('format') ?? 'json';
  if (!isFormat(format)) return { status: 400, body: { error: `format is one of ${FORMATS.join(', ')}` } };
  const date = url.searchParams.get('date') ?? '';
  if (date !== '' && !isDate(date)) return { status: 400, body: { error: 'date is a day such as 2026-03-02' } };
  const report = await view.write(kind, date, format);
  if (report === undefined) return { status: 404, body: { error: 'nothing is known of this period' } };
  const headers = {
    'content-type': report.mediaType,
    'cache-control': 'no-store',
    ...(format === 'html' ? { 'content-security-policy': REPORT_POLICY } : {}),
  };
  return { status: 200, body: Buffer.from(report.text), headers };
}

function isKind(text: string): text is ReportKind {
  return KINDS.includes(text);
}

function isFormat(text: string): text is ReportFormat {
  return FORMATS.includes(text);
}

function isDate(text: string): boolean {
  const timeMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // The last of a short month would be read as the first of the next one.
  return Number.isFinite(timeMs) && new Date(timeMs).toISOString().startsWith(text);
}
