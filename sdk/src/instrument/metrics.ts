// Metrics of pools, caches, connections, queues and breakers, semantic conventions first; where there is none, the name
// by which the sidecar reads them.
import { LONG_SECONDS, SECONDS } from '../bounds.ts';
import type { MetricDefinition } from '../metric-definition.ts';

/** Part of the table of names. @see OpenTelemetry semantic conventions 1.45 (`db.client.connection.*`, `http.client.*`) */
export const RESOURCE_METRIC = {
  connectionCount: level(
    'db.client.connection.count',
    '{connection}',
    'The number of connections that are currently in a state.',
  ),
  connectionIdleMax: level(
    'db.client.connection.idle.max',
    '{connection}',
    'The maximum number of idle open connections allowed.',
  ),
  connectionIdleMin: level(
    'db.client.connection.idle.min',
    '{connection}',
    'The minimum number of idle open connections allowed.',
  ),
  connectionMax: level('db.client.connection.limit', '{connection}', 'The maximum number of open connections allowed.'),
  connectionPending: level(
    'db.client.connection.pending_requests',
    '{request}',
    'The number of current pending requests for an open connection.',
  ),
  connectionTimeouts: count(
    'db.client.connection.timeouts',
    '{timeout}',
    'The number of connection timeouts that have occurred trying to obtain a connection from the pool.',
  ),
  connectionCreateTime: seconds('db.client.connection.create_time', 'The time it took to create a new connection.'),
  connectionWaitTime: seconds(
    'db.client.connection.wait_time',
    'The time it took to obtain an open connection from the pool.',
  ),
  connectionUseTime: seconds(
    'db.client.connection.use_time',
    'The time between borrowing a connection and returning it to the pool.',
  ),
  connectionRequests: count(
    'connection.requests',
    '{request}',
    'Requests that got a connection, by whether it had been used before.',
  ),
  connectionRequestDuration: seconds('connection.request.duration', 'Durations of requests over kept connections.'),
  connectionPendingRequests: level(
    'connection.pending_requests',
    '{request}',
    'Requests that wait for a connection to a server.',
  ),
  connectionConnectTime: seconds('connection.create_time', 'How long connections to a server took to open.'),
  httpOpenConnections: level(
    'http.client.open_connections',
    '{connection}',
    'Number of outbound HTTP connections that are currently active or idle on the client.',
  ),
  httpConnectionDuration: seconds(
    'http.client.connection.duration',
    'The duration of the successfully established outbound HTTP connections.',
    LONG_SECONDS,
  ),
  objectPoolAcquisitions: count(
    'object_pool.acquisitions',
    '{acquisition}',
    'Objects taken from a pool, by whether they had been used before.',
  ),
  objectPoolCount: level('object_pool.count', '{object}', 'Objects of a pool by their state.'),
  objectPoolMax: level('object_pool.max', '{object}', 'The most objects that a pool may hold.'),
  objectPoolWaiting: level('object_pool.waiting', '{request}', 'Requests that wait for an object of a pool.'),
  objectPoolCreated: count('object_pool.created', '{object}', 'Objects that a pool made.'),
  objectPoolDestroyed: count('object_pool.destroyed', '{object}', 'Objects that a pool destroyed.'),
  objectPoolTimeouts: count(
    'object_pool.timeouts',
    '{timeout}',
    'Requests for an object of a pool that waited in vain.',
  ),
  objectPoolCreateTime: seconds('object_pool.create_time', 'How long objects of a pool took to make.'),
  objectPoolWaitTime: seconds('object_pool.wait_time', 'How long it took to get an object of a pool.'),
  objectPoolUseTime: seconds('object_pool.use_time', 'How long objects of a pool were in use.'),
  cacheOperations: count('cache.operations', '{operation}', 'Operations on a cache, look-ups by what they found.'),
  cacheEntries: level('cache.entries', '{entry}', 'Entries of a cache.'),
  cacheSize: level('cache.size', 'By', 'Size of what a cache holds.'),
  cacheEvictions: count('cache.evictions', '{entry}', 'Entries that had to leave a cache for others.'),
  cacheDuration: seconds('cache.operation.duration', 'Durations of operations on a cache.'),
  websocketCount: level('websocket.connection.count', '{connection}', 'Open WebSocket connections.'),
  websocketDuration: seconds(
    'websocket.connection.duration',
    'How long WebSocket connections were open.',
    LONG_SECONDS,
  ),
  websocketMessages: count('websocket.messages', '{message}', 'Messages over WebSocket connections.'),
  websocketIo: count('websocket.io', 'By', 'Bytes of messages over WebSocket connections, before compression.'),
  websocketErrors: count('websocket.errors', '{error}', 'Errors of WebSocket connections.'),
  // The name that the sidecar knows for what waits in a queue.
  queueSize: level('agent.queue.size', '{task}', 'Tasks that wait in a queue.'),
  queueRunning: level('queue.running', '{task}', 'Tasks of a queue that run.'),
  queueConcurrency: level('queue.concurrency', '{task}', 'The most tasks of a queue that may run at a time.'),
  queueWaitTime: seconds('queue.task.wait_time', 'How long tasks waited in a queue.'),
  queueRunTime: seconds('queue.task.run_time', 'How long tasks of a queue ran.'),
  queueTasks: count('queue.tasks', '{task}', 'Tasks of a queue by how they ended.'),
  policyCalls: count(
    'resilience.calls',
    '{call}',
    'Calls through a policy (circuit breaker, retry, timeout, bulkhead, fallback) by how they ended.',
  ),
  policyRetries: count('resilience.retries', '{retry}', 'Attempts after the first.'),
  circuitState: level(
    'resilience.circuit_breaker.state',
    '{circuit_breaker}',
    'Circuit breakers by their state: 1 for the one a circuit breaker is in, 0 for the others.',
  ),
  circuitStateChanges: count(
    'resilience.circuit_breaker.state_changes',
    '{change}',
    'Changes of circuit breakers by the state they came to.',
  ),
  bulkheadSlots: level('resilience.bulkhead.slots', '{slot}', 'Calls that a bulkhead would still let run at once.'),
};

/** How many there are now. */
function level(name: string, unit: string, description: string): MetricDefinition {
  return { kind: 'up-down-counter', name, unit, description };
}

function count(name: string, unit: string, description: string): MetricDefinition {
  return { kind: 'counter', name, unit, description };
}

function seconds(name: string, description: string, bounds = SECONDS): MetricDefinition {
  return { kind: 'histogram', name, unit: 's', description, bounds };
}
