// Database queries under the stable db.* conventions. Values in the text never leave the process.
import { type Attributes, SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  type Instrument,
  instrument,
  type Observation,
} from './observe.ts';
import { checkNumbers } from '../creation-checks.ts';
import { type AttributesOption, type LowAttributes, lowCardinality, LowLimits } from './attributes.ts';
import { type Call, Metering, type Watch } from './call.ts';
import { emitEvent } from './events.ts';
import { countLockWait } from './lock-wait.ts';
import { rowsOf } from './query-result.ts';
import { type QueryFacts, type QueryReader, readerOf } from './query-facts.ts';
import { asked, fieldsOf, known } from './results.ts';
import { followTransaction } from './transaction-statements.ts';
import { DB_ATTRIBUTE, DB_METRIC, EVENT } from '../names.ts';

/** Options of {@link traceQuery}. */
export interface QueryOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Value of `db.system.name`, such as `sqlite` or `postgresql`. */
  readonly system: string;
  /** Name of the database, and schema where there is one; one of few. */
  readonly namespace?: string;
  /** Such as `SELECT`; one of few. Read from the text unless set. */
  readonly operation?: string;
  /** Table or collection; one of few. Read from the text unless set, where it is one alone. */
  readonly collection?: string;
  /** Value of `db.query.summary`; one of few. Read from the text unless set. */
  readonly summary?: string;
  /** Query text. What leaves the process is the text without the values in it. */
  readonly text?: string | ((args: Args) => string | undefined);
  /** A query that takes longer is marked, and told as a log record; 1000 unless set, `Infinity` for none. */
  readonly slowMs?: number;
  /** Reads from a result how long the query waited for locks, milliseconds. */
  readonly lockWait?: (result: unknown) => number | undefined;
  /**
   * Tells which connection a query goes over. With it transactions are measured from their BEGIN to COMMIT or ROLLBACK,
   * as {@link traceTransaction} measures them, but for the span.
   */
  readonly connection?: (args: Args) => object | undefined;
  readonly attributes?: AttributesOption<Args, Low>;
  /** CLIENT unless set; INTERNAL suits a database in the process (convention). */
  readonly kind?: SpanKind;
}

type AnyOptions = QueryOptions<never>;

const SLOW_MS = 1000;
/** Tables and kinds of queries that an operation has series for. */
const MAX_COLLECTIONS = 100;
const MAX_SUMMARIES = 200;
const MAX_OPERATIONS = 50;

/**
 * Traces one database query as a CLIENT span; decorator or wrapper.
 *
 * It is named `{operation} {collection}` where both are given, else by the summary of the query, in the end by the system
 * (convention).
 * Its duration goes to `db.client.operation.duration`, the number of rows to `db.client.response.returned_rows`.
 */
