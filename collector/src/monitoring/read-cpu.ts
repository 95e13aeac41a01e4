// CPU time of the host, in all and by processor.
import { canonical, type Attributes } from '../model/attributes.ts';
import { NamedRows } from './named-rows.ts';
import { CPU_FIELDS, parseCpu } from './parse-proc.ts';
import { ProcFile } from './proc-file.ts';
import type { Reader } from './reader.ts';
import { type Described, NamedSeries, type ReadingTable } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

/** Linux shows them in hundredths of a second, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

/** Modes with the columns that make them: interrupts are hard and soft ones. Guests are counted in user already. */
const MODES = [
  ['user', [0]],
  ['nice', [1]],
  ['system', [2]],
  ['idle', [3]],
  ['iowait', [4]],
  ['interrupt', [5, 6]],
  ['steal', [7]],
] as const;

const shared = { component: 'cpu', isRatio: true, isInteger: false, since: 'boot' } as const;
const TIME: SeriesSpec = {
  ...shared,
  name: 'system.cpu.time',
  unit: 's',
  description: 'CPU time by mode: of each logical processor, and of all where none is named.',
  kind: 'counter',
  follows: 'slope',
};
const UTILIZATION: SeriesSpec = {
  ...shared,
  name: 'system.cpu.utilization',
  unit: '1',
  description:
    'Share of the time since the last point by mode: of each logical processor, and of all where none is named.',
  kind: 'gauge',
  follows: 'level',
  isMean: true,
};

export const CPU_METRICS = { TIME } as const;

/** /proc/stat. */
export function cpuReader(table: ReadingTable, file = new ProcFile('/proc/stat')): Reader {
  const rows = new NamedRows(CPU_FIELDS);
  const series = new NamedSeries(table, seriesOf);
  // By row of the file and mode, as they were read last.
  const last = new Map<string, Float64Array>();
  return {
    name: 'cpu',
    component: 'cpu',
    isDear: false,
    metrics: [TIME, UTILIZATION],
    read() {
      const { bytes, length } = file.read();
      parseCpu(bytes, length, rows);
      series.visit(rows, (each, offset, name) => {
        let before = last.get(name);
        const isFirst = before === undefined;
        if (before === undefined) last.set(name, (before = new Float64Array(MODES.length + 1)));
        fill(table, each, rows.values, offset, before, isFirst);
      });
    },
    stop: () => file.close(),
  };
}

function fill(
  table: ReadingTable,
  series: readonly number[],
  values: Float64Array,
  offset: number,
  before: Float64Array,
  isFirst: boolean,
): void {
  let all = 0;
  for (let column = 0; column < CPU_FIELDS; column++) all += values[offset + column] ?? 0;
  const passed = all - (before[MODES.length] ?? 0);
  for (let mode = 0; mode < MODES.length; mode++) {
    let ticks = 0;
    for (const column of MODES[mode]?.[1] ?? []) ticks += values[offset + column] ?? 0;
    // Idle and waiting time may step back a little where the kernel corrects itself, which is no restart.
    ticks = Math.max(ticks, before[mode] ?? 0);
    table.set(series[mode] ?? -1, ticks / TICKS_PER_SECOND);
    const ratio = (ticks - (before[mode] ?? 0)) / passed;
    if (!isFirst && passed > 0) table.set(series[mode + MODES.length] ?? -1, Math.min(1, ratio));
    before[mode] = ticks;
  }
  before[MODES.length] = all;
}

function seriesOf(name: string): Described[] {
  const number = name.slice('cpu'.length);
  const attributes = (mode: string): Attributes =>
    canonical(
      number === ''
        ? [['cpu.mode', mode]]
        : [
            ['cpu.logical_number', BigInt(number)],
            ['cpu.mode', mode],
          ],
    );
  return [TIME, UTILIZATION].flatMap((spec) => MODES.map(([mode]) => ({ spec, attributes: attributes(mode) })));
}
