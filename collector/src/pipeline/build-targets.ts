// Wires what is judged by fixed targets: seconds of operations come from `baseline`, which also keeps what is said of them.
import type { BaselineStage } from '../baseline/stage.ts';
import { durationsOf } from '../baseline/step-durations.ts';
import type { Config } from '../config/schema.ts';
import type { TargetStage } from '../target/stage.ts';
import { createHost, type Surroundings } from './host.ts';
import type { Rooms } from './rooms.ts';

/** @returns undefined where nothing is configured */
export function buildTargets(
  rooms: Rooms,
  { targets }: Config,
  shared: Surroundings,
  baseline: BaselineStage,
): TargetStage | undefined {
  const stage = rooms.target?.create(targets, createHost('target', shared));
  if (stage === undefined) return undefined;
  stage.sink = baseline.sink;
  baseline.stepped = (subject, step) => {
    const { timeMs, calls, errors } = step;
    stage.takeSecond(subject, { timeMs, calls, errors, durations: () => durationsOf(step) });
  };
  return stage;
}
