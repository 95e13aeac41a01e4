// What of a sidecar looks at spans, in this process: intake, measure and baseline as the pipeline wires them, behind no door and
// in a time of the bench. What is sampled, kept and exported is left out; a batch is given back once it was measured.
import { baselineConfig } from '../../collector/src/baseline/config.ts';
import type { ViolationGroup } from '../../collector/src/baseline/contract.ts';
import { baselineInstruments } from '../../collector/src/baseline/instruments.ts';
import { baseline, type BaselineStage } from '../../collector/src/baseline/stage.ts';
import { measureConfig } from '../../collector/src/measure/config.ts';
import { measureInstruments } from '../../collector/src/measure/instruments.ts';
import { measure, type MeasureStage } from '../../collector/src/measure/stage.ts';
import { createHost } from '../../collector/src/pipeline/host.ts';
import { Telemetry } from '../../collector/src/pipeline/telemetry.ts';
import type { TraceIntake } from '../../collector/src/receive/trace-intake.ts';
import { releaseBatch, testIntake } from '../../tests/support/intake.ts';
import { seeded } from '../../tests/support/random.ts';
import type { Violation } from '../baselines/score.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface SidecarOptions {
  readonly seasonMs: number | undefined;
  readonly seed: number;
}

export class Sidecar {
  /** Each change of state at the time somebody was told of it. */
  readonly said: Violation[] = [];
  readonly #time: VirtualTime;
  readonly #telemetry = new Telemetry();
  readonly #intake: TraceIntake;
  readonly #measure: MeasureStage;
  readonly #baseline: BaselineStage;
  /** When each violation was changed last, as far as it was told. */
  readonly #told = new Map<string, number>();

  constructor(time: VirtualTime, { seasonMs, seed }: SidecarOptions) {
    this.#time = time;
    const random = seeded(seed);
    const shared = { clock: time, telemetry: this.#telemetry, random, log: () => {} };
    this.#telemetry.declare('measure', measureInstruments);
    this.#telemetry.declare('baseline', baselineInstruments);
    this.#intake = testIntake({ random });
    const config = baselineConfig.parse(seasonMs === undefined ? undefined : { season: `${seasonMs}ms` });
    this.#baseline = baseline.create(config, createHost('baseline', shared), {
      consume: async (group) => this.#hear(group),
    });
    this.#measure = measure.create(measureConfig.parse(undefined), createHost('measure', shared), {
      consume: async (batch) => releaseBatch(batch),
    });
    this.#measure.measured = (batch, spans) => this.#baseline.observe(batch, spans);
  }

  async start(): Promise<void> {
    await this.#measure.start();
    await this.#baseline.start();
  }

  async stop(): Promise<void> {
    await this.#measure.stop();
    await this.#baseline.stop();
  }

  take(body: Uint8Array): boolean {
    const outcome = this.#intake.take([body], body.length, this.#time.nowMs(), this.#time.monotonicMs());
    if (outcome === 'accepted') void this.#measure.consume(this.#intake.batch);
    return outcome === 'accepted';
  }

  /** Spans that were counted, and of them those that came after their second was closed. */
  get spans(): { readonly counted: number; readonly late: number } {
    const of = (room: string, name: string): number => this.#telemetry.read(room, name);
    return { counted: of('measure', 'spans'), late: of('baseline', 'late_spans') };
  }

  #hear({ id: group, members }: ViolationGroup): void {
    for (const { id, subject, kind, severity, changedMs, onsetMs, ratio } of members) {
      if (this.#told.get(id) === changedMs) continue;
      this.#told.set(id, changedMs);
      const op = subject.attributes['span.name'] ?? '';
      const t_ms = this.#time.nowMs();
      this.said.push({ t_ms, op, kind, severity, group, onset_ms: onsetMs, ratio_ci: [ratio.low, ratio.high] });
    }
  }
}
