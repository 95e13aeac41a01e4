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

/** Where each signal goes. */
export interface BySignal<Traces, Metrics, Logs> {
  readonly traces: Consumer<Traces>;
  readonly metrics: Consumer<Metrics>;
  readonly logs: Consumer<Logs>;
}

/** Sends each signal its own way. */
export function bySignal<
  Traces extends { readonly signal: 'traces' },
  Metrics extends { readonly signal: 'metrics' },
  Logs extends { readonly signal: 'logs' },
>({ traces, metrics, logs }: BySignal<Traces, Metrics, Logs>): Consumer<Traces | Metrics | Logs> {
  return {
    consume(batch) {
      if (batch.signal === 'traces') return traces.consume(batch);
      return batch.signal === 'logs' ? logs.consume(batch) : metrics.consume(batch);
    },
  };
}
