// An entry of its own, `@evenkeel/sdk/instrument`: pools, caches, connections, queues and breakers. What only decorates functions
// loads none of it.
export { instrumentPool, type PoolLevelsSource, type PoolOptions } from './pool.ts';
export { instrumentObjectPool, type ObjectPoolOptions } from './object-pool.ts';
export { uninstrument } from './claims.ts';
export { type CacheOptions, instrumentCache } from './cache.ts';
export { instrumentWebSocket, type WebSocketOptions } from './websocket.ts';
export { instrumentQueue, type QueueLevels, type QueueOptions } from './queue.ts';
export { type BreakerOptions, instrumentBreaker } from './breaker.ts';
export { type ConnectionOptions, instrumentConnections } from './connections.ts';
