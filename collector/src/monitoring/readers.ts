// Which readers there are, by system and configuration.
import { availableParallelism } from 'node:os';
import type { MonitoringConfig } from './config.ts';
import { cpuReader } from './read-cpu.ts';
import { diskReader, fileSystemReader } from './read-disk.ts';
import { elsewhereReaders } from './read-elsewhere.ts';
import { memoryReader, pagingReader } from './read-memory.ts';
import { connectionReader, interfaceReader } from './read-network.ts';
import { containerReader, type OwnProcess, processReader, procSelfReader } from './read-process.ts';
import { collectionsReader, heapReader, type LoopFigures, loopReader } from './read-runtime.ts';
import type { Reader } from './reader.ts';
import type { ReadingTable } from './reading-table.ts';

/** Makes the readers of this system; those of components that are off, and what is off by itself, left out. */
export function systemReaders(
  table: ReadingTable,
  { components, connections }: MonitoringConfig,
  loop: LoopFigures | undefined,
): Reader[] {
  const ofHost = process.platform === 'linux' ? linuxReaders(table) : elsewhereReaders(table);
  const own = [processReader(table, thisProcess), heapReader(table), collectionsReader(table)];
  if (loop !== undefined) own.push(loopReader(table, loop));
  return [...ofHost, ...own].filter(
    ({ name, component }) => components.includes(component) && (connections || name !== 'connections'),
  );
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
  ];
}

const thisProcess: OwnProcess = {
  resourceUsage: () => process.resourceUsage(),
  rssBytes: () => process.memoryUsage.rss(),
  uptimeSeconds: () => process.uptime(),
  processors: availableParallelism(),
};
