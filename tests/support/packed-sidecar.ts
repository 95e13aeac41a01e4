// A packed sidecar beside fresh projects, and what it shows of them.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inject } from 'vitest';
import { type RunningSidecar, startSidecar } from './sidecar.ts';

export class PackedSidecar {
  readonly #sidecar: RunningSidecar;

  private constructor(sidecar: RunningSidecar) {
    this.#sidecar = sidecar;
  }

  get endpoint(): string {
    return this.#sidecar.urls.otlpHttp;
  }

  /**
   * Starts one that ends with the test file. It keeps every trace of the named services, also while this machine is too
   * busy to keep a share, so that exemplars have theirs.
   */
  static async start(services: readonly string[]): Promise<PackedSidecar> {
    const names = `[${services.join()}]`;
    const sidecar = await startSidecar({
      entry: join(inject('packed').both ?? '', 'node_modules/@evenkeel/collector/bin/evenkeel.js'),
      config: `sample: { after_root: 1s, policies: [{ name: named, type: service, names: ${names} }] }\n`,
    });
    return new PackedSidecar(sidecar);
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
      const { operations } = JSON.parse(await this.#ask(new URL('/api/operations', this.#sidecar.urls.page))) as Answer;
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
    const text = await this.#ask(this.#sidecar.urls.metrics, headers);
    const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
    return lines.filter((line) => line.includes(`job="${service}"`) && line.includes(label));
  }

  async #ask(url: string | URL, headers: Record<string, string> = {}): Promise<string> {
    try {
      return await (await fetch(url, { headers })).text();
    } catch (cause) {
      throw new Error(`the sidecar does not answer; it said: ${this.#sidecar.stderr()}`, { cause });
    }
  }
}

/** Asks until it is so; the time limit is that of the test. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(100);
}
