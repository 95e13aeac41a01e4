// Wires reports: tells the room where facts come from. It asks the others; none of them knows of it.
import { coverageOf } from '../baseline/coverage.ts';
import { thisMachine } from '../config/machine.ts';
import type { Config } from '../config/schema.ts';
import type { CleanupFacts, MailServer, ReportSources } from '../report/contract.ts';
import type { ReportStage } from '../report/stage.ts';
import { upkeepOf } from '../report/upkeep.ts';
import type { ResourceView } from '../resource/contract.ts';
import type { StoreStage } from '../store/stage.ts';
import { readUpkeep } from '../store/upkeep-file.ts';
import type { OperationStages } from './build-operations.ts';
import { createHost, type Surroundings } from './host.ts';
import type { Rooms } from './rooms.ts';

/** What reports are made of. */
interface Gathered {
  readonly rooms: Rooms;
  readonly config: Config;
  readonly shared: Surroundings;
  readonly operations: OperationStages;
  readonly store: StoreStage | undefined;
  /** Where baselines of resources are on. */
  readonly resources: ResourceView | undefined;
}

/** Makes the room, if it is on. @returns it with those to whom metrics are shown */
export function buildReport(gathered: Gathered) {
  const { rooms, config, shared } = gathered;
  if (config.report === false || rooms.report === undefined) return { stage: undefined, watchers: [] };
  const stage = rooms.report.report.create(config.report, createHost('report', shared));
  gather(stage, gathered);
  return { stage, watchers: [stage.metrics] };
}

/** Says where facts come from. */
function gather(stage: ReportStage, gathered: Gathered): void {
  const { config, shared, operations, store, resources } = gathered;
  const { measure, baseline, alert, listeners } = operations;
  const sources: ReportSources = {
    series: measure && { table: measure.metrics, ownerAt: (row) => measure.ownerAt(row) },
    resources: (fromMs, toMs) => resources?.facts(fromMs, toMs) ?? [],
    receivedBytes: () => sumOf(shared, 'receive', 'size'),
    coverage: () => ({
      ...coverageOf(baseline?.operations() ?? []),
      ...(resources?.coverage() ?? { resources: 0, learnedResources: 0 }),
    }),
    cleanup: () => (store === undefined ? [] : cleanupOf(gathered)),
    upkeep: (nowMs) => (config.store === false ? [] : upkeepOf(readUpkeep(config.store.path), nowMs)),
    usefulness: (groupId) => alert?.alerts().find(({ id }) => id === groupId)?.feedback?.isUseful,
  };
  const source = `evenkeel on ${thisMachine().hostName}`;
  stage.gatherFrom({ sources, state: store?.state, source, openServer: mailOpener(gathered) });
  listeners.push((group) => stage.told(group));
  if (measure !== undefined) {
    measure.expiring = (row) => stage.expiring(row);
    measure.failed = (service, type) => stage.failed(service, type);
  }
  if (baseline === undefined) return;
  const { resumed } = baseline;
  baseline.resumed = (open) => {
    resumed(open);
    stage.resumed(open);
  };
}

/** Reports are mailed by the server of a channel of alerts, whether or not alerts are told by it. */
function mailOpener({ rooms, config: { alert, report }, shared }: Gathered): (() => MailServer) | undefined {
  const name = report === false ? undefined : report.email?.channel;
  const channel = alert === false || name === undefined ? undefined : alert.channels[name];
  const open = rooms.report?.mailServer;
  if (alert === false || name === undefined || open === undefined) return undefined;
  if (channel === undefined || channel === false || channel.type !== 'email') return undefined;
  const host = createHost('report', shared);
  return () => open(channel, { name, allowLinkLocal: alert.allow_link_local, host });
}

/** Of the store, as it counts it. Decisions go in the moment in which there is no room for them. */
function cleanupOf({ rooms, config: { store }, shared }: Gathered): CleanupFacts[] {
  if (store === false) return [];
  const { telemetry } = shared;
  const removedOf = (data: 'traces' | 'decisions') => ({
    removed: telemetry.read('store', 'removed', { data }),
    freedBytes: telemetry.read('store', 'removed_size', { data }),
  });
  const traces = {
    what: 'kept traces',
    ...removedOf('traces'),
    heldBytes: telemetry.read('store', 'size'),
    limitBytes: store.ring_size,
    overdue: telemetry.read('store', 'overdue'),
    failures: telemetry.read('store', 'cleanup_failures'),
  };
  const decisions = {
    what: 'decisions',
    ...removedOf('decisions'),
    heldBytes: telemetry.read('store', 'decisions_size'),
    limitBytes: rooms.sampleConfig.ledger.max_disk,
    overdue: 0,
    failures: 0,
  };
  const state = {
    what: 'what was learned',
    removed: telemetry.read('store', 'state_removed'),
    // Pages that become free are used again: the file does not shrink.
    freedBytes: 0,
    heldBytes: telemetry.read('store', 'state_size'),
    overdue: 0,
    failures: sumOf(shared, 'store', 'state_dropped'),
  };
  return [traces, decisions, state];
}

function sumOf({ telemetry }: Surroundings, stage: string, name: string): number {
  return telemetry.points(stage, name).reduce((sum, { value }) => sum + value, 0);
}
