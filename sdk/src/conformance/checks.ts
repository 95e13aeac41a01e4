// What the rows of the suite ask: small assertions that say what was seen.
import type { AnyFunction, FinishedSpan, Subject } from './subject.ts';

/** Name of the span that each row makes. */
export const OPERATION = 'conformance.operation';

/** Fails a row. */
export function check(holds: boolean, seen: string): void {
  if (!holds) throw new Error(seen);
}

/** Runs `work` and gives what it threw. @throws when it threw nothing */
export function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}

/** As {@link thrownBy}, of a rejection. */
export async function rejectionOf(work: unknown): Promise<unknown> {
  try {
    await work;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was rejected');
}

/** One row at work: the instrumented function and what became of its spans. */
export class Trial {
  readonly subject: Subject;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  wrap<F extends AnyFunction>(fn: F): F {
    return this.subject.wrap(OPERATION, fn);
  }

  /** The span of the operation. @throws unless it has ended, once, in that way */
  async ended(status: 'error' | 'fine' = 'fine'): Promise<FinishedSpan> {
    const spans = (await this.#settled()).filter(({ name }) => name === OPERATION);
    check(spans.length === 1, `${spans.length} spans have ended`);
    const [span] = spans as [FinishedSpan];
    if (status === 'fine') check(span.status !== 'error', 'the status of the span is ERROR');
    else check(span.status === 'error', `the status of the span is ${span.status.toUpperCase()}`);
    return span;
  }

  /** @throws when the span of the operation has ended */
  async open(): Promise<void> {
    const spans = (await this.#settled()).filter(({ name }) => name === OPERATION);
    check(spans.length === 0, 'the span has ended before the work was over');
  }

  async spans(): Promise<readonly FinishedSpan[]> {
    return this.#settled();
  }

  /** Ends of spans may take some turns. */
  async #settled(): Promise<readonly FinishedSpan[]> {
    await pause(0);
    return this.subject.takeSpans();
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
