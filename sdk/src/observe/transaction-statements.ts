// Transactions that a program begins and ends by statements of their own, followed by the connection they go over.
import type { Attributes } from '@opentelemetry/api';
import type { Call } from './call.ts';
import { known } from './results.ts';
import type { TransactionOutcome } from './transaction.ts';
import { DB_ATTRIBUTE, DB_METRIC } from '../names.ts';

/** A statement that was run. */
interface Statement {
  /** Without values. */
  readonly text: string | undefined;
  readonly startMs: number;
  readonly hasFailed: boolean;
}

const BEGINS = /^(BEGIN|START TRANSACTION)\b/i;
const COMMITS = /^(COMMIT|END)\b/i;
/** Not back to a savepoint, which ends nothing. */
const ROLLS_BACK = /^(ROLLBACK|ABORT)\b(?!( WORK| TRANSACTION)? TO\b)/i;

/** When the transaction of a connection began. */
const begun = new WeakMap<object, number>();

/** Measures the transaction that a statement ends; remembers the one that it begins. */
export function followTransaction(connection: object, call: Call, about: Attributes, statement: Statement): void {
  const { text = String(about[DB_ATTRIBUTE.dbOperation] ?? ''), startMs, hasFailed } = statement;
  if (BEGINS.test(text)) {
    // A second one within is no transaction of its own.
    if (!hasFailed && !begun.has(connection)) begun.set(connection, startMs);
    return;
  }
  const isCommit = COMMITS.test(text);
  const beganMs = begun.get(connection);
  if (beganMs === undefined || !(isCommit || ROLLS_BACK.test(text))) return;
  begun.delete(connection);
  const outcome: TransactionOutcome = isCommit && !hasFailed ? 'commit' : 'rollback';
  call.span.setAttribute(DB_ATTRIBUTE.dbTransactionOutcome, outcome);
  const attributes = known({
    [DB_ATTRIBUTE.dbSystem]: about[DB_ATTRIBUTE.dbSystem],
    [DB_ATTRIBUTE.dbNamespace]: about[DB_ATTRIBUTE.dbNamespace],
    [DB_ATTRIBUTE.dbTransactionOutcome]: outcome,
  });
  call.meters
    ?.get(DB_METRIC.dbTransactionDuration)
    .record((performance.now() - beganMs) / 1000, attributes, call.active);
}
