// What is known of one target's series: finds each sample by how its line begins, and makes the points of each scrape.
// A line usually follows the one it followed last time, so that most are found by one comparison.
import { type Attributes, attributesKey, NO_ATTRIBUTES } from '../model/attributes.ts';
import type { DataPoint, PointValue } from '../model/data-point.ts';
import type { Head } from './cursor.ts';
import type { Family, Place } from './families.ts';
import { FamilyRegister } from './family-register.ts';
import { ScrapeFault } from './fault.ts';
import type { DroppedReason, Mended } from './instruments.ts';
import { destination, type LabelRules, sampleLabels } from './sample-labels.ts';
import { ownText } from './own-text.ts';
import { Series, type Slot } from './series.ts';
import { TargetContext } from './target-context.ts';
import { type Told, toldBy } from './told.ts';
import type { NativeSink } from './protobuf-reader.ts';
import type { SampleSink, TextExemplar } from './text-reader.ts';
import { exemplarOf } from './exemplars.ts';

export interface BookRules extends LabelRules {
  readonly honorTimestamps: boolean;
  readonly maxSamples: number;
}

/** What is counted of one scrape. */
export interface ScrapeCounts {
  scraped: number;
  kept: number;
  added: number;
  readonly dropped: Map<DroppedReason, number>;
  readonly mended: Map<Mended, number>;
}

/** A line's beginning, and what it meant. */
interface Entry {
  readonly raw: string;
  /** What was declared before it; the same line means something else in another family. */
  readonly open: Family | undefined;
  readonly family: Family | undefined;
  readonly slot: Slot | undefined;
  /** Where there is no slot: why, or what it says of the target. */
  readonly dropped: DroppedReason | undefined;
  readonly told: Told | undefined;
  /** What followed it in the last scrape. */
  next: Entry | undefined;
  seenIn: number;
}

/** Kept beyond what the last scrape had, so that series that come and go are not made anew each time. */
const SPARE_ENTRIES = 1000;
const TAB = 9;
const LINE_FEED = 10;
const SPACE = 32;
const OPEN = 123;
const CLOSE = 125;

export class SeriesBook implements SampleSink, NativeSink {
  readonly context: TargetContext;
  readonly #rules: BookRules;
  readonly #entries = new Map<string, Entry>();
  readonly #series = new Map<string, Series>();
  readonly #families = new FamilyRegister();
  readonly #root: Entry = blankEntry();
  #scrape = 0;
  #previous: Entry = this.#root;
  #entry: Entry = this.#root;
  #touched: Series[] = [];
  #live: Series[] = [];
  #info: Attributes = NO_ATTRIBUTES;
  #scopes = new Map<string, Attributes>();
  counts: ScrapeCounts = noCounts();

  constructor(rules: BookRules) {
    this.#rules = rules;
    this.context = new TargetContext(rules.target);
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** Begins a scrape. What an unfinished one read is forgotten. */
  begin(): void {
    this.#scrape++;
    this.#previous = this.#root;
    this.#families.begin(this.#scrape);
    this.#touched = [];
    this.#info = NO_ATTRIBUTES;
    this.#scopes = new Map();
    this.counts = noCounts();
  }

  declare(name: string, what: 'type' | 'help' | 'unit', text: string): void {
    this.#families.declare(name, what, text);
  }

  find(text: string, at: number): number {
    const expected = this.#previous.next;
    if (expected !== undefined && this.#isCurrent(expected) && text.startsWith(expected.raw, at)) {
      const end = at + expected.raw.length;
      if (endsHere(text, end)) return this.#found(expected, end);
    }
    const end = headEnd(text, at);
    const entry = end < 0 ? undefined : this.#entries.get(text.slice(at, end));
    if (entry === undefined || !this.#isCurrent(entry) || !endsHere(text, end)) return -1;
    return this.#found(entry, end);
  }

  #found(entry: Entry, end: number): number {
    this.#previous.next = entry;
    this.#previous = entry;
    this.#entry = entry;
    entry.seenIn = this.#scrape;
    return end;
  }

  #isCurrent({ open, family }: Entry): boolean {
    return open === this.#families.open && (family === undefined || this.#families.isCurrent(family));
  }

