// Sends reports by mail, each period once: what is sent is noted before, so that a crash loses a mail rather than sends two.
import type { Host } from '../pipeline/contract.ts';
import { dayText } from './cells.ts';
import type { ReportConfig } from './config.ts';
import type { MailServer, ReportKind, ReportMail, ReportPeriod } from './contract.ts';
import type { ReportDocument } from './document.ts';
import { toHtml } from './html.ts';
import type { reportInstruments } from './instruments.ts';
import type { Mailed } from './kept-days.ts';
import { nextMoment } from './mail-time.ts';
import { toMarkdown } from './markdown.ts';
import { DAY_MS, lastPeriod } from './periods.ts';

/** Longer after its period nobody waits for a report that was missed. */
const MISSED_MS = DAY_MS;
/** In some zones a time of day comes later than that; then it is sent nevertheless, if at once. */
const AT_ONCE_MS = 3_600_000;
const FIRST_RETRY_MS = 60_000;
const RETRY_MS = 3_600_000;

export type MailConfig = NonNullable<ReportConfig['email']>;

/** Where reports come from, and where it is noted that they were mailed. */
export interface MailedReports {
  readonly mailed: Mailed;
  /** Whether anything is known of a period. */
  isKnown(period: ReportPeriod): boolean;
  /** @param toMs end of the period; undefined for none @returns whether it would survive a restart */
  noteMailed(kind: ReportKind, toMs: number | undefined): Promise<boolean>;
  make(kind: ReportKind, date: string): Promise<ReportDocument | undefined>;
}

export class Mailing {
  readonly #config: MailConfig;
  readonly #host: Host<keyof typeof reportInstruments>;
  readonly #reports: MailedReports;
  readonly #server: MailServer;
  readonly #cut = new AbortController();
  #running: Promise<void> | undefined;
  /** Ends the wait between two attempts. */
  #endWait: (() => void) | undefined;

  constructor(
    config: MailConfig,
    host: Host<keyof typeof reportInstruments>,
    { reports, server }: { readonly reports: MailedReports; readonly server: MailServer },
  ) {
    this.#config = config;
    this.#host = host;
    this.#reports = reports;
    this.#server = server;
  }

  /** To be called each minute: sends what is due, one after the other. */
  check(nowMs: number): void {
    if (this.#running !== undefined || this.#cut.signal.aborted) return;
    const due = this.#config.kinds.filter((kind) => this.#isDue(kind, nowMs));
    if (due.length === 0) return;
    this.#running = this.#sendAll(due, nowMs).finally(() => (this.#running = undefined));
  }

  async stop(): Promise<void> {
    this.#cut.abort();
    this.#endWait?.();
    await this.#running;
    this.#server.close();
  }

  #isDue(kind: ReportKind, nowMs: number): boolean {
    const period = lastPeriod(kind, nowMs);
    const { toMs } = period;
    if ((this.#reports.mailed[kind] ?? 0) >= toMs || !this.#reports.isKnown(period)) return false;
    const dueMs = nextMoment(this.#config, toMs);
    return nowMs >= dueMs && (nowMs - toMs < MISSED_MS || nowMs - dueMs < AT_ONCE_MS);
  }

  async #sendAll(kinds: readonly ReportKind[], nowMs: number): Promise<void> {
    for (const kind of kinds) {
      try {
        if (!this.#cut.signal.aborted) await this.#sendOnce(kind, lastPeriod(kind, nowMs));
      } catch (error) {
        this.#host.log('error', `MAIL_${kind}`, `the ${kind} report was not mailed: ${String(error)}`);
      }
    }
  }

  async #sendOnce(kind: ReportKind, { fromMs, toMs }: ReportPeriod): Promise<void> {
    const made = await this.#reports.make(kind, dayText(fromMs));
    if (made === undefined) return;
    const before = this.#reports.mailed[kind];
    // What cannot be noted would be sent again after a restart. It is tried again in a minute.
    if (!(await this.#reports.noteMailed(kind, toMs))) return void (await this.#reports.noteMailed(kind, before));
    const mail = mailOf(made, this.#config.to);
    if ((await this.#deliver(mail, kind)) === 'stopped') await this.#reports.noteMailed(kind, before);
  }

  /** Tries again for an hour. @returns `stopped` where it is known that nobody took it yet */
  async #deliver(mail: ReportMail, kind: ReportKind): Promise<'settled' | 'stopped'> {
    const { clock } = this.#host;
    const beganMs = clock.monotonicMs();
    for (let waitMs = FIRST_RETRY_MS; ; waitMs *= 2) {
      const answer = await this.#server.send(mail, this.#cut.signal);
      const isLast = clock.monotonicMs() - beganMs + waitMs > RETRY_MS;
      if (answer.outcome === 'delivered') return this.#settled('delivered');
      // Whether what was cut off was taken, nobody knows.
      if (this.#cut.signal.aborted) return this.#settled('given_up');
      if (answer.outcome === 'refused' || isLast) {
        this.#host.log('error', `MAIL_${kind}`, `${this.#server.where} did not take the ${kind} report: ${answer.why}`);
        return this.#settled(answer.outcome === 'refused' ? 'refused' : 'given_up');
      }
      this.#host.log(
        'warning',
        `MAIL_${kind}`,
        `the ${kind} report is tried again: ${this.#server.where}: ${answer.why}`,
      );
      await this.#wait(Math.max(waitMs, answer.afterMs ?? 0));
      if (this.#cut.signal.aborted) return 'stopped';
    }
  }

  #settled(result: 'delivered' | 'refused' | 'given_up'): 'settled' {
    this.#host.count('mails', 1, { result });
    return 'settled';
  }

  #wait(lengthMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#host.clock.after(lengthMs, resolve);
      this.#endWait = () => {
        cancel();
        resolve();
      };
    });
  }
}

function mailOf(report: ReportDocument, to: readonly string[] | undefined): ReportMail {
  const { kind, title, source, fromMs } = report;
  const id = `report-${kind}-${dayText(fromMs)}-${source}`;
  return { to, id, subject: `${title}: ${source}`, text: toMarkdown(report), html: toHtml(report) };
}
