// Joins stages where the flow parts: by signal, and to several consumers.
import type { Consumer } from './contract.ts';

/** Hands every batch to each consumer in turn; accepted when all have accepted. */
export function fanout<In>(consumers: readonly Consumer<In>[]): Consumer<In> {
  const [only] = consumers;
  if (consumers.length === 1 && only !== undefined) return only;
  return {
    async consume(batch) {
      // Started all before any is waited for: the batch may be read only until the first pause.
      await Promise.all(consumers.map((consumer) => consumer.consume(batch)));
    },
  };
}

/** Sends traces one way and every other signal another; logs a third, where one is given. */
export function bySignal<
  Traces extends { readonly signal: 'traces' },
  Other extends { readonly signal: 'metrics' | 'logs' },
>(traces: Consumer<Traces>, other: Consumer<Other>, logs: Consumer<Other> = other): Consumer<Traces | Other> {
  return {
    consume(batch) {
      if (batch.signal === 'traces') return traces.consume(batch);
      return batch.signal === 'logs' ? logs.consume(batch) : other.consume(batch);
    },
  };
}
