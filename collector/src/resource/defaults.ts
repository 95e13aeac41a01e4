// What is watched of hosts, processes and runtimes without being named: by OpenTelemetry's conventions, and by the names
// that older senders have for attributes.
import { LEAST_STEPS, type AttributeTest, type NamedRule, valueTest, type WatchRule } from './rule.ts';

const MEBIBYTE = 2 ** 20;
/** Half an hour of minutes: backups and downloads are over by then. */
const BURSTY_STEPS = 2 * LEAST_STEPS;

const MODE = ['cpu.mode', 'state'];
const CORE = ['cpu.logical_number', 'cpu'];
const MEMORY_STATE = ['system.memory.state', 'state'];
const PAGING_STATE = ['system.paging.state', 'state'];
const FAULT_TYPE = ['system.paging.fault.type', 'type'];
const CONNECTION_STATE = ['network.connection.state', 'system.network.state', 'state'];
const POOL_STATE = ['db.client.connection.state', 'state'];
const FILE_SYSTEM_MODE = ['system.filesystem.mode', 'mode'];
const INTERFACE = ['network.interface.name', 'system.device', 'device'];

const is = (keys: readonly string[], value: string): AttributeTest => ({ keys, test: valueTest(value) });
const isAbsent = (keys: readonly string[]): AttributeTest => ({ keys, test: (value) => value === undefined });
const isNot = (keys: readonly string[], value: string): AttributeTest => ({ keys, test: (of) => of !== value });
const isOneOf = (keys: readonly string[], values: readonly string[]): AttributeTest => ({
  keys,
  test: (value) => value !== undefined && values.includes(value),
});
/** Loopback is the host's own, and ends of containers come and go by the hundred. */
const IS_WIRE: AttributeTest = { keys: INTERFACE, test: (name) => !/^(lo|veth.*|cali.*|docker\d+)$/.test(name ?? '') };

/** More of it is what harms, unless it says otherwise. */
const PLAIN: WatchRule = { as: 'auto', tests: [], direction: 'up', leastChange: 0, leastSteps: LEAST_STEPS };
const WHOLE = { limit: { value: 1 } } as const;

const RULES: Readonly<Record<string, Partial<WatchRule>>> = {
  'system.cpu.utilization': {
    ...WHOLE,
    isBusyness: true,
    tests: [isAbsent(CORE), isOneOf(MODE, ['idle', 'iowait', 'wait'])],
    parts: { keys: MODE, as: 'rest' },
    leastChange: 0.1,
  },
  'system.memory.utilization': { ...WHOLE, tests: [is(MEMORY_STATE, 'used')], leastChange: 0.05 },
  'system.paging.utilization': { ...WHOLE, tests: [is(PAGING_STATE, 'used')], leastChange: 0.05 },
  'system.paging.operations': { leastChange: 100, leastSteps: BURSTY_STEPS },
  'system.paging.faults': { tests: [is(FAULT_TYPE, 'major')], leastChange: 50, leastSteps: BURSTY_STEPS },
  'system.disk.io': { leastChange: 10e6, leastSteps: BURSTY_STEPS },
  'system.disk.io_time': { leastChange: 0.1, leastSteps: BURSTY_STEPS },
  // What is mounted to be read only is full, and always was.
  'system.filesystem.utilization': { ...WHOLE, tests: [isNot(FILE_SYSTEM_MODE, 'ro')], leastChange: 0.02 },
  'system.network.io': { tests: [IS_WIRE], leastChange: 1.25e6, leastSteps: BURSTY_STEPS },
  'system.network.errors': { tests: [IS_WIRE], leastChange: 1 },
  'system.network.packet.dropped': { tests: [IS_WIRE], leastChange: 10 },
  'system.network.connection.count': {
    tests: [isOneOf(CONNECTION_STATE, ['established', 'close_wait'])],
    leastChange: 50,
  },
  'process.cpu.utilization': { tests: [], parts: { keys: MODE, as: 'sum' }, leastChange: 0.1 },
  'process.memory.usage': { leastChange: 64 * MEBIBYTE },
  'process.thread.count': { leastChange: 20 },
  'process.unix.file_descriptor.count': {
    limit: { metric: 'process.unix.file_descriptor.limit', without: [] },
    leastChange: 50,
  },
  'process.windows.handle.count': { leastChange: 500 },
  'container.cpu.throttled.time': { leastChange: 0.05 },
  'container.memory.working_set': {
    limit: { metric: 'container.memory.limit', without: [] },
    leastChange: 64 * MEBIBYTE,
  },
  'nodejs.eventloop.delay.p99': { leastChange: 0.02 },
  'nodejs.eventloop.utilization': { ...WHOLE, isBusyness: true, leastChange: 0.1 },
  'v8js.memory.heap.used': { parts: { keys: ['v8js.heap.space.name'], as: 'sum' }, leastChange: 64 * MEBIBYTE },
  'v8js.gc.duration': { as: 'rate', leastChange: 0.02 },
  'jvm.cpu.recent_utilization': { ...WHOLE, isBusyness: true, leastChange: 0.1 },
  'db.client.connection.count': {
    tests: [is(POOL_STATE, 'used')],
    limit: { metric: 'db.client.connection.limit', formerly: 'db.client.connection.max', without: POOL_STATE },
    leastChange: 5,
  },
  'db.client.connection.pending_requests': { leastChange: 5 },
};

/** Rules of what everybody has. */
export function defaultRules(): NamedRule[] {
  return Object.entries(RULES).map(([name, rule]) => ({
    isNamed: (metric) => metric === name,
    rule: { ...PLAIN, ...rule },
  }));
}
