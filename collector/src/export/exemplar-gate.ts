// Lets exemplars out only once their trace was kept, so that whoever follows one finds it.
// What came too early waits here, beside its series; what waits too long, or finds no room, is not shown.
import { attributesKey } from '../model/attributes.ts';
import type { DataPoint, PointExemplar } from '../model/data-point.ts';
import type { Host } from '../pipeline/contract.ts';
import type { DecisionState } from '../sample/contract.ts';
import { type exportInstruments, type ExemplarOutcome } from './instruments.ts';

/** Candidates of one series; of more the newest are looked at. */
const PER_SERIES = 4;
/** Exemplars that wait or are shown, of all series; about 4 MiB. */
const IN_ALL = 10_000;

/** What is known of a trace. @param traceId 32 lower-case hexadecimal digits */
export type TraceState = (traceId: string) => DecisionState;

export type ExemplarMode = 'kept' | 'all' | 'none';

interface Candidate {
  readonly exemplar: PointExemplar;
  /** Monotonic. */
  readonly sinceMs: number;
}

interface Entry {
  waiting: Candidate[];
  /** Let out, in order of time. */
  shown: PointExemplar[];
  /** Time of the newest that was handed on with a point. */
  handedMs: number;
}

type GateHost = Pick<Host<keyof typeof exportInstruments>, 'clock' | 'count' | 'record'>;

/** The exemplars of what comes in. */
export class ExemplarGate {
  readonly #mode: ExemplarMode;
  readonly #host: GateHost;
  /** By key of the metric as it came in, then by that of the attributes. */
  readonly #entries = new Map<string, Map<string, Entry>>();
  #held = 0;
  /** Of traces nobody tells of; wired by whoever knows. */
  traceState: TraceState = () => 'unseen';
  /** How long a decision may take. */
  waitMs = 0;

  constructor(mode: ExemplarMode, host: GateHost) {
    this.#mode = mode;
    this.#host = host;
  }

  /** Exemplars that wait or are shown. */
  get held(): number {
    return this.#held;
  }

