// Goes on with operations that were learned before: by this sidecar before a restart, or by another.
import type { Clock } from '../pipeline/contract.ts';
import { importOf, type NotImported } from './imported.ts';
import type { LiveSteps } from './live-steps.ts';
import type { Operation, WatchOptions } from './operation.ts';
import type { RecordedOperation } from './recorded-run.ts';
import type { RestoredOperation } from './saved.ts';
import type { Saying } from './saying.ts';
import { subjectOf } from './watched.ts';
import type { WatchedTable } from './watched-table.ts';

/** What of the stage takes part in it. */
export interface TakenOverBy {
  readonly clock: Clock;
  readonly options: WatchOptions;
  readonly table: WatchedTable;
  readonly steps: LiveSteps;
  readonly saying: Saying;
}

export class TakingOver {
  readonly #by: TakenOverBy;

  constructor(by: TakenOverBy) {
    this.#by = by;
  }

  /** Reads what was known before a restart. @returns ids of groups that are open; undefined where it was stopped meanwhile */
  async read(): Promise<ReadonlySet<string> | undefined> {
    const { clock, saying, table, options } = this.#by;
    // What was not read is not over.
    if (!(await saying.keeping.load(options, (restored) => this.#resume(restored, clock.nowMs())))) return undefined;
    const operationOf = (key: string): Operation | undefined => table.by(key)?.operation;
    saying.resume(operationOf, clock.nowMs());
    const open = saying.violations.groups().filter(({ severity }) => severity !== 'none');
    return new Set(open.map(({ id }) => id));
  }

  /**
   * Goes on with a baseline that was learned elsewhere.
   *
   * @param isReplacing also where a whole one is known here; what is open of it ends
   * @returns why not, where it does not
   */
  adopt(recorded: RecordedOperation, isReplacing: boolean): NotImported | undefined {
    const { clock, saying, table, options } = this.#by;
    const imported = importOf(options, recorded);
    if (typeof imported === 'string') return imported;
    const nowMs = clock.nowMs();
    const { key } = subjectOf(imported.service, imported.name, imported.kind);
    const known = table.by(key);
    if (known?.operation.isProvisional === false && !isReplacing) return 'learned';
    if (known !== undefined) saying.say(known.subject, known.operation.reset(nowMs).filter(isTold));
    if (!this.#resume({ ...imported, usedMs: nowMs }, nowMs)) return 'max_operations';
    const watched = table.by(key);
    if (watched !== undefined) saying.keeping.happened(watched);
    return undefined;

    /** What was never told of does not end. */
    function isTold({ kind }: { readonly kind: Parameters<Saying['open']>[0] }): boolean {
      return known !== undefined && saying.violations.isOpen(kind, known.subject);
    }
  }

  /** @returns false where there is no room for it */
  #resume({ service, name, kind, usedMs, operation }: RestoredOperation, nowMs: number): boolean {
    const { table, steps } = this.#by;
    const subject = subjectOf(service, name, kind);
    const known = table.by(subject.key);
    // It was called before it was read.
    if (known !== undefined) known.operation = operation;
    else if (table.isFull) return false;
    else steps.resume(table.serviceNamed(service), table.add(subject, operation, usedMs), nowMs);
    return true;
  }
}
