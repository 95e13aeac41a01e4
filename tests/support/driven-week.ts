// The week of a shop through the room `report`, on a clock that moves by hand, with a kill -9 and a restart in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Severity, Violation, ViolationGroup } from '../../collector/src/baseline/contract.ts';
import type { CleanupFacts } from '../../collector/src/report/contract.ts';
import type { ReportStage } from '../../collector/src/report/stage.ts';
import { StateFile } from '../../collector/src/store/state-file.ts';
import { dataPoint, type PointShape } from './data-points.ts';
import { type ReportRig, reportRig } from './report-rig.ts';
import { callsOf, diskRatio, FAILING, HOUR_MS, HOURS, modelPoints, SLOW, WEEK_MS } from './shop-week.ts';
import { testSpan } from './test-span.ts';
import { violation, violationGroup } from './violations.ts';

const KILLED_HOUR = 82;
const RESTARTED_HOUR = 111;
/** The client of models begins anew, and counts from 0. */
const CLIENT_BEGAN = [0, 60] as const;
const CONFIG = { llm_prices: [{ model: 'small-*', input: 2, output: 10, currency: 'EUR' }] };
/** Five parts of an hour: calls come in the first four, then there is time to write them down. */
const PART_MS = HOUR_MS / 5;
const MINUTE_MS = 60_000;
/** Received all week. */
export const BYTES_PER_SECOND = 2048;

/** The room after the week, a minute into the next. */
export interface DrivenWeek {
  stage(): ReportStage;
  close(): void;
}

