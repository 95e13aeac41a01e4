// The host where there is no /proc: through systeminformation, which starts programs of the system, so all of it is dear.
// CPU time comes from the runtime. What disks do is not told there.
import { cpus } from 'node:os';
import { canonical } from '../model/attributes.ts';
import { CPU_METRICS } from './read-cpu.ts';
import { type FileSystems, fileSystemReader } from './read-disk.ts';
import { MEMORY_METRICS, rowsOnce } from './read-memory.ts';
import { CONNECTIONS, NETWORK_METRICS } from './read-network.ts';
import type { Reader } from './reader.ts';
import type { ReadingTable } from './reading-table.ts';
import type { SeriesSpec } from './series-spec.ts';

/** What is asked of the library; replaced in tests. */
export interface SystemInformation {
  mem(): Promise<{ readonly total: number; readonly free: number; readonly buffcache: number }>;
  fsSize(): Promise<readonly FileSystemSize[]>;
  networkStats(interfaces: string): Promise<readonly InterfaceFigures[]>;
  networkConnections(): Promise<readonly { readonly protocol: string; readonly state: string }[]>;
}

interface FileSystemSize {
  readonly fs: string;
  readonly type: string;
  readonly mount: string;
  readonly size: number;
  readonly used: number;
  readonly available: number;
  readonly rw: boolean | null;
}

interface InterfaceFigures {
  readonly iface: string;
  readonly rx_bytes: number;
  readonly tx_bytes: number;
  readonly rx_errors: number;
  readonly tx_errors: number;
  readonly rx_dropped: number;
  readonly tx_dropped: number;
}

/** Loads the library when it is first needed. */
const load = async (): Promise<SystemInformation> => import('systeminformation');

/** Every reader of the host. */
export function elsewhereReaders(table: ReadingTable, library = load): Reader[] {
  return [
    processorsReader(table),
    memoryReader(table, library),
    fileSystemReader(table, fileSystemsOf(library)),
    interfacesReader(table, library),
    connectionsReader(table, library),
  ];
}

/** Milliseconds by mode of each processor, as the runtime tells them. */
function processorsReader(table: ReadingTable): Reader {
  const row = rowsOnce(table);
  return {
    name: 'cpu',
    component: 'cpu',
    isDear: false,
    metrics: [CPU_METRICS.TIME],
    read() {
      for (const [processor, { times }] of cpus().entries())
        for (const [i, [mode, ms]] of modesOf(times).entries())
          table.set(
            row(CPU_METRICS.TIME, processor * 5 + i, [
              ['cpu.logical_number', BigInt(processor)],
              ['cpu.mode', mode],
            ]),
            ms / 1000,
          );
    },
  };
}

function modesOf({ user, nice, sys, idle, irq }: ReturnType<typeof cpus>[number]['times']): [string, number][] {
  return [
    ['user', user],
    ['nice', nice],
    ['system', sys],
    ['idle', idle],
    ['interrupt', irq],
  ];
}

function memoryReader(table: ReadingTable, library: typeof load): Reader {
  const row = rowsOnce(table);
  const { USAGE, UTILIZATION, LIMIT } = MEMORY_METRICS;
  return {
    name: 'memory',
    component: 'memory',
    isDear: true,
    metrics: [USAGE, UTILIZATION, LIMIT],
    async read() {
      const { total, free, buffcache } = await (await library()).mem();
      const states = [
        ['used', total - free - buffcache],
        ['free', free],
        ['cached', buffcache],
      ] as const;
      for (const [i, [state, bytes]] of states.entries()) {
        table.set(row(USAGE, i, [['system.memory.state', state]]), bytes);
        table.set(row(UTILIZATION, i, [['system.memory.state', state]]), bytes / total);
      }
      table.set(row(LIMIT, 0, []), total);
    },
  };
}

/** One call tells the mounts and their space. */
function fileSystemsOf(library: typeof load): FileSystems {
  const bySpace = new Map<string, FileSystemSize>();
  return {
    async mounts() {
      bySpace.clear();
      for (const each of await (await library()).fsSize()) bySpace.set(each.fs, each);
      return [...bySpace.values()].map(({ fs, type, mount, rw }) => ({
        device: fs,
        folder: mount,
        type,
        isWritable: rw !== false,
      }));
    },
    async space({ device }) {
      const { size = 0, used = 0, available = 0 } = bySpace.get(device) ?? {};
      return { used, free: available, reserved: Math.max(0, size - used - available) };
    },
  };
}

function interfacesReader(table: ReadingTable, library: typeof load): Reader {
  const rows = new Map<string, number>();
  const set = (spec: SeriesSpec, name: string, direction: string, value: number): void => {
    const key = `${spec.name} ${direction} ${name}`;
    let row = rows.get(key);
    if (row === undefined) {
      const attributes = canonical([
        ['network.interface.name', name],
        ['network.io.direction', direction],
      ]);
      rows.set(key, (row = table.add({ spec, attributes })));
    }
    table.set(row, value);
  };
  const { IO, ERRORS, DROPPED } = NETWORK_METRICS;
  return {
    name: 'interfaces',
    component: 'network',
    isDear: true,
    metrics: [IO, ERRORS, DROPPED],
    async read() {
      for (const each of await (await library()).networkStats('*')) {
        set(IO, each.iface, 'receive', each.rx_bytes);
        set(IO, each.iface, 'transmit', each.tx_bytes);
        set(ERRORS, each.iface, 'receive', each.rx_errors);
        set(ERRORS, each.iface, 'transmit', each.tx_errors);
        set(DROPPED, each.iface, 'receive', each.rx_dropped);
        set(DROPPED, each.iface, 'transmit', each.tx_dropped);
      }
    },
  };
}

/** States as the library spells them, in the words of the conventions. */
function stateWord(state: string): string {
  return state
    .toLowerCase()
    .replace('syn_recv', 'syn_received')
    .replace('fin_wait1', 'fin_wait_1')
    .replace('fin_wait2', 'fin_wait_2');
}

function connectionsReader(table: ReadingTable, library: typeof load): Reader {
  const rows = new Map<string, number>();
  return {
    name: 'connections',
    component: 'network',
    isDear: true,
    metrics: [CONNECTIONS],
    async read() {
      const counts = new Map<string, number>([...rows.keys()].map((key) => [key, 0]));
      for (const { protocol, state } of await (await library()).networkConnections()) {
        const transport = protocol.startsWith('udp') ? 'udp' : 'tcp';
        const key = transport === 'udp' ? transport : `${transport} ${stateWord(state)}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      for (const [key, count] of counts) {
        const [transport = '', state] = key.split(' ');
        let row = rows.get(key);
        if (row === undefined) {
          const attributes = canonical([
            ['network.transport', transport],
            ...(state === undefined ? [] : [['network.connection.state', state] as const]),
          ]);
          rows.set(key, (row = table.add({ spec: CONNECTIONS, attributes })));
        }
        table.set(row, count);
      }
    },
  };
}
