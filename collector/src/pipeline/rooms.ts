// Every room: its instruments always, its code only where the configuration has work for it. A room is known by name
// and instruments without being imported, so that what is shown and documented does not depend on what runs.
import { aggregateInstruments } from '../aggregate/instruments.ts';
import { alertInstruments } from '../alert/instruments.ts';
import { baselineInstruments } from '../baseline/instruments.ts';
import type { Config } from '../config/schema.ts';
import { exportInstruments } from '../export/instruments.ts';
import { limitInstruments } from '../limit/instruments.ts';
import { logsInstruments } from '../logs/instruments.ts';
import { measureInstruments } from '../measure/instruments.ts';
import { monitoringInstruments } from '../monitoring/instruments.ts';
import { receiveInstruments } from '../receive/instruments.ts';
import { remoteSamplingInstruments } from '../remote-sampling/instruments.ts';
import { resourceInstruments } from '../resource/instruments.ts';
import { reportInstruments } from '../report/instruments.ts';
import { sampleInstruments } from '../sample/instruments.ts';
import { scrapeInstruments } from '../scrape/instruments.ts';
import { storeInstruments } from '../store/instruments.ts';
import { targetInstruments } from '../target/instruments.ts';
import { webInstruments } from '../web/instruments.ts';
import type { Instruments } from './contract.ts';
import { collectorInstruments } from './own-instruments.ts';

/** Whoever has instruments, in the order in which they are shown. */
export const ROOMS: readonly { readonly name: string; readonly instruments: Instruments }[] = [
  { name: 'receive', instruments: receiveInstruments },
  { name: 'measure', instruments: measureInstruments },
  { name: 'baseline', instruments: baselineInstruments },
  { name: 'resources', instruments: resourceInstruments },
  { name: 'target', instruments: targetInstruments },
  { name: 'alert', instruments: alertInstruments },
  { name: 'remote_sampling', instruments: remoteSamplingInstruments },
  { name: 'sample', instruments: sampleInstruments },
  { name: 'logs', instruments: logsInstruments },
  { name: 'scrape', instruments: scrapeInstruments },
  { name: 'monitoring', instruments: monitoringInstruments },
  { name: 'limit', instruments: limitInstruments },
  { name: 'aggregate', instruments: aggregateInstruments },
  { name: 'export', instruments: exportInstruments },
  { name: 'report', instruments: reportInstruments },
  { name: 'store', instruments: storeInstruments },
  { name: 'web', instruments: webInstruments },
  { name: 'collector', instruments: collectorInstruments },
];

/** With `sample: false` every trace is kept, as soon as its root is there or a second has passed. */
const KEEP_ALL = {
  policies: [{ name: 'all', type: 'probabilistic', ratio: 1 }],
  decision_wait: '1s',
  after_root: '0s',
};

/** Code that was imported; undefined is what the configuration has no work for. */
export type Rooms = Awaited<ReturnType<typeof importRooms>>;

/** Imports the rooms that a configuration has work for. Nothing runs by being imported. */
export async function importRooms(config: Config) {
  const {
    alert,
    baseline,
    resources,
    scrape,
    monitoring,
    measure,
    remote_sampling,
    logs,
    limit,
    aggregate,
    report,
    store,
    web,
  } = config;
  const isWatched = baseline !== false && measure !== false;
  const followsLogs = logs !== false && logs.mode === 'follow';
  return {
    ...(await import('../receive/stage.ts')),
    ...(await import('../sample/stage.ts')),
    ...(await import('../export/stage.ts')),
    sampleConfig: await sampleConfigOf(config),
    measure: measure === false ? undefined : (await import('../measure/stage.ts')).measure,
    // It watches what was measured; alerts are of what it says.
    baseline: isWatched ? (await import('../baseline/stage.ts')).baseline : undefined,
    resources: resources === false ? undefined : (await import('../resource/stage.ts')).resources,
    target: isWatched && hasTargets(config) ? (await import('../target/stage.ts')).target : undefined,
    alert: isWatched && alert !== false ? (await import('../alert/stage.ts')).alert : undefined,
    remoteSampling:
      remote_sampling.services.length === 0 ? undefined : (await import('../remote-sampling/stage.ts')).remoteSampling,
    // Where logs only pass, there is no stage for them, and exporters take them as they came.
    logs: followsLogs ? (await import('../logs/stage.ts')).logs : undefined,
    scrape: scrape.jobs.length === 0 ? undefined : (await import('../scrape/stage.ts')).scrape,
    monitoring: monitoring === false ? undefined : (await import('../monitoring/stage.ts')).monitoring,
    limit: limit === false ? undefined : (await import('../limit/stage.ts')).limit,
    aggregate: aggregate === false ? undefined : (await import('../aggregate/stage.ts')).aggregate,
    report:
      report === false
        ? undefined
        : {
            ...(await import('../report/stage.ts')),
            mailServer: report.email === undefined ? undefined : (await import('../alert/channels/mail.ts')).mailServer,
          },
    store: store === false ? undefined : (await import('../store/stage.ts')).store,
    web:
      web === false
        ? undefined
        : {
            ...(await import('../web/server.ts')),
            ...(await import('../web/kpis.ts')),
            ...(await import('../web/resource-history.ts')),
            ...(await import('../baseline/view.ts')),
            ...(await import('../alert/view.ts')),
          },
  };
}

function hasTargets({ targets: { operations, metrics, objectives } }: Config): boolean {
  return [objectives, ...Object.values(operations), ...Object.values(metrics)].some(({ enabled }) => enabled);
}

/** The one thing that is parsed after the configuration was read. */
async function sampleConfigOf({ sample }: Config): Promise<Exclude<Config['sample'], false>> {
  return sample === false ? (await import('../sample/config.ts')).sampleConfig.parse(KEEP_ALL) : sample;
}