export async function drivenWeek(): Promise<DrivenWeek> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-week-'));
  const files: StateFile[] = [];
  const begin = (beginsMs: number): Promise<ReportRig> => {
    const file = new StateFile(folder);
    files.push(file);
    return reportRig({ beginsMs, file, config: CONFIG, measure: { series_ttl: '2h' } });
  };
  let rig = await begin(WEEK_MS);
  for (const hour of HOURS) {
    const fromMs = WEEK_MS + hour * HOUR_MS;
    if (hour === RESTARTED_HOUR) await rig.stop();
    if (hour === RESTARTED_HOUR || hour === KILLED_HOUR) rig = await begin(fromMs);
    await hourOf(rig, hour, fromMs);
  }
  rig.clock.advance(MINUTE_MS);
  return {
    stage: () => rig.stage,
    close() {
      for (const file of files) file.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function hourOf(rig: ReportRig, hour: number, fromMs: number): Promise<void> {
  const { clock, told, stage } = rig;
  const learned = Math.min(5, Math.floor(hour / 24));
  told.cleanup = [cleanup(hour)];
  told.coverage = { operations: 6, learned, provisional: 1, withoutP99: 1, resources: 0, learnedResources: 0 };
  told.upkeep = [{ what: 'backup', result: 'done', lastMs: WEEK_MS + 2 * HOUR_MS, detail: '3 documents' }];
  await stage.metrics.consume({ points: clientPoints(hour) });
  for (const part of [0, 1, 2, 3]) {
    const calls = callsOf(hour).filter((_, i) => i % 4 === part);
    if (calls.length > 0) await rig.calls(calls.map((call) => testSpan(call)));
    // Of what failed, one in two is looked at.
    for (const { service, errorType } of calls.filter(({ error }, i) => error && i % 2 === 0))
      stage.failed(service, errorType);
    for (const group of groupsAt(fromMs + part * PART_MS)) stage.told(group);
    // Counters of which two points are far apart say nothing of the time between.
    await readHost(rig);
    clock.advance(MINUTE_MS);
    await readHost(rig);
    clock.advance(PART_MS - MINUTE_MS);
    await nextTurn();
  }
  clock.advance(PART_MS);
}

/** Ten traces an hour, counted since the process began. */
function cleanup(hour: number): CleanupFacts {
  const began = [RESTARTED_HOUR, KILLED_HOUR, 0].find((each) => each <= hour) ?? 0;
  const removed = (hour - began) * 10;
  const held = { heldBytes: 50_000_000 + hour * 1000, limitBytes: 2 ** 26, overdue: 0 };
  return { what: 'kept traces', removed, freedBytes: removed * 1000, failures: 0, ...held };
}

function clientPoints(hour: number) {
  const began = CLIENT_BEGAN.findLast((each) => each <= hour) ?? 0;
  const hours = HOURS.slice(began, hour + 1);
  return modelPoints(hours, WEEK_MS + began * HOUR_MS + 1, WEEK_MS + hour * HOUR_MS + 2).map(dataPoint);
}

/** A disk that fills, files of a program with a limit of their own, and a counter. */
async function readHost({ resources, clock }: ReportRig): Promise<void> {
  const timeMs = clock.nowMs();
  const gauge = { kind: 'gauge', isMonotonic: false, timeMs } as const;
  const place = { 'system.filesystem.mountpoint': '/data', 'system.device': '/dev/vdb' };
  const wire = { 'network.interface.name': 'eth0', 'network.io.direction': 'receive' };
  const file = { ...gauge, unit: '{file_descriptor}' };
  const shapes: PointShape[] = [
    { ...gauge, service: 'evenkeel', name: 'system.filesystem.utilization', unit: '1', attributes: place, value: diskRatio(timeMs) },
    { ...file, service: 'shop', name: 'process.unix.file_descriptor.limit', value: 1024 },
    { ...file, service: 'shop', name: 'process.unix.file_descriptor.count', value: 256 },
    { service: 'evenkeel', name: 'system.network.io', unit: 'By', attributes: wire, timeMs, startMs: WEEK_MS, value: ((timeMs - WEEK_MS) / 1000) * BYTES_PER_SECOND },
  ]; // prettier-ignore
  await resources.consume({ signal: 'metrics', points: shapes.map(dataPoint) });
}

/** What is told at a time: each is seen a part of an hour after it began, and seen to be over as long after its end. */
function groupsAt(nowMs: number): ViolationGroup[] {
  const isTold = ({ fromMs, toMs }: typeof SLOW): boolean => nowMs >= fromMs + PART_MS && nowMs <= toMs + PART_MS;
  return [...(isTold(SLOW) ? [slowGroup(nowMs)] : []), ...(isTold(FAILING) ? [failingGroup(nowMs)] : [])];
}

function slowGroup(nowMs: number): ViolationGroup {
  const isBad = nowMs > SLOW.fromMs + HOUR_MS;
  const isOver = nowMs > SLOW.toMs;
  const peak: Severity = isBad ? 'critical' : 'warning';
  const slow: Partial<Violation> = { ...timesOf(SLOW, nowMs), ratio: { value: 4, low: 3.8, high: 4.2 } };
  const { bottleneck: _, ...plain } = violation().explanation;
  const explanation = { ...plain, summary: 'Calls take four times as long as they did.' };
  const bottleneck = {
    operation: 'bank authorize',
    share: 0.9,
    recommendation: 'ask bank authorize once, not per item',
  };
  const severity: Severity | 'none' = isOver ? 'none' : peak;
  const pay = {
    service: 'pay',
    operation: 'POST /charge',
    peak,
    severity,
    explanation: { ...explanation, bottleneck },
  };
  const shop = { service: 'shop', severity: isOver ? 'none' : 'warning', peak: 'warning', explanation } as const;
  const members = [violation({ ...slow, ...pay }), violation({ ...slow, ...shop })];
  return violationGroup(severity, { id: 'slow', peak, onsetMs: SLOW.fromMs, changedMs: nowMs, members });
}

function failingGroup(nowMs: number): ViolationGroup {
  const severity = nowMs > FAILING.toMs ? 'none' : 'emergency';
  const peak = 'emergency';
  const explanation = { ...violation().explanation, summary: 'Two of five calls fail.' };
  const members = [
    violation({ kind: 'error', explanation, service: 'shop', severity, peak, ...timesOf(FAILING, nowMs) }),
  ];
  return violationGroup(severity, { id: 'failing', peak, onsetMs: FAILING.fromMs, changedMs: nowMs, members });
}

function timesOf({ fromMs }: typeof SLOW, nowMs: number) {
  return { onsetMs: fromMs, raisedMs: fromMs + PART_MS, changedMs: nowMs };
}