  /**
   * Takes the exemplars from points and leaves those that may go on with them: of traces that were kept. A cumulative
   * point also carries what waited for its trace; a delta point only what is of its own time.
   */
  pass(points: readonly DataPoint[]): readonly DataPoint[] {
    if (this.#mode === 'all') return points;
    if (this.#held === 0 && points.every(({ exemplars }) => exemplars.length === 0)) return points;
    return points.map((point) => this.#passOne(point));
  }

  /** What a series has to show and was not handed on before. @param metric key, as it came in */
  due(metric: string, attributes: string): readonly PointExemplar[] {
    const entry = this.#entries.get(metric)?.get(attributes);
    if (entry === undefined) return [];
    this.#resolve(entry);
    const due = entry.shown.filter(({ timeMs }) => timeMs > entry.handedMs);
    entry.handedMs = due.at(-1)?.timeMs ?? entry.handedMs;
    return due;
  }

  /** What a series has to show. @param metric key, as it came in */
  shown(metric: string, attributes: string): readonly PointExemplar[] {
    const entry = this.#entries.get(metric)?.get(attributes);
    if (entry === undefined) return [];
    this.#resolve(entry);
    return entry.shown;
  }

  /** Forgets a series that ended. */
  forget(metric: string, attributes: string): void {
    const entry = this.#entries.get(metric)?.get(attributes);
    if (entry !== undefined) this.#remove(metric, attributes, entry);
  }

  /** Gives up what waited too long. */
  expire(): void {
    for (const [metric, series] of this.#entries) {
      for (const [attributes, entry] of series) {
        this.#resolve(entry);
        if (entry.waiting.length + entry.shown.length === 0) this.#remove(metric, attributes, entry);
      }
    }
    this.#host.record('exemplars_held', this.#held);
  }

  #passOne(point: DataPoint): DataPoint {
    const { metric, exemplars } = point;
    const series = this.#entries.get(metric.key);
    if (exemplars.length === 0 && series === undefined) return point;
    if (this.#mode === 'none') {
      this.#count('off', exemplars.length);
      return exemplars.length === 0 ? point : { ...point, exemplars: [] };
    }
    const attributes = attributesKey(point.attributes);
    if (exemplars.length > 0) this.#offer(metric.key, attributes, exemplars);
    if (metric.temporality === 'delta') {
      const kept = exemplars.filter(({ traceId }) => this.#stateOf(traceId) === 'kept');
      return kept.length === exemplars.length ? point : { ...point, exemplars: kept };
    }
    const due = this.due(metric.key, attributes);
    return due.length + exemplars.length === 0 ? point : { ...point, exemplars: due };
  }

  #offer(metric: string, attributes: string, exemplars: readonly PointExemplar[]): void {
    const entry = this.#entry(metric, attributes);
    const sinceMs = this.#host.clock.monotonicMs();
    for (const exemplar of exemplars.toSorted((a, b) => a.timeMs - b.timeMs)) {
      entry.waiting.push({ exemplar, sinceMs });
      this.#held++;
    }
    // Decided first: what may go out already needs no place to wait.
    this.#resolve(entry);
    while (entry.waiting.length > PER_SERIES) this.#giveUp(entry, 'no_room');
    while (this.#held > IN_ALL) this.#evict();
  }

  #entry(metric: string, attributes: string): Entry {
    let series = this.#entries.get(metric);
    if (series === undefined) this.#entries.set(metric, (series = new Map<string, Entry>()));
    let entry = series.get(attributes);
    if (entry === undefined)
      series.set(attributes, (entry = { waiting: [], shown: [], handedMs: Number.NEGATIVE_INFINITY }));
    return entry;
  }

  /** Looks at what waits: what was decided leaves. */
  #resolve(entry: Entry): void {
    if (entry.waiting.length === 0) return;
    const nowMs = this.#host.clock.monotonicMs();
    const left: Candidate[] = [];
    for (const candidate of entry.waiting) {
      const state = this.#stateOf(candidate.exemplar.traceId);
      const isOverdue = nowMs - candidate.sinceMs >= this.waitMs;
      if (state === 'kept') this.#show(entry, candidate.exemplar);
      else if (state === 'dropped' || isOverdue) {
        this.#held--;
        this.#count(state, 1);
      } else left.push(candidate);
    }
    entry.waiting = left;
  }

  #show(entry: Entry, exemplar: PointExemplar): void {
    const last = entry.shown.at(-1);
    // Receivers take them in order of time only.
    if (last !== undefined && exemplar.timeMs <= last.timeMs) {
      this.#held--;
      this.#count('older', 1);
      return;
    }
    entry.shown.push(exemplar);
    this.#count('kept', 1);
    if (entry.shown.length <= PER_SERIES) return;
    entry.shown.shift();
    this.#held--;
  }

  #giveUp(entry: Entry, outcome: ExemplarOutcome): void {
    entry.waiting.shift();
    this.#held--;
    this.#count(outcome, 1);
  }

  /** Makes room: the series that came first gives up what it has. */
  #evict(): void {
    for (const [metric, series] of this.#entries)
      for (const [attributes, entry] of series) {
        this.#count('no_room', entry.waiting.length);
        this.#remove(metric, attributes, entry);
        return;
      }
  }

  #remove(metric: string, attributes: string, entry: Entry): void {
    this.#held -= entry.waiting.length + entry.shown.length;
    const series = this.#entries.get(metric);
    series?.delete(attributes);
    if (series?.size === 0) this.#entries.delete(metric);
  }

  #stateOf(traceId: string): DecisionState {
    return traceId.length === 32 ? this.traceState(traceId) : 'unseen';
  }

  #count(outcome: ExemplarOutcome, count: number): void {
    if (count > 0) this.#host.count('exemplars', count, { outcome });
  }
}
