// Gathers what reports are made from, minute by minute, writes it down, and makes reports of it where somebody asks.
// Nothing flows through it, and nothing here costs anything for a span: counters of others are read.
import type { ViolationGroup } from '../baseline/contract.ts';
import type { DataPoint } from '../model/data-point.ts';
import type { Consumer, Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { StateStore } from '../store/contract.ts';
import type { ReportConfig, reportConfig } from './config.ts';
import type {
  CleanupFacts,
  KnownReport,
  MailServer,
  ReportFormat,
  ReportKind,
  ReportSources,
  ReportsView,
  WrittenReport,
} from './contract.ts';
import { Day, type DayRecord } from './day.ts';
import type { ReportDocument } from './document.ts';
import { reportInstruments } from './instruments.ts';
import { KeptDays } from './kept-days.ts';
import { knownReports } from './known-reports.ts';
import { Mailing, type MailedReports } from './mailing.ts';
import { LlmUsage } from './llm-usage.ts';
import { DAY_MS, dayOf } from './periods.ts';
import { SeriesGrowth } from './series-growth.ts';
import { within } from './within.ts';
import { reportOfKept, written } from './write.ts';

type ReportHost = Host<keyof typeof reportInstruments>;

/** Days begin on whole minutes, so that what is gathered each belongs to one. */
const GATHER_EVERY_MS = 60_000;
/** What a kill -9 may lose. */
const SAVE_EVERY_MS = 300_000;
/** A start has ten seconds. What takes longer to be read is read while calls come. */
const READ_WITHIN_MS = 5000;
/** The whole program has five seconds to stop. */
const STOP_WITHIN_MS = 2000;

export const report = {
  name: 'report',
  instruments: reportInstruments,
  create: (config, host) => new ReportStage(config, host),
} satisfies StageDef<typeof reportConfig, typeof reportInstruments, never, never>;

/** What is handed to the stage before it starts. */
export interface ReportSurroundings {
  readonly sources: ReportSources;
  /** Without one, what was gathered ends with the process. */
  readonly state: StateStore | undefined;
  /** As whom reports are signed. */
  readonly source: string;
  /** Opens the way to the mail server; nothing is sent by that. */
  readonly openServer?: (() => MailServer) | undefined;
}

export class ReportStage implements Stage<never>, ReportsView {
  readonly #config: ReportConfig;
  readonly #host: ReportHost;
  readonly #llm: LlmUsage;
  #day: Day;
  /** Days of which more may be written down than is known. */
  readonly #unread = new Set<Day>();
  #sources: ReportSources | undefined;
  #source = '';
  #kept: KeptDays;
  #growth: SeriesGrowth | undefined;
  #receivedBytes = 0;
  #cleanup = new Map<string, CleanupFacts>();
  #savedMs = 0;
  #openServer: (() => MailServer) | undefined;
  #mailing: Mailing | undefined;
  #cancel: (() => void) | undefined;

  constructor(config: ReportConfig, host: ReportHost) {
    this.#config = config;
    this.#host = host;
    const nowMs = host.clock.nowMs();
    this.#llm = new LlmUsage(nowMs);
    this.#day = new Day(dayOf(nowMs), config.max_operations);
    this.#kept = new KeptDays(config.max_days, host, undefined);
  }

  /** Says where facts come from and where they are kept; to be called before `start`. */
  gatherFrom({ sources, state, source, openServer }: ReportSurroundings): void {
    this.#openServer = openServer;
    this.#sources = sources;
    this.#source = source;
    this.#kept = new KeptDays(this.#config.max_days, this.#host, state);
    const { series } = sources;
    this.#growth = series && new SeriesGrowth(series.table, (row) => series.ownerAt(row));
  }

  async start(): Promise<void> {
    const { clock } = this.#host;
    const nowMs = clock.nowMs();
    await within(clock, READ_WITHIN_MS, this.#begin(dayOf(nowMs)));
    this.#savedMs = nowMs;
    this.#mailing = this.#openMail();
    this.#mailing?.check(nowMs);
    this.#waitForMinute();
  }

  async stop(): Promise<void> {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#gather();
    await within(this.#host.clock, STOP_WITHIN_MS, this.#end());
  }

  async #end(): Promise<void> {
    await this.#mailing?.stop();
    await this.#save(this.#day);
  }

  /** Nothing flows through: others are asked. */
  async consume(): Promise<void> {}

  /** Where metrics come by. */
  readonly metrics: Consumer<{ readonly points: readonly DataPoint[] }> = {
    consume: async ({ points }) => this.#llm.take(points),
  };

  /** Takes a group of violations each time it has changed. */
  told(group: ViolationGroup): void {
    this.#day.told(group);
  }

  /** Ends groups that are not among those that are open: nobody would tell of their end. */
  resumed(open: ReadonlySet<string>): void {
    this.#day.incidents.endOthers(open, this.#host.clock.nowMs());
  }

  /** Takes a failed call that was looked at. */
  failed(service: string, type: string): void {
    this.#day.errorTypes.see(service, type);
  }

  /** Takes what a series counted before its place goes to another. */
  expiring(row: number): void {
    this.#growth?.takeRow(row, this.#day.operations);
  }

  list(): readonly KnownReport[] {
    return knownReports([...this.#kept.days, this.#day.fromMs], this.#host.clock.nowMs());
  }

  async write(kind: ReportKind, date: string, format: ReportFormat): Promise<WrittenReport | undefined> {
    const made = await this.#make(kind, date);
    return made && written(made, format);
  }

  #make(kind: ReportKind, date: string): Promise<ReportDocument | undefined> {
    const nowMs = this.#host.clock.nowMs();
    const now = {
      nowMs,
      prices: this.#config.llm_prices,
      upkeep: this.#sources?.upkeep(nowMs) ?? [],
      usefulness: (groupId: string) => this.#sources?.usefulness(groupId),
    };
    const days = { load: (fromMs: number, toMs: number) => this.#daysOf(fromMs, toMs) };
    return reportOfKept(days, { kind, date, source: this.#source, now });
  }

  /** Opens the way to who gets reports by mail, where somebody does. */
  #openMail(): Mailing | undefined {
    const { email } = this.#config;
    const server = email && this.#openServer?.();
    if (email === undefined || server === undefined) return undefined;
    const kept = this.#kept;
    const reports: MailedReports = {
      get mailed() {
        return kept.mailed;
      },
      isKnown: ({ fromMs, toMs }) => kept.days.some((day) => day >= fromMs && day < toMs),
      noteMailed: (kind, toMs) => kept.noteMailed(kind, toMs),
      make: (kind, date) => this.#make(kind, date),
    };
    return new Mailing(email, this.#host, { reports, server });
  }

  /** Days of a time, today as it is now. */
  async *#daysOf(fromMs: number, toMs: number): AsyncGenerator<DayRecord, void, undefined> {
    const today = this.#day.fromMs;
    for await (const day of this.#kept.load(fromMs, toMs)) if (day.fromMs !== today) yield day;
    if (today < fromMs || today >= toMs) return;
    // It may have ended meanwhile; then it is written down.
    if (today !== this.#day.fromMs) return yield* this.#kept.load(today, today + DAY_MS);
    this.#gather();
    yield this.#record(this.#day);
  }

  /** Begins a day of which something may be written down already. */
  async #begin(today: number): Promise<void> {
    const day = (this.#day = new Day(today, this.#config.max_operations));
    this.#unread.add(day);
    await this.#read(day);
  }

  /** Adds what was written down of a day, once. @returns false where it cannot be read now */
  async #read(day: Day): Promise<boolean> {
    if (!(await this.#kept.open())) return false;
    this.#llm.restore(this.#kept.streams);
    try {
      const known: DayRecord[] = [];
      for await (const record of this.#kept.load(day.fromMs, day.fromMs + DAY_MS)) known.push(record);
      if (this.#unread.delete(day)) for (const record of known) day.restore(record);
      return true;
    } catch (error) {
      this.#host.log(
        'error',
        'UNREAD',
        `what was gathered today before the restart cannot be read yet: ${String(error)}`,
      );
      return false;
    }
  }

  #waitForMinute(): void {
    const { clock } = this.#host;
    const waitMs = GATHER_EVERY_MS - (clock.nowMs() % GATHER_EVERY_MS);
    this.#cancel = clock.after(waitMs, () => {
      this.#waitForMinute();
      this.#pass(clock.nowMs());
    });
  }

  /** Once a minute. */
  #pass(nowMs: number): void {
    this.#gather();
    // Where the clock was set back, the day goes on.
    if (dayOf(nowMs) > this.#day.fromMs) this.#turn(nowMs);
    else if (nowMs - this.#savedMs >= SAVE_EVERY_MS || nowMs < this.#savedMs) this.#saveNow(nowMs);
    this.#mailing?.check(nowMs);
    this.#host.record('operations', this.#day.operations.size);
    this.#host.record('size', this.#day.operations.sizeBytes + (this.#growth?.sizeBytes ?? 0));
  }

  /** Ends a day and begins the next. */
  #turn(nowMs: number): void {
    const ended = this.#day;
    this.#saveNow(nowMs);
    const today = dayOf(nowMs);
    // Where the clock had been set back, the day may have come before.
    if (this.#kept.days.includes(today)) void this.#begin(today);
    else this.#day = new Day(today, this.#config.max_operations);
    this.#day.coverage = ended.coverage;
    this.#day.incidents.restore(ended.incidents.open(), []);
  }

  #saveNow(nowMs: number): void {
    this.#savedMs = nowMs;
    void this.#save(this.#day);
  }

  async #save(day: Day): Promise<void> {
    // What was written down is not written over before it is read.
    const isRead = !this.#unread.has(day) || (await this.#read(day));
    const isSaved = isRead && (await this.#kept.save(this.#record(day), this.#llm.saved()));
    this.#host.count('saves', 1, { result: isSaved ? 'done' : 'failed' });
  }

  #record(day: Day): DayRecord {
    const { fromMs } = day;
    const sources = this.#sources;
    if (sources === undefined) return day.record([]);
    if (day === this.#day) day.coverage = sources.coverage();
    const readings = sources.resources(fromMs, fromMs + DAY_MS);
    return day.record(readings, (groupId) => sources.usefulness(groupId));
  }

  /** Adds what was counted since the last time. */
  #gather(): void {
    const day = this.#day;
    this.#growth?.take(day.operations);
    day.addLlm(this.#llm.drain());
    if (this.#sources === undefined) return;
    const receivedBytes = this.#sources.receivedBytes();
    day.receivedBytes += receivedBytes - this.#receivedBytes;
    this.#receivedBytes = receivedBytes;
    day.addCleanup(this.#sources.cleanup().map((reading) => this.#cleanedSince(reading)));
  }

  #cleanedSince(reading: CleanupFacts): CleanupFacts {
    const before = this.#cleanup.get(reading.what);
    this.#cleanup.set(reading.what, reading);
    return {
      ...reading,
      removed: reading.removed - (before?.removed ?? 0),
      freedBytes: reading.freedBytes - (before?.freedBytes ?? 0),
      failures: reading.failures - (before?.failures ?? 0),
    };
  }
}
