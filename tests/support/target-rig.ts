// The stage of targets on the test's time, with the real keeper of violations behind it and streams that senders would send.
import { onTestFinished } from 'vitest';
import { baselineConfig } from '../../collector/src/baseline/config.ts';
import { binOf, BINS } from '../../collector/src/baseline/bins.ts';
import type { Change, Violation, ViolationSink } from '../../collector/src/baseline/contract.ts';
import { baselineInstruments } from '../../collector/src/baseline/instruments.ts';
import { baseline } from '../../collector/src/baseline/stage.ts';
import { addCall, emptyStep } from '../../collector/src/baseline/step.ts';
import { durationsOf } from '../../collector/src/baseline/step-durations.ts';
import { subjectOf } from '../../collector/src/baseline/watched.ts';
import type { DataPoint, Temporality } from '../../collector/src/model/data-point.ts';
import { type TargetsConfig, targetsConfig } from '../../collector/src/target/config.ts';
import { targetInstruments } from '../../collector/src/target/instruments.ts';
import { target, type TargetStage } from '../../collector/src/target/stage.ts';
import { dataPoint, histogramOf, numberValue, type PointShape } from './data-points.ts';
import { testHost, type TestHost } from './test-host.ts';

/** What was said, as it was said. */
export interface Said {
  readonly atMs: number;
  readonly subject: string;
  readonly severity: Change['severity'];
  readonly summary: string;
}

/** Calls of an operation within one second: their durations, in seconds; those that fail last longer than this. */
export interface Calls {
  readonly service?: string;
  readonly name: string;
  readonly kind?: string;
  readonly seconds: readonly number[];
  readonly errors?: number;
}

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

type Labels = Readonly<Record<string, string>>;
type Stream = Pick<PointShape, 'service' | 'instance' | 'resource' | 'temporality' | 'unit'>;

export class TargetRig {
  readonly own: TestHost<typeof targetInstruments>;
  readonly stage: TargetStage;
  readonly said: Said[] = [];
  readonly #keeper: ReturnType<typeof baseline.create>;
  readonly #totals = new Map<string, number[]>();
  readonly #subjects = new Map<string, ReturnType<typeof subjectOf>>();
  readonly #beganMs: number;

  /** @param keeper of violations, of a rig before this one */
  constructor(config: TargetsConfig, keeper?: ReturnType<typeof baseline.create>) {
    this.own = testHost('target', targetInstruments);
    const keeperHost = testHost('baseline', baselineInstruments).host;
    this.#keeper = keeper ?? baseline.create(baselineConfig.parse({}), keeperHost, { consume: async () => {} });
    this.stage = target.create(config, this.own.host);
    this.stage.sink = this.#recording(this.#keeper.sink);
    this.#beganMs = this.own.clock.nowMs();
  }

  /** Begins another after this one, as after a restart: what is kept is there. */
  async restarted(config: object): Promise<TargetRig> {
    await this.stage.stop();
    const next = new TargetRig(configOf(config), this.#keeper);
    await next.begin();
    return next;
  }

  async begin(): Promise<void> {
    await this.stage.start();
    onTestFinished(() => this.stage.stop());
  }

  get open(): readonly Violation[] {
    return this.#keeper.sink.open('target');
  }

  /** Lets seconds pass, each with what comes in it. */
  go(seconds: number, each: (rig: this, second: number) => void = () => {}): void {
    for (let second = 0; second < seconds; second++) {
      each(this, second);
      this.own.clock.advance(1000);
    }
  }

  take(...points: DataPoint[]): void {
    void this.stage.consume({ signal: 'metrics', points });
  }

  calls({ service = 'shop', name, kind = 'SPAN_KIND_SERVER', seconds, errors = 0 }: Calls): void {
    const step = emptyStep(BINS);
    step.timeMs = this.own.clock.nowMs();
    seconds.forEach((duration, i) => addCall(step, binOf(duration), i < errors));
    const key = `${service} ${name} ${kind}`;
    const subject = this.#subjects.get(key) ?? subjectOf(service, name, kind);
    this.#subjects.set(key, subject);
    const { timeMs, calls } = step;
    this.stage.takeSecond(subject, { timeMs, calls, errors, durations: () => durationsOf(step) });
  }

  gauge(name: string, attributes: Labels, value: number, stream: Stream = {}): void {
    this.take(this.#point({ name, attributes, kind: 'gauge', value: numberValue(value), ...stream }));
  }

  counter(name: string, attributes: Labels, add: number, stream: Stream = {}): void {
    const { temporality = 'cumulative' } = stream;
    const [value = 0] = this.#added(name, attributes, stream, temporality, [add]);
    this.take(this.#point({ name, attributes, kind: 'sum', value: numberValue(value), ...stream }));
  }

  /** Of durations in seconds. */
  histogram(name: string, attributes: Labels, seconds: readonly number[], stream: Stream = {}): void {
    const { temporality = 'cumulative' } = stream;
    const { counts, sum = 0 } = histogramOf(seconds, BOUNDS);
    const [total = 0, ...all] = this.#added(name, attributes, stream, temporality, [sum, ...counts]);
    const count = all.reduce((a, b) => a + b, 0);
    const range = { min: undefined, max: undefined };
    const value = { type: 'histogram', count, sum: total, ...range, bounds: BOUNDS, counts: all } as const;
    this.take(this.#point({ name, attributes, unit: 's', value, ...stream }));
  }

  #added(name: string, attributes: Labels, stream: Stream, temporality: Temporality, add: number[]): number[] {
    if (temporality === 'delta') return add;
    const key = JSON.stringify([name, attributes, stream]);
    const total = this.#totals.get(key) ?? add.map(() => 0);
    const next = add.map((each, i) => each + (total[i] ?? 0));
    this.#totals.set(key, next);
    return next;
  }

  #point(shape: PointShape): DataPoint {
    const startMs = shape.kind === 'gauge' || shape.temporality === 'delta' ? 0 : this.#beganMs;
    return dataPoint({ startMs, timeMs: this.own.clock.nowMs(), ...shape });
  }

  #recording(sink: ViolationSink): ViolationSink {
    return {
      open: (kind) => sink.open(kind),
      say: (subject, changes) => {
        sink.say(subject, changes);
        for (const { severity } of changes) {
          const told = this.#keeper.groups().flatMap(({ members }) => members);
          const summary = told.find((each) => each.subject.key === subject.key)?.explanation.summary ?? '';
          this.said.push({ atMs: this.own.clock.nowMs() - this.#beganMs, subject: subject.name, severity, summary });
        }
      },
    };
  }
}

/** A stage that runs, with targets as the configuration has them. */
export async function targetRig(config: object): Promise<TargetRig> {
  const rig = new TargetRig(configOf(config));
  await rig.begin();
  return rig;
}

/** Only what a test asks for; objectives are judged without anybody asking. */
function configOf(config: object): TargetsConfig {
  return targetsConfig.parse({ objectives: { enabled: false }, ...config });
}
