// Transactions of databases, from their begin to commit or rollback.
import { SpanKind } from '@opentelemetry/api';
import {
  type AnyFunction,
  type ArgumentsOf,
  attributesFrom,
  type Instrument,
  instrument,
  type Observation,
} from './observe.ts';
import { type AttributesOption, type LowAttributes, LowLimits } from './attributes.ts';
import { Metering } from './call.ts';
import { asked, known } from './results.ts';
import { DB_ATTRIBUTE, DB_METRIC } from '../names.ts';

/** How a transaction ended. */
export type TransactionOutcome = 'commit' | 'rollback';

/** Options of {@link traceTransaction}. */
export interface TransactionOptions<Args, Low extends LowAttributes = LowAttributes> {
  /** Value of `db.system.name`. */
  readonly system: string;
  /** Name of the database; one of few. */
  readonly namespace?: string;
  /** Tells from a result whether it was rolled back without an error; `commit` unless set. */
  readonly outcome?: (result: unknown) => TransactionOutcome;
  readonly attributes?: AttributesOption<Args, Low>;
}

/**
 * Traces a function that runs one transaction as the span `transaction {namespace}`; decorator or wrapper.
 *
 * What returns has committed, what throws was rolled back. Its duration goes to `db.client.transaction.duration`, by
 * outcome.
 */
export function traceTransaction<F extends AnyFunction, const Low extends LowAttributes>(
  options: TransactionOptions<ArgumentsOf<F>, Low>,
  fn: F,
): F;
export function traceTransaction<
  Args extends readonly unknown[] = unknown[],
  const Low extends LowAttributes = LowAttributes,
>(options: TransactionOptions<Args, Low>): Instrument<Args>;
export function traceTransaction(options: TransactionOptions<never>, fn?: AnyFunction): unknown {
  return instrument(() => transactionObservation(options), fn);
}

function transactionObservation(options: TransactionOptions<never>): Observation {
  const { system, namespace, outcome, attributes } = options;
  const own = known({ [DB_ATTRIBUTE.dbSystem]: system, [DB_ATTRIBUTE.dbNamespace]: namespace });
  const { fixed, fromArguments, low } = attributesFrom(attributes, own);
  const limits = new LowLimits();
  return {
    name: `transaction ${namespace ?? system}`,
    kind: SpanKind.INTERNAL,
    fixed,
    fromArguments,
    metering: new Metering({ ...own, ...low }, DB_METRIC.dbTransactionDuration, undefined),
    watch(call) {
      let ended: TransactionOutcome = 'commit';
      return {
        value(result) {
          if (outcome !== undefined && asked(() => outcome(result), []) === 'rollback') ended = 'rollback';
        },
        over(errorType) {
          if (errorType !== undefined) ended = 'rollback';
          const told: LowAttributes = { [DB_ATTRIBUTE.dbTransactionOutcome]: ended };
          call.add({ low: told as never }, limits);
        },
      };
    },
  };
}
