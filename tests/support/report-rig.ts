// The room `report` with real span metrics and watched resources before it and a real state file behind it, on a clock that moves by hand.
import { expect } from 'vitest';
import { measureConfig } from '../../collector/src/measure/config.ts';
import { measureInstruments } from '../../collector/src/measure/instruments.ts';
import { MeasureStage } from '../../collector/src/measure/stage.ts';
import { resourceOf } from '../../collector/src/model/data-point.ts';
import { reportConfig } from '../../collector/src/report/config.ts';
import type { CleanupFacts, CoverageFacts, MailServer, UpkeepFacts } from '../../collector/src/report/contract.ts';
import { NO_COVERAGE } from '../../collector/src/report/day.ts';
import { reportInstruments } from '../../collector/src/report/instruments.ts';
import { ReportStage } from '../../collector/src/report/stage.ts';
import { resourceConfig } from '../../collector/src/resource/config.ts';
import { resourceInstruments } from '../../collector/src/resource/instruments.ts';
import { resources as resourceRoom, type ResourceStage } from '../../collector/src/resource/stage.ts';
import type { StateStore } from '../../collector/src/store/contract.ts';
import type { StateFile } from '../../collector/src/store/state-file.ts';
import type { Host } from '../../collector/src/pipeline/contract.ts';
import { createHost } from '../../collector/src/pipeline/host.ts';
import { Telemetry } from '../../collector/src/pipeline/telemetry.ts';
import { ManualClock } from './clock.ts';
import { releaseBatch, testIntake } from './intake.ts';
import { seeded } from './random.ts';
import { bodyOf, type TestSpan } from './traffic.ts';

/** What other rooms would tell, as a test has it. */
export interface ToldByOthers {
  receivedBytes: number;
  cleanup: CleanupFacts[];
  coverage: CoverageFacts;
  upkeep: UpkeepFacts[];
}

export interface ReportRig {
  readonly stage: ReportStage;
  readonly clock: ManualClock;
  readonly resources: ResourceStage;
  readonly told: ToldByOthers;
  readonly log: readonly string[];
  read(name: keyof typeof reportInstruments, result: string): number;
  calls(spans: readonly TestSpan[]): Promise<void>;
  /** Ends as a sidecar does that is told to. */
  stop(): Promise<void>;
}

export interface ReportShape {
  readonly beginsMs: number;
  /** What a restart finds again; the caller closes it. Without one there is no store. */
  readonly file?: StateFile;
  /** So many times it cannot be read, as where its disk hangs. */
  readonly refusesReads?: number;
  readonly config?: object;
  readonly measure?: object;
  readonly server?: (host: Pick<Host, 'clock' | 'log'>) => MailServer;
}

/** Starts the room. Where it is not stopped it ends as by kill -9: its clock stands still. */
export async function reportRig({ beginsMs, file, server, ...shape }: ReportShape): Promise<ReportRig> {
  const clock = new ManualClock(beginsMs);
  const log: string[] = [];
  const telemetry = new Telemetry();
  telemetry.declare('report', reportInstruments);
  telemetry.declare('measure', measureInstruments);
  telemetry.declare('resources', resourceInstruments);
  const shared = { clock, telemetry, random: seeded(1), log: (line: string) => log.push(line) };
  const host = createHost<keyof typeof reportInstruments>('report', shared);
  const measure = new MeasureStage(measureConfig.parse(shape.measure ?? {}), createHost('measure', shared), {
    consume: async () => {},
  });
  const stage = new ReportStage(reportConfig.parse(shape.config ?? {}), host);
  const resources = resourceRoom.create(resourceConfig.parse({}), createHost('resources', shared));
  resources.own = resourceOf([['service.name', 'evenkeel']]);
  resources.stateStore = file && stateIn(file);
  const told: ToldByOthers = { receivedBytes: 0, cleanup: [], coverage: NO_COVERAGE, upkeep: [] };
  stage.gatherFrom({
    sources: {
      series: { table: measure.metrics, ownerAt: (row) => measure.ownerAt(row) },
      resources: (fromMs, toMs) => resources.facts(fromMs, toMs),
      receivedBytes: () => told.receivedBytes,
      coverage: () => told.coverage,
      cleanup: () => told.cleanup,
      upkeep: () => told.upkeep,
      usefulness: () => undefined,
    },
    state: file && stateIn(file, shape.refusesReads),
    source: 'evenkeel on test',
    openServer: server && (() => server(host)),
  });
  measure.expiring = (row) => stage.expiring(row);
  await stage.start();
  await measure.start();
  await resources.start();
  const intake = testIntake();
  return {
    stage,
    clock,
    resources,
    told,
    log,
    read: (name, result) => telemetry.read('report', name, { result }),
    async calls(spans) {
      const body = bodyOf(spans);
      told.receivedBytes += body.length;
      expect(intake.take([body], body.length, clock.nowMs(), clock.monotonicMs())).toBe('accepted');
      await measure.consume(intake.batch);
      releaseBatch(intake.batch);
    },
    async stop() {
      await resources.stop();
      await measure.stop();
      await stage.stop();
    },
  };
}

/** The real file, without the thread that owns it in a sidecar. */
function stateIn(file: StateFile, refusesReads = 0): StateStore {
  let refused = 0;
  return {
    async save(room, documents, removed = []) {
      file.save(room, documents, removed, 0);
      return true;
    },
    async *load(room, after = '') {
      if (refused++ < refusesReads) throw new Error('the disk hangs');
      for (let page = file.page(room, after); page.length > 0; page = file.page(room, page.at(-1)?.key ?? ''))
        yield page;
    },
  };
}
