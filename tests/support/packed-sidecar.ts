// A packed sidecar beside fresh projects, and what it shows of them.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inject } from 'vitest';
import { startSidecar } from './sidecar.ts';

export class PackedSidecar {
  readonly endpoint: string;
  readonly #pageUrl: string;
  readonly #metricsUrl: string;

  private constructor(endpoint: string, pageUrl: string, metricsUrl: string) {
    [this.endpoint, this.#pageUrl, this.#metricsUrl] = [endpoint, pageUrl, metricsUrl];
  }

  /**
   * Starts one that ends with the test file. It keeps every trace of the named services, also while this machine is too
   * busy to keep a share, so that exemplars have theirs.
   */
  static async start(services: readonly string[]): Promise<PackedSidecar> {
    const names = `[${services.join()}]`;
    const { urls } = await startSidecar({
      entry: join(inject('packed').both ?? '', 'node_modules/@evenkeel/collector/bin/evenkeel.js'),
      config: `sample: { after_root: 1s, policies: [{ name: named, type: service, names: ${names} }] }\n`,
    });
    return new PackedSidecar(urls.otlpHttp, urls.page, urls.metrics);
  }

  /** Waits until spans of the operations have come, metrics count them, and exemplars lead from one to the other. */
  async sees(service: string, calls: Readonly<Record<string, number>>): Promise<void> {
    for (const [name, count] of Object.entries(calls)) {
      await this.spans(service, name);
      const label = `evenkeel_operation_name="${name}"`;
      await this.counts('evenkeel_operation_calls_total', service, label, count);
      await this.counts('evenkeel_operation_duration_seconds_count', service, label, count);
      await this.hasExemplar('evenkeel_operation_duration_seconds_bucket', service, label);
    }
  }

  /** Waits for spans of a name. */
  async spans(service: string, name: string): Promise<void> {
    type Answer = { operations: { service: string; name: string }[] };
    await until(async () => {
      const { operations } = (await (await fetch(new URL('/api/operations', this.#pageUrl))).json()) as Answer;
      return operations.some((each) => each.service === service && each.name === name);
    });
  }

  /** Waits until a series is at a value. */
  async counts(metric: string, service: string, label: string, value: number): Promise<void> {
    await until(async () =>
      (await this.#lines(metric, service, label)).some((line) => /\} (\S+)/.exec(line)?.[1] === String(value)),
    );
  }

  /** Waits for an exemplar; it is shown when its trace is decided, some seconds after its end. */
  async hasExemplar(metric: string, service: string, label: string): Promise<void> {
    await until(async () =>
      (await this.#lines(metric, service, label)).some((line) => /# \{.*trace_id="[\da-f]{32}"/.test(line)),
    );
  }

  /** Of the metrics page, in OpenMetrics, which has exemplars. */
  async #lines(metric: string, service: string, label: string): Promise<string[]> {
    const headers = { accept: 'application/openmetrics-text; version=1.0.0' };
    const text = await (await fetch(this.#metricsUrl, { headers })).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
    return lines.filter((line) => line.includes(`job="${service}"`) && line.includes(label));
  }
}

/** Asks until it is so; the time limit is that of the test. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}
