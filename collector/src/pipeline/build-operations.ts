// Wires what looks at every span before anything is sampled: measure, baseline, remote sampling.
import type { AlertStage } from '../alert/stage.ts';
import type { BaselineStage } from '../baseline/stage.ts';
import type { ViolationGroup } from '../baseline/contract.ts';
import type { Config } from '../config/schema.ts';
import type { MeasureStage } from '../measure/stage.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { StateStore } from '../store/contract.ts';
import type { RemoteSamplingStage } from '../remote-sampling/stage.ts';
import type { KeptBatch } from '../sample/contract.ts';
import type { SampleStage } from '../sample/stage.ts';
import type { TargetStage } from '../target/stage.ts';
import { buildTargets } from './build-targets.ts';
import type { Consumer } from './contract.ts';
import { fanout } from './fanout.ts';
import { createHost, type Surroundings } from './host.ts';
import { maxOperations } from './memory.ts';
import type { Rooms } from './rooms.ts';
import { ViolatedOperations } from './violated-operations.ts';

/** Stages of operations, as far as they are on. */
export interface OperationStages {
  /** Where spans enter. */
  readonly first: Consumer<SpanBatch>;
  readonly measure: MeasureStage | undefined;
  readonly baseline: BaselineStage | undefined;
  /** Takes metrics as well. */
  readonly target: TargetStage | undefined;
  readonly alert: AlertStage | undefined;
  readonly remoteSampling: RemoteSamplingStage | undefined;
  /** Where kept traces come by: examples of series, and who calls whom, are taken from them. */
  readonly kept: Consumer<KeptBatch>;
  /** Told of every change of a group of violations, by whoever adds itself. */
  readonly listeners: ((group: ViolationGroup) => void)[];
}

/** @param sample takes the spans that were looked at; @param state keeps what is learned over restarts */
export function buildOperations(
  rooms: Rooms,
  config: Config,
  shared: Surroundings,
  sample: SampleStage,
  state: StateStore | undefined,
): OperationStages {
  const host = createHost('remote_sampling', shared);
  const remoteSampling = rooms.remoteSampling?.create(config.remote_sampling, host, sample);
  const afterMeasure: Consumer<SpanBatch> = remoteSampling ?? sample;
  const measure =
    config.measure === false
      ? undefined
      : rooms.measure?.create(config.measure, createHost('measure', shared), afterMeasure);
  const alert = config.alert === false ? undefined : rooms.alert?.create(config.alert, createHost('alert', shared));
  // What leaves its baseline is sampled more, here and by services that are told how much to.
  const violated = new ViolatedOperations((service, name, isOpen) => {
    sample.violated(service, name, isOpen);
    remoteSampling?.violated(service, name, isOpen);
  });
  const listeners = [(group: ViolationGroup): void => violated.take(group)];
  const feedback: Consumer<ViolationGroup> = { consume: async (group) => listeners.forEach((hear) => hear(group)) };
  const told = alert === undefined ? [feedback] : [alert, feedback];
  const baseline = createBaseline(rooms, config, shared, measure, fanout(told));
  if (baseline !== undefined) {
    baseline.stateStore = state;
    if (remoteSampling !== undefined) remoteSampling.lowered = () => baseline.sampledLess();
    // What ended while nobody watched is over for alerts as well.
    if (alert !== undefined) baseline.resumed = (open) => alert.endOthers(open);
  }
  const target = baseline && buildTargets(rooms, config, shared, baseline);
  const kept = fanout([measure?.kept, baseline?.kept].filter((each) => each !== undefined));
  return { first: measure ?? afterMeasure, measure, baseline, target, alert, remoteSampling, kept, listeners };
}

/** Watches what is measured, and shows what was kept of it. */
function createBaseline(
  rooms: Rooms,
  { baseline, memory_limit, remote_sampling }: Config,
  shared: Surroundings,
  measure: MeasureStage | undefined,
  next: Consumer<ViolationGroup>,
): BaselineStage | undefined {
  if (baseline === false || measure === undefined) return undefined;
  const { max_operations = maxOperations(memory_limit) } = baseline;
  const options = { ...baseline, max_operations, is_head_sampled: remote_sampling.services.length > 0 };
  const stage = rooms.baseline?.create(options, createHost('baseline', shared), next);
  if (stage === undefined) return undefined;
  measure.measured = (batch, spans) => stage.observe(batch, spans);
  stage.tracesOf = (attributes) =>
    measure.tracesOf(attributes['service.name'], attributes['span.name'], attributes['span.kind']);
  return stage;
}
