// Wires what watches metrics of hosts and programs.
import type { BaselineStage } from '../baseline/stage.ts';
import type { Config } from '../config/schema.ts';
import type { Resource } from '../model/data-point.ts';
import type { ResourceStage } from '../resource/stage.ts';
import type { StateStore } from '../store/contract.ts';
import { createHost, type Surroundings } from './host.ts';
import type { Rooms } from './rooms.ts';

/** @param own as whom the sidecar reads itself; @param state keeps what is learned over restarts */
export function buildResources(
  rooms: Rooms,
  config: Config,
  shared: Surroundings,
  own: Resource,
  state: StateStore | undefined,
  baseline: BaselineStage | undefined,
): ResourceStage | undefined {
  if (config.resources === false) return undefined;
  const stage = rooms.resources?.create(config.resources, createHost('resources', shared));
  if (stage === undefined) return undefined;
  stage.own = own;
  stage.stateStore = state;
  stage.sink = baseline?.sink;
  return stage;
}
