// Looks into a violation while it lasts: which kept traces show it, and which child of the operation explains it.
import type { Clock } from '../pipeline/contract.ts';
import { findBottleneck } from './bottleneck.ts';
import type { Explanation, Subject } from './contract.ts';
import { type Call, callsOf, type KeptTrace, type OperationName } from './trace-tree.ts';

/**
 * Seconds after it was raised: soon, so that whoever is told first hears where the time goes; and again, because traces are
 * kept some time after they end.
 */
const LOOKS_S = [3, 15, 45, 120, 300] as const;
/** Traces of each side. */
const MAX_TRACES = 40;
/** Of before the onset, those of this long. */
const BEFORE_MS = 1_800_000;

/** Finds kept traces an operation takes part in. */
export interface TraceSource {
  /** @returns at most so many that began in that time, the newest first; times in milliseconds since the epoch */
  between(subject: Subject, fromMs: number, toMs: number, limit: number): Promise<readonly KeptTrace[]>;
}

/** What was found out. */
export interface Finding extends Pick<Explanation, 'bottleneck' | 'traceIds'> {
  /** Services below the operation in its traces. */
  readonly callees: readonly string[];
}

export class Investigator {
  readonly #clock: Clock;
  readonly #source: TraceSource;
  readonly #cancel = new Set<() => void>();

  constructor(clock: Clock, source: TraceSource) {
    this.#clock = clock;
    this.#source = source;
  }

  /**
   * Looks into a violation again and again.
   *
   * @param found takes what was found; answers whether the violation is still open
   */
  begin(subject: Subject, kind: 'latency' | 'error', onsetMs: number, found: (finding: Finding) => boolean): void {
    const look = (n: number): void => {
      const delayS = LOOKS_S[n] - (n === 0 ? 0 : LOOKS_S[n - 1]);
      const cancel = this.#clock.after(delayS * 1000, () => {
        this.#cancel.delete(cancel);
        // Where the store cannot answer, the violation goes on without.
        void this.#look(subject, kind, onsetMs).then(
          (finding) => found(finding) && n + 1 < LOOKS_S.length && look(n + 1),
          () => n + 1 < LOOKS_S.length && look(n + 1),
        );
      });
      this.#cancel.add(cancel);
    };
    look(0);
  }

  stop(): void {
    for (const cancel of this.#cancel) cancel();
    this.#cancel.clear();
  }

  async #look(subject: Subject, kind: 'latency' | 'error', onsetMs: number): Promise<Finding> {
    const nowMs = this.#clock.nowMs();
    const during = await this.#source.between(subject, onsetMs, nowMs, MAX_TRACES);
    const before = await this.#source.between(subject, onsetMs - BEFORE_MS, onsetMs, MAX_TRACES);
    const { attributes } = subject;
    const operation = {
      service: attributes['service.name'],
      name: attributes['span.name'],
      kind: attributes['span.kind'],
    };
    const { bottleneck, evidence } = findBottleneck({ operation, kind, during, before });
    const found = { traceIds: evidence.traceIds, callees: servicesBelow(operation, during) };
    if (bottleneck === undefined) return found;
    const { operation: child, share, recommendation } = bottleneck;
    return { ...found, bottleneck: { operation: child, share, recommendation } };
  }
}

function servicesBelow(operation: OperationName, traces: readonly KeptTrace[]): string[] {
  const services = new Set<string>();
  const rest: Call[] = traces.flatMap((trace) => callsOf(operation, trace));
  for (let call = rest.pop(); call !== undefined; call = rest.pop()) {
    services.add(call.span.service);
    rest.push(...call.children);
  }
  services.delete(operation.service);
  return [...services];
}