export function traceQuery<F extends AnyFunction, const Low extends LowAttributes>(
  options: QueryOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceQuery<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
>(options: QueryOptions<Args, Low>): Instrument<Args>;
export function traceQuery(options: AnyOptions, fn?: AnyFunction): unknown {
  return instrument(() => queryObservation(options), fn);
}

function queryObservation(options: AnyOptions): Observation {
  checkNumbers('traceQuery', options, { slowMs: { most: Infinity } });
  const { system, namespace, kind, attributes } = options;
  const readText = readerOf(system);
  const facts = factsFrom(options, typeof options.text === 'string' ? readText(options.text) : {});
  const measured = known({
    [DB_ATTRIBUTE.dbSystem]: system,
    [DB_ATTRIBUTE.dbNamespace]: namespace,
    [DB_ATTRIBUTE.dbOperation]: facts.operation,
    [DB_ATTRIBUTE.dbCollection]: facts.collection,
    [DB_ATTRIBUTE.dbQuerySummary]: facts.summary,
  });
  const own = { ...measured, ...known({ [DB_ATTRIBUTE.dbQueryText]: facts.text }) };
  const { fixed, fromArguments, low } = attributesFrom(attributes, own);
  const base = { ...measured, ...low };
  const limits = new LowLimits();
  return {
    name: nameOf(options, facts),
    kind: kind ?? SpanKind.CLIENT,
    fixed,
    fromArguments,
    metering: new Metering(base, DB_METRIC.dbDuration, undefined),
    watch: (call, args) => watchQuery(call, args, options, { base, limits, facts, readText }),
  };
}

/** What the options say stands above what the text says. */
function factsFrom({ operation, collection, summary }: AnyOptions, read: QueryFacts): QueryFacts {
  return {
    text: read.text,
    operation: operation ?? read.operation,
    collection: collection ?? read.collection,
    summary: summary ?? read.summary,
  };
}

/** What a program says of a query comes before what its text says. */
function nameOf({ system, ...given }: AnyOptions, { summary, operation, collection }: QueryFacts): string {
  if (given.summary === undefined && given.operation !== undefined && given.collection !== undefined)
    return `${given.operation} ${given.collection}`;
  return summary ?? ([operation, collection].filter((word) => word !== undefined).join(' ') || system);
}

/** What all calls of one operation share. */
interface Queries {
  /** Few-valued attributes of each measurement. */
  readonly base: Attributes;
  readonly limits: LowLimits;
  /** What is known before a call. */
  readonly facts: QueryFacts;
  readonly readText: QueryReader;
}

function watchQuery(call: Call, args: readonly unknown[], options: AnyOptions, queries: Queries): Watch {
  const { base, facts } = queries;
  const { slowMs = SLOW_MS, lockWait } = options;
  const startMs = performance.now();
  const { text } = options;
  const sanitized = typeof text === 'function' ? addText(call, asked(text, args), options, queries) : facts.text;
  let items = 0;
  let returned: number | undefined;
  return {
    value(result) {
      const rows = rowsOf(result);
      returned = rows.returned;
      if (rows.affected !== undefined && call.span.isRecording())
        call.span.setAttribute(DB_ATTRIBUTE.dbAffectedRows, rows.affected);
      const waitedMs = lockWait === undefined ? undefined : asked(() => lockWait(result), []);
      if (waitedMs !== undefined) countLockWait(call.span, waitedMs, { ...base, ...call.low }, call.active);
    },
    item: () => void items++,
    over(errorType, thrown) {
      const rows = items > 0 ? items : returned;
      if (rows !== undefined) {
        call.span.setAttribute(DB_ATTRIBUTE.dbReturnedRows, rows);
        call.meters?.get(DB_METRIC.dbReturnedRows).record(rows, { ...base, ...call.low }, call.active);
      }
      const tookMs = performance.now() - startMs;
      if (tookMs >= slowMs) tellSlow(call, tookMs, { ...base, ...call.low, [DB_ATTRIBUTE.dbQueryText]: sanitized });
      if (errorType !== undefined) addStatus(call, thrown);
      const connection = asked(options.connection, args);
      if (connection !== undefined)
        followTransaction(
          connection,
          call,
          { ...base, ...call.low },
          { text: sanitized, startMs, hasFailed: errorType !== undefined },
        );
    },
  };
}

/** Adds what the text of this one call tells. @returns the text without values */
function addText(call: Call, text: unknown, options: AnyOptions, { limits, readText }: Queries): string | undefined {
  if (typeof text !== 'string') return undefined;
  const facts = factsFrom(options, readText(text));
  const limited = (value: string | undefined, max: number) =>
    value === undefined ? undefined : lowCardinality(value, max);
  const low = {
    [DB_ATTRIBUTE.dbOperation]: limited(facts.operation, MAX_OPERATIONS),
    [DB_ATTRIBUTE.dbCollection]: limited(facts.collection, MAX_COLLECTIONS),
    [DB_ATTRIBUTE.dbQuerySummary]: limited(facts.summary, MAX_SUMMARIES),
  };
  call.add(
    {
      low: low as LowAttributes as never,
      ...(facts.text !== undefined && { high: { [DB_ATTRIBUTE.dbQueryText]: facts.text } }),
    },
    limits,
  );
  const { [DB_ATTRIBUTE.dbQuerySummary]: summary } = call.low ?? {};
  call.span.updateName(summary === facts.summary ? nameOf(options, facts) : (options.operation ?? options.system));
  return facts.text;
}

function tellSlow(call: Call, tookMs: number, about: Attributes): void {
  call.span.setAttribute(DB_ATTRIBUTE.dbSlow, true);
  emitEvent(EVENT.slowQuery, 'warn', `a query took ${Math.round(tookMs)} ms`, known(about), call.active);
}

/** The code a database gave to an error, such as an SQLSTATE. */
function addStatus({ span }: Call, thrown: unknown): void {
  const { code, errno } = fieldsOf(thrown) ?? {};
  const status = [code, errno].find((value) => typeof value === 'string' || typeof value === 'number');
  if (status !== undefined) span.setAttribute(DB_ATTRIBUTE.dbStatusCode, String(status));
}
