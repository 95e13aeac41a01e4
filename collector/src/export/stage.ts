// The far end: every exporter gets every kept trace; none waits for another.
import type { Host, Stage, StageDef } from '../pipeline/contract.ts';
import type { Exportable } from '../sample/contract.ts';
import { exportConfig, type ExportConfig } from './config.ts';
import type { Exporter } from './contract.ts';
import { exportInstruments } from './instruments.ts';
import { type Marks, otlpHttpExporter } from './otlp-http.ts';

type ExportHost = Host<keyof typeof exportInstruments>;

export const exportStage = {
  name: 'export',
  config: exportConfig,
  instruments: exportInstruments,
  create: (config, host) => new ExportStage(config, host),
} satisfies StageDef<typeof exportConfig, typeof exportInstruments, Exportable, never>;

/** Fans out to the configured exporters. */
export class ExportStage implements Stage<Exportable> {
  readonly #exporters: readonly Exporter[];
  readonly #host: ExportHost;
  readonly #drainMs: number;
  /** Headers by which exports that come back are known. */
  marks: Marks = () => ({});

  constructor(config: ExportConfig, host: ExportHost) {
    this.#host = host;
    this.#drainMs = config.drain_timeout;
    const marks: Marks = (signal) => this.marks(signal);
    this.#exporters = Object.entries(config.otlp).map(([name, each]) => otlpHttpExporter(name, each, host, marks));
  }

  /** Of the exporter whose queue is fullest, 0..1. */
  queueFill(): number {
    return Math.max(0, ...this.#exporters.map((exporter) => exporter.queueFill));
  }

  async start(): Promise<void> {
    for (const exporter of this.#exporters) await exporter.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#exporters.map((exporter) => exporter.stop(this.#drainMs)));
  }

  async consume(batch: Exportable): Promise<void> {
    if (this.#exporters.length === 0 && batch.signal !== 'traces')
      this.#host.count('dropped', 1, { signal: batch.signal, reason: 'no_exporter' });
    for (const exporter of this.#exporters) exporter.take(batch);
  }
}