  add(raw: string, head: Head, place?: Place): void {
    const own = ownText(raw);
    const entry = this.#entryOf(own, head, place);
    // Nothing limits what relabelling drops but this: the rest is looked at each time.
    if (this.#entries.size < 2 * this.#rules.maxSamples + SPARE_ENTRIES) {
      this.#entries.set(own, entry);
      this.#found(entry, 0);
    } else this.#entry = entry;
  }

  take(value: number, timeMs: number, exemplar: TextExemplar | undefined): void {
    const slot = this.#claim();
    if (slot === undefined) return;
    const { series } = slot;
    series.take(slot.role, slot.bound, value, this.#rules.honorTimestamps ? timeMs : NaN);
    if (exemplar !== undefined) series.takeExemplar(exemplarOf(exemplar, timeMs));
  }

  takeNative(value: PointValue | undefined, timeMs: number, exemplars: readonly TextExemplar[]): void {
    const slot = this.#claim();
    if (slot === undefined) return;
    slot.series.takeNative(value, this.#rules.honorTimestamps ? timeMs : NaN);
    for (const exemplar of exemplars) slot.series.takeExemplar(exemplarOf(exemplar, timeMs));
  }

  takeCreated(createdMs: number): void {
    const series = this.#entry.slot?.series;
    if (series?.seenIn === this.#scrape) series.takeCreated(createdMs);
  }

  /** Counts a sample, and gives its slot where its value is wanted. */
  #claim(): Slot | undefined {
    const { slot, told, dropped } = this.#entry;
    const { counts } = this;
    counts.scraped++;
    if (told !== undefined) return this.#tell(told);
    if (slot === undefined) return this.#drop(dropped ?? 'relabel');
    if (++counts.kept > this.#rules.maxSamples)
      throw new ScrapeFault('too_many_samples', `more than ${this.#rules.maxSamples} samples`);
    if (slot.seenIn === this.#scrape) return this.#drop('duplicate');
    slot.seenIn = this.#scrape;
    const { series } = slot;
    if (series.seenIn !== this.#scrape) {
      series.begin(this.#scrape);
      this.#touched.push(series);
    }
    series.family = this.#entry.family;
    return slot;
  }

  #tell({ scope, attributes }: Told): undefined {
    this.counts.kept++;
    if (scope === undefined) this.#info = attributes;
    else this.#scopes.set(scope, attributes);
  }

  #drop(reason: DroppedReason): undefined {
    this.counts.dropped.set(reason, (this.counts.dropped.get(reason) ?? 0) + 1);
  }

  /**
   * Ends a scrape that was read whole: its points, then those of series that are gone. Nothing else may be asked of the
   * book before the last one.
   */
  *finish(scrapeMs: number): Generator<DataPoint> {
    this.context.update(this.#info, this.#scopes);
    const { mended } = this.counts;
    const mend = (missing: Mended): void => void mended.set(missing, (mended.get(missing) ?? 0) + 1);
    const live: Series[] = [];
    for (const series of this.#touched) {
      const old = series.isLive ? series.metric : undefined;
      const metric = this.context.metricOf(series);
      // What is known of the target changed, and so its series ended and another began.
      const ended = old !== undefined && old.key !== metric.key ? series.gone(scrapeMs) : undefined;
      if (ended !== undefined) yield ended;
      const point = series.finish(metric, scrapeMs, mend);
      if (typeof point === 'string') this.#drop(point);
      else {
        if (!series.isLive) this.counts.added++;
        series.isLive = true;
        yield point;
      }
      if (series.isLive) live.push(series);
    }
    for (const series of this.#live) if (series.seenIn !== this.#scrape) yield* whole(series.gone(scrapeMs));
    this.#live = live;
    this.#touched = [];
    this.#forget();
  }

  /** Ends a scrape that failed: no series has a value. */
  *fail(scrapeMs: number): Generator<DataPoint> {
    for (const series of this.#live) yield* whole(series.gone(scrapeMs));
    this.#live = [];
    this.#touched = [];
  }

  /** Series that come and go for ever are not all remembered. */
  #forget(): void {
    const current = this.counts.scraped;
    if (this.#entries.size > 2 * current + SPARE_ENTRIES) {
      for (const [raw, entry] of this.#entries) {
        if (entry.seenIn !== this.#scrape) this.#entries.delete(raw);
        else if (entry.next?.seenIn !== this.#scrape) entry.next = undefined;
      }
      for (const [key, series] of this.#series) if (series.seenIn !== this.#scrape) this.#series.delete(key);
    }
    this.#families.forget();
  }

  #entryOf(raw: string, head: Head, given: Place | undefined): Entry {
    const owned: Head = { name: ownText(head.name), labels: head.labels.map(([k, v]) => [ownText(k), ownText(v)]) };
    const [family, place] = given === undefined ? this.#families.placeOf(owned.name) : [this.#families.open, given];
    const entry = { ...blankEntry(), raw, open: this.#families.open, family };
    const labels = sampleLabels(owned, this.#rules);
    if (typeof labels === 'string') return { ...entry, dropped: labels };
    const told = toldBy(labels);
    if (told !== undefined) return { ...entry, told };
    const where = destination(labels, owned.name, family?.name ?? owned.name, place);
    if (typeof where === 'string') return { ...entry, dropped: where };
    const series = this.#seriesOf(where.place, where.labels);
    return { ...entry, slot: series.slotOf(where.role, where.bound) };
  }

  #seriesOf(place: Place, labels: Series['labels']): Series {
    const { job, instance, scopeName, scopeVersion, scopeSchemaUrl, scopeAttributes, attributes } = labels;
    const described = [
      place.kind,
      place.isMonotonic,
      place.name,
      job,
      instance,
      scopeName,
      scopeVersion,
      scopeSchemaUrl,
    ];
    const key = [...described, attributesKey(scopeAttributes), attributesKey(attributes)].join('\0');
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = new Series(place, labels)));
    return series;
  }
}

function blankEntry(): Entry {
  const nothing = { open: undefined, family: undefined, slot: undefined, dropped: undefined, told: undefined };
  return { raw: '', ...nothing, next: undefined, seenIn: 0 };
}

function noCounts(): ScrapeCounts {
  return { scraped: 0, kept: 0, added: 0, dropped: new Map(), mended: new Map() };
}

/**
 * Where name and labels of a line end at the earliest, before a blank; -1 for no such place. Should it be within a quoted
 * value, what is there is no head that was seen.
 */
function headEnd(text: string, at: number): number {
  let end = at;
  let code = text.charCodeAt(end);
  while (code > SPACE && code !== OPEN) code = text.charCodeAt(++end);
  if (code !== OPEN) return code === SPACE ? end : -1;
  for (; code !== LINE_FEED && !Number.isNaN(code); code = text.charCodeAt(++end))
    if (code === CLOSE && text.charCodeAt(end + 1) === SPACE) return end + 1;
  return -1;
}

/** What follows is the value: a bare name could yet have labels behind blanks. */
function endsHere(text: string, end: number): boolean {
  if (text.charCodeAt(end - 1) === CLOSE) return true;
  const next = text.charCodeAt(end + 1);
  return text.charCodeAt(end) === SPACE && next !== SPACE && next !== OPEN && next !== TAB;
}

function whole(point: DataPoint | undefined): DataPoint[] {
  return point === undefined ? [] : [point];
}
