// Judges operations and metrics by fixed targets, and says where they are missed. Holds nothing up and changes nothing.
import type { Subject, ViolationSink } from '../baseline/contract.ts';
import type { MetricBatch } from '../model/data-point.ts';
import type { MetricFamily, MetricPoint } from '../model/metric-family.ts';
import type { Stage, StageDef } from '../pipeline/contract.ts';
import type { TargetsConfig, targetsConfig } from './config.ts';
import type { TargetsAnswer } from './contract.ts';
import { OBJECTIVES } from './defaults.ts';
import { targetInstruments } from './instruments.ts';
import type { Judged } from './judged.ts';
import { MetricIntake } from './metric-intake.ts';
import { OperationIntake, type Second } from './operation-intake.ts';
import { Subjects, type TargetHost } from './subjects.ts';
import type { Target } from './target.ts';
import { lineOf } from './target-line.ts';

/** Levels are looked at so often, and one turn of subjects is judged. */
const TICK_MS = 1000;

export const target = {
  name: 'target',
  instruments: targetInstruments,
  create: (config, host) => new TargetStage(config, host),
} satisfies StageDef<typeof targetsConfig, typeof targetInstruments, MetricBatch, never>;

export class TargetStage implements Stage<MetricBatch> {
  readonly #host: TargetHost;
  readonly #subjects: Subjects;
  readonly #operations: OperationIntake;
  readonly #metrics: MetricIntake;
  readonly #targets: readonly Target[];
  #heldMs = NaN;
  #cancel: (() => void) | undefined;

  constructor(config: TargetsConfig, host: TargetHost) {
    this.#host = host;
    this.#subjects = new Subjects(host, config);
    this.#operations = new OperationIntake(config.operations, this.#subjects);
    this.#metrics = new MetricIntake(host, config, this.#subjects);
    this.#targets = [...this.#operations.targets, ...this.#metrics.targets];
  }

  /** Takes what is said. To be set before `start`. */
  set sink(sink: ViolationSink) {
    this.#subjects.sink = sink;
  }

  /** To come after that of whoever keeps violations, so that those of before a restart are there. */
  async start(): Promise<void> {
    const { clock } = this.#host;
    this.#metrics.watchedSinceMs = clock.nowMs();
    this.#heldMs = clock.monotonicMs();
    this.#subjects.adopt(new Set(this.#targets.map(({ name }) => name)));
    this.#cancel = clock.every(TICK_MS, () => this.#judge());
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async consume(batch: MetricBatch): Promise<void> {
    this.#metrics.take(batch, this.#host.clock.monotonicMs());
  }

  /** Takes a closed second of an operation. */
  takeSecond(subject: Subject, second: Second): void {
    this.#operations.take(subject, second, this.#host.clock.monotonicMs());
  }

  /** Every target with what is judged by it. */
  answer(): TargetsAnswer {
    const subjects = [...this.#subjects.all()];
    return {
      targets: this.#asked().map((each) =>
        lineOf(
          each,
          subjects.filter((one) => one.target === each),
        ),
      ),
    };
  }

  /** Nobody asked for objectives to be judged unless a program has some. */
  #asked(): readonly Target[] {
    const isPromised = [...this.#subjects.all()].some(({ target: { name } }) => name === OBJECTIVES);
    return isPromised ? this.#targets : this.#targets.filter(({ name }) => name !== OBJECTIVES);
  }

  *collect(): Generator<MetricFamily> {
    yield {
      name: 'evenkeel.target.bound',
      unit: '',
      kind: 'gauge',
      description:
        'What a target says its value may be at most (max) or has to be at least (min); durations in seconds.',
      points: this.#asked().map(({ name, direction, bound }) => ({
        attributes: { target: name, direction },
        value: bound,
      })),
    };
    yield {
      name: 'evenkeel.target.value',
      unit: '',
      kind: 'gauge',
      description: 'What is judged by a target, as it was last judged; durations in seconds. At most max_subjects.',
      points: this.#values(),
    };
  }

  /** Of subjects of one name the worst. */
  *#values(): Generator<MetricPoint> {
    const worst = new Map<string, Judged>();
    for (const judged of this.#subjects.all()) {
      const key = `${judged.target.name} ${judged.subject.name}`;
      if (judged.value !== undefined && judged.isWorseThan(worst.get(key))) worst.set(key, judged);
    }
    for (const {
      target: { name },
      subject,
      value,
    } of worst.values())
      if (value !== undefined) yield { attributes: { target: name, subject: subject.name }, value };
  }

  #judge(): void {
    const nowMs = this.#host.clock.monotonicMs();
    this.#metrics.hold(nowMs - this.#heldMs, nowMs);
    this.#heldMs = nowMs;
    // Operations are counted by when their calls ended, which is told of some seconds later.
    this.#subjects.judge((judged) => this.#operations.untilMs.get(judged) ?? nowMs);
  }
}
