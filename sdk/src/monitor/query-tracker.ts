// Statistics of queries by their shape, the slow ones, and the same query asked again and again below one span. Keeps
// shapes, never the values in a query.
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { checkNumbers } from '../creation-checks.ts';
import { withoutSecrets } from '../bound/secrets.ts';
import { type MonitorClock, PROCESS_CLOCK } from './clock.ts';
import { DurationStatistics, type DurationSummary, isDuration } from './duration-statistics.ts';
import { sanitizeQuery } from '../observe/query-facts.ts';
import { Ring } from './ring.ts';

/** One query that has ended. */
export interface QueryRecord {
  /** `db.system.name`: `postgresql`, `mysql`, `mongodb`, `redis` … */
  readonly system: string;
  /** `db.operation.name`: `SELECT`, `findAndModify`. */
  readonly operation?: string | undefined;
  /** `db.collection.name`: the table. */
  readonly collection?: string | undefined;
  /** As it was sent; values are taken out. */
  readonly text?: string | undefined;
  readonly durationMs: number;
  /** Returned or changed. */
  readonly rows?: number | undefined;
  /** What it failed with; anything but undefined, null and false counts as a failure. */
  readonly error?: unknown;
  /** The span that asked; the active one unless given. */
  readonly parent?: { readonly traceId: string; readonly spanId: string } | undefined;
}

export interface QueryTrackerOptions {
  /** Queries that take at least so long are slow; 200. */
  readonly slowMs?: number;
  /** Slow queries that are remembered, the latest; 100. */
  readonly maxSlow?: number;
  /** Shapes with statistics; the least used goes for a new one; 200. */
  readonly maxShapes?: number;
  /** So many queries of one shape below one span are one too many; 10. */
  readonly repeatedCalls?: number;
  readonly clock?: MonitorClock;
  /** Called for each slow query; what it throws is lost. */
  readonly onSlow?: (query: SlowQuery) => void;
  /** Called once for each parent and shape; what it throws is lost. */
  readonly onRepeated?: (query: RepeatedQuery) => void;
}

/** What queries have in common that differ in values only. */
export interface QueryShape {
  readonly system: string;
  readonly operation: string | undefined;
  readonly collection: string | undefined;
  /** Without values, see `sanitizeQuery`; empty where no text was given. */
  readonly text: string;
}

export interface QueryStatistics extends QueryShape, DurationSummary {
  /** Of queries that said how many. */
  readonly rows: number;
  readonly slow: number;
}

export interface SlowQuery extends QueryShape {
  /** Milliseconds since the epoch, when it had ended. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly rows: number | undefined;
  readonly isError: boolean;
  readonly traceId: string | undefined;
}

/** One shape that was asked many times below one span: a join or a list would ask once. */
export interface RepeatedQuery extends QueryShape {
  readonly traceId: string;
  readonly parentSpanId: string;
  readonly calls: number;
  readonly totalMs: number;
}

export interface QueryReport {
  /** What took the most time in all first. */
  readonly shapes: readonly QueryStatistics[];
  readonly slow: readonly SlowQuery[];
  readonly repeated: readonly RepeatedQuery[];
  /** Shapes that went for newer ones. */
  readonly evictedShapes: number;
  /** Records without a duration. */
  readonly refused: number;
}

/** Never slow and never repeated are answers; kept without end is none. */
const RANGES = {
  slowMs: { most: Infinity },
  maxSlow: { most: 100_000 },
  maxShapes: { most: 100_000 },
  repeatedCalls: { most: Infinity },
};
const DEFAULTS = { slowMs: 200, maxSlow: 100, maxShapes: 200, repeatedCalls: 10 };
/** Spans below which queries are counted, the latest; and shapes below one. */
const MAX_PARENTS = 200;
const MAX_SHAPES_A_PARENT = 25;
const MAX_REPEATED = 100;
/** Names are given by programs; longer ones are cut. */
const MAX_NAME_CHARS = 256;
/** What stands where a name is cut is seen whole. */
const MAX_READ_CHARS = 1000;
/** Of the shapes used least recently, so many are looked at for the one used least. */
const LOOKED_AT = 16;

interface Held {
  readonly shape: QueryShape;
  readonly statistics: DurationStatistics;
  rows: number;
  slow: number;
}

/** The kept entry of one shape below one span. */
type Repetition = { -readonly [Key in keyof RepeatedQuery]: RepeatedQuery[Key] };

/** Tracks queries; every collection it keeps is bounded, and recording never throws. */
export class QueryPerformanceTracker {
  readonly #options: typeof DEFAULTS;
  readonly #clock: MonitorClock;
  readonly #onSlow: QueryTrackerOptions['onSlow'];
  readonly #onRepeated: QueryTrackerOptions['onRepeated'];
  /** In order of use. */
  readonly #shapes = new Map<string, Held>();
  /** In order of use; by trace and span, then by shape. */
  readonly #parents = new Map<string, Map<string, Repetition>>();
  readonly #slow: Ring<SlowQuery>;
  readonly #repeated = new Ring<Repetition>(MAX_REPEATED);
  #evictedShapes = 0;
  #refused = 0;

  constructor(options: QueryTrackerOptions = {}) {
    checkNumbers('QueryPerformanceTracker', options, RANGES);
    const { slowMs, maxSlow, maxShapes, repeatedCalls } = options;
    this.#options = {
      slowMs: slowMs ?? DEFAULTS.slowMs,
      maxSlow: Math.max(1, maxSlow ?? DEFAULTS.maxSlow),
      maxShapes: Math.max(1, maxShapes ?? DEFAULTS.maxShapes),
      repeatedCalls: Math.max(2, repeatedCalls ?? DEFAULTS.repeatedCalls),
    };
    this.#slow = new Ring(this.#options.maxSlow);
    this.#clock = options.clock ?? PROCESS_CLOCK;
    this.#onSlow = options.onSlow;
    this.#onRepeated = options.onRepeated;
  }

