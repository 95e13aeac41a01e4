// Watches metrics of hosts, programs and whatever configuration names: learns what is normal for each series, and says when
// one has left it for good or is near its limit. Looks at points that pass; hands nothing on and holds nothing up.
import type { Change, Violation, ViolationSink } from '../baseline/contract.ts';
import type { MetricBatch, Resource } from '../model/data-point.ts';
import type { Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { StateStore } from '../store/contract.ts';
import type { ResourceConfig, resourceConfig } from './config.ts';
import type { ResourceLinesAnswer, ResourcePeriod, ResourceView } from './contract.ts';
import { RESOURCE_STATES, resourceInstruments } from './instruments.ts';
import { Keeping } from './keeping.ts';
import { Roster } from './roster.ts';
import type { Series, SeriesOptions } from './series.ts';
import { lineOf, periodOf, urgencyOf } from './view.ts';

type ResourceHost = Host<keyof typeof resourceInstruments>;

/** What comes each minute, and a little late, is there by then; also after what a beat of `monitoring` missed. */
const LEAST_HOLD_MS = 150_000;
const HOLD_STEPS = 2.5;
/** Steps are closed so long after their end, or a quarter of their length: points of the same second come a little later. */
const LAG_MS = 5000;
const LAG_RATIO = 0.25;
const KEEP_EVERY_MS = 60_000;
/** Whatever is said of a series is over once it is silent for so many times as long as a level holds. */
const SILENT_HOLDS = 3;
/** A start has ten seconds. */
const READ_WITHIN_MS = 5000;

export const resources = {
  name: 'resources',
  instruments: resourceInstruments,
  create: (config, host) => new ResourceStage(config, host),
} satisfies StageDef<typeof resourceConfig, typeof resourceInstruments, MetricBatch, never>;

export class ResourceStage implements Stage<MetricBatch>, ResourceView {
  readonly #host: ResourceHost;
  readonly #options: SeriesOptions;
  readonly #ttlMs: number;
  readonly #roster: Roster;
  readonly #keeping: Keeping;
  /** What was said before a restart of series that are not known any more, by their key. */
  readonly #orphans = new Map<string, Violation>();
  #startedMs = NaN;
  #cancel: (() => void)[] = [];
  #cancelStep = (): void => {};
  /** Where violations are said; wired by whoever builds, before `start`. */
  sink: ViolationSink | undefined;

  constructor(config: ResourceConfig, host: ResourceHost) {
    const { step: stepMs, learn_for, saturation } = config;
    this.#host = host;
    this.#ttlMs = config.series_ttl;
    this.#options = {
      stepMs,
      holdMs: Math.max(LEAST_HOLD_MS, HOLD_STEPS * stepMs),
      learnSteps: Math.ceil(learn_for / stepMs),
      saturation: {
        warning: saturation.warning,
        critical: saturation.critical,
        sustainedMs: saturation.sustained,
        busySustainedMs: Math.max(saturation.sustained, saturation.busy_sustained),
      },
    };
    this.#keeping = new Keeping(host);
    this.#roster = new Roster(config, this.#options, (series) => this.#began(series));
  }

  /** As whom this sidecar reads itself and its host. To be set before points come. */
  set own(resource: Resource) {
    this.#roster.own = resource;
  }

  /** Where what is learned is kept over restarts; without one it is not. To be set before `start`. */
  set stateStore(store: StateStore | undefined) {
    this.#keeping.store = store;
  }

  /** To be started after whoever takes what is said. */
  async start(): Promise<void> {
    const { clock } = this.#host;
    this.#startedMs = clock.nowMs();
    const late = new Promise<void>((resolve) => this.#cancel.push(clock.after(READ_WITHIN_MS, resolve)));
    await Promise.race([this.#keeping.load((saved) => this.#roster.resume(saved)), late]);
    this.#adoptOpen();
    this.#cancel.push(clock.every(KEEP_EVERY_MS, () => this.#keep(clock.nowMs())));
    this.#waitForStep();
  }

  async consume({ points }: MetricBatch): Promise<void> {
    const nowMs = this.#host.clock.nowMs();
    for (const point of points) {
      const found = this.#roster.find(point, nowMs);
      if (found === undefined) continue;
      if (typeof found === 'string') this.#host.count('unwatched_points', 1, { reason: found });
      else this.#say(found.series, found.series.take(point, found.part, nowMs));
    }
  }

  async stop(): Promise<void> {
    this.#cancelStep();
    if (this.#cancel.length === 0) return;
    for (const cancel of this.#cancel.splice(0)) cancel();
    await this.#keeping.saveAll(this.#roster.all());
  }

  lines(): ResourceLinesAnswer {
    const lines = [...this.#roster.all()].map(lineOf);
    lines.sort((a, b) => urgencyOf(b) - urgencyOf(a) || (a.name < b.name ? -1 : 1));
    return {
      nowMs: this.#host.clock.nowMs(),
      stepSeconds: this.#options.stepMs / 1000,
      series: lines,
      leftOut: this.#roster.leftOut,
    };
  }

  facts(fromMs: number, toMs: number): ResourcePeriod[] {
    return [...this.#roster.all()].flatMap((series) => periodOf(series, fromMs, toMs) ?? []);
  }

  coverage(): { readonly resources: number; readonly learnedResources: number } {
    const learned = [...this.#roster.all()].filter(({ isLearned }) => isLearned);
    return { resources: this.#roster.size, learnedResources: learned.length };
  }

  #began(series: Series): void {
    this.#keeping.began(series, this.#host.clock.nowMs());
    const { key } = series.identity.subject;
    const orphan = this.#orphans.get(key);
    this.#orphans.delete(key);
    if (orphan !== undefined) this.#adopt(orphan, series);
  }

  /** Takes over what is open and not known here: of before a restart, also where it was read late or what was learned is lost. */
  #adoptOpen(): void {
    for (const violation of this.sink?.open('resource') ?? []) {
      const { key } = violation.subject;
      if (!this.#orphans.has(key) && this.#roster.byKey(key)?.severity === undefined) this.#adopt(violation);
    }
  }

  /** Whoever said it ends it: it stays until its series is judged anew. */
  #adopt(violation: Violation, series = this.#roster.byKey(violation.subject.key)): void {
    const { severity, onsetMs, ratio, subject } = violation;
    if (severity === 'none') return;
    if (series === undefined) this.#orphans.set(subject.key, violation);
    else series.adopt({ severity, onsetMs, ratio }, this.#host.clock.nowMs());
  }

  #say(series: Series, changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.sink?.say(series.identity.subject, changes);
    // What was said is not to be said again after a restart.
    this.#keeping.happened(series);
  }

  /** Closes steps shortly after their end, also of levels that nobody repeats. */
  #waitForStep(): void {
    const { clock } = this.#host;
    const { stepMs } = this.#options;
    const lagMs = Math.min(LAG_MS, LAG_RATIO * stepMs);
    const nowMs = clock.nowMs();
    const dueMs = (Math.floor((nowMs - lagMs) / stepMs) + 1) * stepMs + lagMs;
    this.#cancelStep = clock.after(dueMs - nowMs, () => {
      this.#step(clock.nowMs(), lagMs);
      this.#waitForStep();
    });
  }

  #step(nowMs: number, lagMs: number): void {
    const { stepMs } = this.#options;
    const endMs = Math.floor((nowMs - lagMs) / stepMs) * stepMs;
    for (const series of this.#roster.all()) this.#say(series, series.advance(endMs));
    this.#endSilent(nowMs);
    void this.#keeping.saveUrgent();
  }

  #endSilent(nowMs: number): void {
    const silentMs = SILENT_HOLDS * this.#options.holdMs;
    // Of before a restart, time begins with it: nobody could be heard before.
    const isSilent = (seenMs: number): boolean => nowMs - Math.max(seenMs, this.#startedMs) > silentMs;
    for (const series of this.#roster.all())
      if (series.severity !== undefined && isSilent(series.seenMs)) this.#say(series, series.fallSilent(nowMs));
    if (this.#orphans.size === 0 || !isSilent(0)) return;
    for (const { subject, onsetMs, ratio } of this.#orphans.values()) {
      const change = { timeMs: nowMs, kind: 'resource', severity: 'none', onsetMs, ratio, nats: 0 } as const;
      this.sink?.say(subject, [{ ...change, calls: 0, quantiles: [], ended: 'forgotten' }]);
    }
    this.#orphans.clear();
  }

  #keep(nowMs: number): void {
    const states = { learning: 0, normal: 0, departed: 0, saturated: 0 };
    for (const series of this.#roster.all()) {
      states[series.state]++;
      if (nowMs - series.seenMs < this.#ttlMs) continue;
      this.#say(series, series.fallSilent(nowMs));
      this.#keeping.forget(series);
      this.#roster.forget(series);
    }
    for (const state of RESOURCE_STATES) this.#host.record('series', states[state], { state });
    this.#adoptOpen();
    void this.#keeping.save([...this.#roster.all()], nowMs);
  }
}
