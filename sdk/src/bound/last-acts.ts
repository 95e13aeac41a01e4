// What is done with everything that is held when the process ends: sent in time, in an order, and never twice.
import type { LastActs } from './ending.ts';
import { type Holder, handOverAll } from './hand-over.ts';
import type { OpenSpans } from './open-spans.ts';
import type { ClosableOutlet } from './outlet.ts';
import { within } from './within.ts';

/** How long `shutdown()` waits and what comes before an exit, so that a process ends within half a second of SIGTERM. */
const SHUTDOWN_TIMEOUT_MS = 400;

/** How long metrics wait for what they count. */
const HEAD_START_MS = 150;

/** What both kinds of providers can. */
interface Provider {
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** What holds telemetry. */
export interface Held {
  readonly outlet: ClosableOutlet;
  /** Of spans and of log records. */
  readonly itemProviders: readonly Provider[];
  readonly meterProvider: Provider;
  readonly open: OpenSpans;
  /** Those of metrics last: they also tell what became of the rest. */
  readonly holders: readonly Holder[];
  /** Called when a shutdown begins. */
  readonly onShutdown: () => void;
  /** Called when nothing is sent any more. */
  readonly onShut: () => void;
}

/** Makes the last acts; the shutdown is done once. */
export function createLastActs(held: Held): LastActs {
  const { outlet, itemProviders, meterProvider, open, holders } = held;
  let stopping: Promise<void> | undefined;

  async function inTime(work: Promise<unknown>): Promise<boolean> {
    outlet.hurry();
    const isInTime = await within(SHUTDOWN_TIMEOUT_MS, work);
    if (!isInTime) outlet.onFailure(new Error(`no answer within ${SHUTDOWN_TIMEOUT_MS} ms at the end`));
    return isInTime;
  }

  /** Metrics also tell what became of spans and log records, unless they would have no time left. */
  async function all(act: 'forceFlush' | 'shutdown'): Promise<void> {
    const items = Promise.all(itemProviders.map((provider) => provider[act]()));
    await within(HEAD_START_MS, items);
    await Promise.all([items, meterProvider[act]()]);
  }

  async function stop(): Promise<void> {
    held.onShutdown();
    // Whoever would end them later finds nobody to tell.
    open.endAll(undefined);
    await inTime(all('shutdown'));
    outlet.cut();
    held.onShut();
  }

  const shutdown = (): Promise<void> => (stopping ??= stop());
  return {
    async flush() {
      const isInTime = await inTime(all('forceFlush'));
      if (stopping !== undefined) return;
      if (isInTime) return outlet.reopen();
      // Whoever does not answer would be asked again at each interval, and what hangs keeps the process alive.
      outlet.cut();
      await shutdown();
    },
    shutdown,
    handOver(fatal) {
      open.endAll(fatal);
      const { bodies, taken } = handOverAll(holders);
      if (taken < bodies) outlet.onFailure(new Error(`${bodies - taken} of ${bodies} bodies were not taken at exit`));
    },
  };
}