  /** Counts a query; one without a duration is refused. Costs microseconds, most of them for taking values out. */
  record(record: QueryRecord): void {
    try {
      this.#record(record);
    } catch {
      // It cannot be read.
      this.#refused++;
    }
  }

  #record(record: QueryRecord): void {
    const durationMs = record?.durationMs;
    if (!isDuration(durationMs)) {
      this.#refused++;
      return;
    }
    const { error } = record;
    const isError = error !== undefined && error !== null && error !== false;
    const shape = shapeOf(record);
    const key = `${shape.system}\n${shape.operation ?? ''}\n${shape.collection ?? ''}\n${shape.text}`;
    const held = this.#held(key, shape);
    held.statistics.record(durationMs, isError);
    const rows = typeof record.rows === 'number' && record.rows >= 0 ? record.rows : undefined;
    held.rows += rows ?? 0;
    const parent = record.parent ?? activeSpan();
    if (durationMs >= this.#options.slowMs) {
      held.slow++;
      const slow = { ...held.shape, atMs: this.#clock.nowMs(), durationMs, rows, isError, traceId: parent?.traceId };
      this.#slow.add(slow);
      tell(this.#onSlow, slow);
    }
    if (parent !== undefined) this.#countBelow(parent, key, held.shape, durationMs);
  }

  /** @returns statistics by shape, what took the most time in all first */
  statistics(): QueryStatistics[] {
    return [...this.#shapes.values()]
      .map(({ shape, statistics, rows, slow }) => ({ ...shape, ...statistics.summary(), rows, slow }))
      .sort((a, b) => b.totalMs - a.totalMs);
  }

  /** @returns the latest slow queries, the oldest first */
  slowQueries(): SlowQuery[] {
    return this.#slow.all();
  }

  /** @returns the latest findings, the oldest first; their counts go on while their span asks */
  repeatedQueries(): RepeatedQuery[] {
    return this.#repeated.all().map((each) => ({ ...each }));
  }

  /** Everything at once, as plain JSON. */
  report(): QueryReport {
    return {
      shapes: this.statistics(),
      slow: this.slowQueries(),
      repeated: this.repeatedQueries(),
      evictedShapes: this.#evictedShapes,
      refused: this.#refused,
    };
  }

  reset(): void {
    this.#shapes.clear();
    this.#parents.clear();
    this.#slow.clear();
    this.#repeated.clear();
    this.#evictedShapes = 0;
    this.#refused = 0;
  }

  #held(key: string, shape: QueryShape): Held {
    const known = this.#shapes.get(key);
    if (known !== undefined) {
      this.#shapes.delete(key);
      this.#shapes.set(key, known);
      return known;
    }
    if (this.#shapes.size >= this.#options.maxShapes) this.#evict();
    const held = { shape, statistics: new DurationStatistics(), rows: 0, slow: 0 };
    this.#shapes.set(key, held);
    return held;
  }

  /** Of those that were used longest ago, the one that was used least. */
  #evict(): void {
    let least: string | undefined;
    let uses = Infinity;
    let looked = 0;
    for (const [key, { statistics }] of this.#shapes) {
      if (statistics.count < uses) [least, uses] = [key, statistics.count];
      if (++looked >= LOOKED_AT) break;
    }
    if (least !== undefined) this.#shapes.delete(least);
    this.#evictedShapes++;
  }

  #countBelow(
    { traceId, spanId }: NonNullable<QueryRecord['parent']>,
    key: string,
    shape: QueryShape,
    durationMs: number,
  ): void {
    const parentKey = traceId + spanId;
    let below = this.#parents.get(parentKey);
    if (below === undefined) {
      if (this.#parents.size >= MAX_PARENTS) {
        const [oldest = ''] = this.#parents.keys();
        this.#parents.delete(oldest);
      }
      below = new Map();
    } else this.#parents.delete(parentKey);
    this.#parents.set(parentKey, below);
    let repetition = below.get(key);
    if (repetition === undefined) {
      if (below.size >= MAX_SHAPES_A_PARENT) return;
      repetition = { ...shape, traceId, parentSpanId: spanId, calls: 0, totalMs: 0 };
      below.set(key, repetition);
    }
    repetition.calls++;
    repetition.totalMs += durationMs;
    if (repetition.calls !== this.#options.repeatedCalls) return;
    this.#repeated.add(repetition);
    tell(this.#onRepeated, { ...repetition });
  }
}

/** Not the one that stands where nothing is traced: all queries of the process would be below it. */
function activeSpan(): QueryRecord['parent'] {
  const active = trace.getActiveSpan()?.spanContext();
  return active !== undefined && isSpanContextValid(active) ? active : undefined;
}

function shapeOf({ system, operation, collection, text }: QueryRecord): QueryShape {
  return {
    system: nameOf(system) ?? '',
    operation: nameOf(operation),
    collection: nameOf(collection),
    text: text === undefined ? '' : sanitizeQuery(text, system),
  };
}

function nameOf(name: unknown): string | undefined {
  return typeof name === 'string' ? withoutSecrets(name.slice(0, MAX_READ_CHARS)).slice(0, MAX_NAME_CHARS) : undefined;
}

/** Whoever listens must not change what is observed. */
function tell<Item>(listener: ((item: Item) => void) | undefined, item: Item): void {
  if (listener === undefined) return;
  // An async function, so that what is thrown and what is rejected are one.
  const told = async (): Promise<unknown> => listener(item);
  told().catch(() => {});
}
