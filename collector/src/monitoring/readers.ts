// Which readers there are, by system and configuration.
import { availableParallelism } from 'node:os';
import type { MonitoringConfig } from './config.ts';
import { containerMemoryReader } from './read-container-memory.ts';
import { cpuReader } from './read-cpu.ts';
import { diskReader, fileSystemReader } from './read-disk.ts';
import { elsewhereReaders } from './read-elsewhere.ts';
import { memoryReader, pagingReader } from './read-memory.ts';
import { connectionReader, interfaceReader } from './read-network.ts';
import { containerReader, type OwnProcess, processReader, procSelfReader } from './read-process.ts';
import { collectionsReader, heapReader, type LoopFigures, loopReader } from './read-runtime.ts';
import type { Reader } from './reader.ts';
import { ReadingTable } from './reading-table.ts';
import { COMPONENTS, type SeriesSpec } from './series-spec.ts';

/** Makes the readers of this system; those of components that are off, and what is off by itself, left out. */
export function systemReaders(
  table: ReadingTable,
  { components, connections }: MonitoringConfig,
  loop: LoopFigures | undefined,
): Reader[] {
  const ofHost = process.platform === 'linux' ? linuxReaders(table) : elsewhereReaders(table);
  return [...ofHost, ...ownReaders(table, loop)].filter(
    ({ name, component }) => components.includes(component) && (connections || name !== 'connections'),
  );
}

/** Every metric that is read on some system, by component; of those of one name the first. Nothing is read for it. */
export function readingSpecs(loop: LoopFigures): SeriesSpec[] {
  const table = new ReadingTable();
  const readers = [...linuxReaders(table), ...elsewhereReaders(table), ...ownReaders(table, loop)];
  const byName = new Map<string, SeriesSpec>();
  for (const spec of readers.flatMap(({ metrics }) => metrics)) if (!byName.has(spec.name)) byName.set(spec.name, spec);
  return COMPONENTS.flatMap((component) => [...byName.values()].filter((spec) => spec.component === component));
}

function ownReaders(table: ReadingTable, loop: LoopFigures | undefined): Reader[] {
  const own = [processReader(table, thisProcess), heapReader(table), collectionsReader(table)];
  return loop === undefined ? own : [...own, loopReader(table, loop)];
}

function linuxReaders(table: ReadingTable): Reader[] {
  return [
    cpuReader(table),
    memoryReader(table),
    pagingReader(table),
    diskReader(table),
    fileSystemReader(table),
    interfaceReader(table),
    connectionReader(table),
    procSelfReader(table),
    containerReader(table),
    containerMemoryReader(table),
  ];
}

const thisProcess: OwnProcess = {
  resourceUsage: () => process.resourceUsage(),
  rssBytes: () => process.memoryUsage.rss(),
  uptimeSeconds: () => process.uptime(),
  processors: availableParallelism(),
};
