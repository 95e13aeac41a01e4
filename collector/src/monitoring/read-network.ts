// What interfaces do, from /proc/net/dev, and connections by state.
import { type Attributes, canonical } from '../model/attributes.ts';
import { NamedRows } from './named-rows.ts';
import { countSockets, countTcp, NET, NET_FIELDS, parseInterfaces } from './parse-proc.ts';
import { ProcFile } from './proc-file.ts';
import type { Reader } from './reader.ts';
import { type Described, NamedSeries, type ReadingTable } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

const shared = { component: 'network', since: 'boot', isRatio: false, isInteger: true } as const;
const counter = { ...shared, kind: 'counter', follows: 'slope' } as const;

const IO: SeriesSpec = { ...counter, name: 'system.network.io', unit: 'By', description: 'Bytes by direction.' };
const PACKETS: SeriesSpec = {
  ...counter,
  name: 'system.network.packet.count',
  unit: '{packet}',
  description: 'Packets by direction.',
};
const ERRORS: SeriesSpec = {
  ...counter,
  name: 'system.network.errors',
  unit: '{error}',
  description: 'Errors by direction.',
};
const DROPPED: SeriesSpec = {
  ...counter,
  name: 'system.network.packet.dropped',
  unit: '{packet}',
  description: 'Packets given up without an error.',
};

export const NETWORK_METRICS = { IO, ERRORS, DROPPED } as const;

/** The key that names the interface is that of the conventions, which is another for packets. */
const COLUMNS = [
  [IO, 'receive', NET.receivedBytes, 'network.interface.name'],
  [IO, 'transmit', NET.sentBytes, 'network.interface.name'],
  [PACKETS, 'receive', NET.receivedPackets, 'system.device'],
  [PACKETS, 'transmit', NET.sentPackets, 'system.device'],
  [ERRORS, 'receive', NET.receivedErrors, 'network.interface.name'],
  [ERRORS, 'transmit', NET.sentErrors, 'network.interface.name'],
  [DROPPED, 'receive', NET.receivedDropped, 'network.interface.name'],
  [DROPPED, 'transmit', NET.sentDropped, 'network.interface.name'],
] as const;

export function interfaceReader(table: ReadingTable, file = new ProcFile('/proc/net/dev')): Reader {
  const rows = new NamedRows(NET_FIELDS);
  const series = new NamedSeries(table, seriesOf);
  return {
    name: 'interfaces',
    component: 'network',
    isDear: false,
    metrics: [IO, PACKETS, ERRORS, DROPPED],
    read() {
      const { bytes, length } = file.read();
      parseInterfaces(bytes, length, rows);
      series.visit(rows, (each, offset) => {
        for (let i = 0; i < COLUMNS.length; i++)
          table.set(each[i] ?? -1, rows.values[offset + (COLUMNS[i]?.[2] ?? 0)] ?? 0);
      });
    },
    stop: () => file.close(),
  };
}

function seriesOf(name: string): Described[] {
  return COLUMNS.map(([spec, direction, , key]) => ({
    spec,
    attributes: canonical([
      [key, name],
      ['network.io.direction', direction],
    ]),
  }));
}

export const CONNECTIONS: SeriesSpec = {
  ...shared,
  name: 'system.network.connection.count',
  unit: '{connection}',
  description: 'Connections by transport, and those of TCP by state.',
  kind: 'up_down',
  follows: 'level',
  isDear: true,
};

/** By the kernel's number, from 1. @see include/net/tcp_states.h */
const STATES = [
  '', 'established', 'syn_sent', 'syn_received', 'fin_wait_1', 'fin_wait_2', 'time_wait', 'closed', 'close_wait',
  'last_ack', 'listen', 'closing', 'syn_received',
] as const; // prettier-ignore

/** Files of the connections of each transport, of both versions of IP, and a cheap one that tells how many there are. */
export interface SocketFiles {
  readonly tcp: readonly ProcFile[];
  readonly udp: readonly ProcFile[];
  readonly summary: ProcFile;
}

const linuxSockets = (): SocketFiles => ({
  tcp: [new ProcFile('/proc/net/tcp'), new ProcFile('/proc/net/tcp6')],
  udp: [new ProcFile('/proc/net/udp'), new ProcFile('/proc/net/udp6')],
  summary: new ProcFile('/proc/net/sockstat'),
});

/** Dear: the kernel walks all of its tables, milliseconds each time. */
export function connectionReader(table: ReadingTable, files: SocketFiles = linuxSockets()): Reader {
  const all = [...files.tcp, ...files.udp];
  const counts = new Float64Array(STATES.length);
  const rows: number[] = [];
  const set = (index: number, count: number, attributes: Attributes): void => {
    // A state that never was has no series.
    if (rows[index] === undefined && count === 0) return;
    table.set((rows[index] ??= table.add({ spec: CONNECTIONS, attributes })), count);
  };
  return {
    name: 'connections',
    component: 'network',
    isDear: true,
    metrics: [CONNECTIONS],
    read() {
      counts.fill(0);
      const read = countAll(files.tcp, counts);
      // Both ways to be half open are one state.
      counts[3] = (counts[3] ?? 0) + (counts[12] ?? 0);
      for (let state = 1; state < 12; state++)
        set(state, counts[state] ?? 0, [
          ['network.connection.state', STATES[state] ?? ''],
          ['network.transport', 'tcp'],
        ]);
      counts.fill(0);
      countAll(files.udp, counts);
      set(
        0,
        counts.reduce((sum, count) => sum + count, 0),
        [['network.transport', 'udp']],
      );
      if (read === 0) throw new Error('no table of connections can be read');
    },
    sentinel() {
      const { bytes, length } = files.summary.read();
      return countTcp(bytes, length);
    },
    stop() {
      for (const file of [...all, files.summary]) file.close();
    },
  };
}

/** @returns how many files could be read; a system may be without one version of IP */
function countAll(files: readonly ProcFile[], counts: Float64Array): number {
  let read = 0;
  for (const file of files) {
    try {
      file.pieces((bytes, length) => countSockets(bytes, length, counts));
      read++;
    } catch {
      // Counted by the caller where none is left.
    }
  }
  return read;
}
