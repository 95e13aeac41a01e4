// What each library publishes on its tracing channels, in the words of the semantic conventions. One entry a library;
// payloads as seen in redis 6.3, ioredis 6.0, mysql2 3.24, lru-cache 11.5, bentocache 1.6 and h3 2.0.
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { ATTRIBUTE, DB_ATTRIBUTE, ERROR_TYPE_OTHER, RESOURCE_ATTRIBUTE } from '../names.ts';
import { lowCardinality, LowLimits } from '../observe/attributes.ts';
import { readerOf } from '../observe/query-facts.ts';
import { known } from '../observe/results.ts';
import type { ChannelDef, Library, Operation } from './channels.ts';
import { hasOwnSpan, isClaimed } from './claims.ts';
import { h3Failure, h3Request, h3Result, isServerFault } from './h3.ts';

/** Kinds of queries that spans are named by; those of further ones have the name of what they do. */
const MAX_SUMMARIES = 200;
const summaries = new LowLimits();
const readMysql = readerOf('mysql');

type Message = Readonly<Record<string, unknown>>;

/** Every library that is observed without patching, but for undici, whose channels are of another kind. */
export const LIBRARIES: readonly Library[] = [
  {
    name: 'redis',
    instead: ['@opentelemetry/instrumentation-redis', '@opentelemetry/instrumentation-redis-4'],
    channels: redisChannels('node-redis'),
  },
  { name: 'ioredis', instead: ['@opentelemetry/instrumentation-ioredis'], channels: redisChannels('ioredis') },
  {
    name: 'mysql2',
    instead: ['@opentelemetry/instrumentation-mysql2'],
    channels: [
      { channel: 'mysql2:query', describe: statement, fail: mysqlFailure },
      { channel: 'mysql2:execute', describe: statement, fail: mysqlFailure },
      { channel: 'mysql2:connect', describe: (message) => connect('mysql', message), fail: mysqlFailure },
    ],
  },
  {
    name: 'lru-cache',
    instead: [],
    channels: [{ channel: 'lru-cache', describe: lruFetch, finish: lruResult, fail: plainFailure }],
  },
  {
    name: 'bentocache',
    instead: [],
    channels: [
      {
        channel: 'bentocache.cache.operation',
        describe: bentoOperation,
        finish: bentoResult,
        fail: plainFailure,
        inside: 'children',
      },
    ],
  },
  {
    name: 'h3',
    instead: [],
    channels: [
      {
        channel: 'h3.request',
        describe: h3Request,
        finish: h3Result,
        fail: h3Failure,
        isFault: isServerFault,
        inside: 'children',
      },
    ],
  },
];

/** Both clients of Redis publish the same payload, but for the place of the command. */
function redisChannels(prefix: string): ChannelDef[] {
  return [
    { channel: `${prefix}:command`, describe: redisCommand, fail: redisFailure },
    { channel: `${prefix}:batch`, describe: redisBatch, fail: redisFailure, inside: 'parts' },
    { channel: `${prefix}:connect`, describe: (message) => connect('redis', message), fail: redisFailure },
  ];
}

function redisCommand(message: Message): Operation | undefined {
  // A command of a batch is part of the batch's span (convention).
  if (message['batchMode'] !== undefined) return undefined;
  const name = String(message['command']).toUpperCase();
  const args = Array.isArray(message['args']) ? (message['args'] as unknown[]) : [];
  const isNamed = String(args[0]).toUpperCase() === name;
  return {
    name,
    kind: SpanKind.CLIENT,
    attributes: {
      [DB_ATTRIBUTE.dbSystem]: 'redis',
      [DB_ATTRIBUTE.dbOperation]: name,
      // As `sanitizeQuery` leaves a command. The libraries leave values in, such as those of GETSET and CONFIG SET.
      [DB_ATTRIBUTE.dbQueryText]: args.length > (isNamed ? 1 : 0) ? `${name} ?` : name,
      ...redisDatabase(message),
      ...server(message),
    },
  };
}

function redisBatch(message: Message): Operation {
  const name = String(message['batchMode'] ?? 'PIPELINE');
  const size = Number(message['batchSize']);
  return {
    name,
    kind: SpanKind.CLIENT,
    attributes: {
      [DB_ATTRIBUTE.dbSystem]: 'redis',
      [DB_ATTRIBUTE.dbOperation]: name,
      ...(size > 1 && { [DB_ATTRIBUTE.dbBatchSize]: size }),
      ...redisDatabase(message),
      ...server(message),
    },
  };
}

function redisDatabase({ database }: Message): Attributes {
  return database === undefined ? {} : { [DB_ATTRIBUTE.dbNamespace]: String(database) };
}

/** A server answers `WRONGTYPE Operation against ...`: the first word is its code. */
function redisFailure(error: unknown): Attributes {
  const code = error instanceof Error ? /^([A-Z][A-Z_]+)\b/.exec(error.message)?.[1] : undefined;
  return code ? { [DB_ATTRIBUTE.dbStatusCode]: code, [ATTRIBUTE.errorType]: code } : plainFailure(error);
}

function statement(message: Message): Operation {
  const { text, operation, collection, summary } = readMysql(String(message['query']));
  const database = message['database'];
  const limited = summary && summaries.plain({ summary: lowCardinality(summary, MAX_SUMMARIES) })['summary'];
  return {
    name: (limited === summary ? summary : operation) ?? 'mysql',
    kind: SpanKind.CLIENT,
    attributes: known({
      [DB_ATTRIBUTE.dbSystem]: 'mysql',
      [DB_ATTRIBUTE.dbOperation]: operation,
      [DB_ATTRIBUTE.dbCollection]: collection,
      [DB_ATTRIBUTE.dbQuerySummary]: summary,
      [DB_ATTRIBUTE.dbQueryText]: text,
      [DB_ATTRIBUTE.dbNamespace]: typeof database === 'string' && database !== '' ? database : undefined,
      ...server(message),
    }),
  };
}

function mysqlFailure(error: unknown): Attributes {
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown };
  if (typeof code !== 'string') return plainFailure(error);
  return {
    [ATTRIBUTE.errorType]: code,
    ...(typeof errno === 'number' && { [DB_ATTRIBUTE.dbStatusCode]: String(errno) }),
  };
}

function connect(system: string, message: Message): Operation {
  return {
    name: `connect ${system}`,
    kind: SpanKind.CLIENT,
    attributes: { [DB_ATTRIBUTE.dbSystem]: system, [DB_ATTRIBUTE.dbOperation]: 'connect', ...server(message) },
  };
}

/**
 * A hit is a look into memory and no operation of its own; what waits for a value is one.
 *
 * The message comes when the fetch has begun, so nothing of it can run inside of the span.
 */
function lruFetch(message: Message): Operation | undefined {
  const { fetch, cache } = message;
  if (typeof fetch !== 'string' || fetch === 'hit' || fetch === 'get' || message['returnedStale'] === true)
    return undefined;
  // Whoever instruments a cache may have asked for spans of its operations.
  if (typeof cache === 'object' && cache !== null && isClaimed('cache spans', cache)) return undefined;
  return {
    name: 'lru-cache fetch',
    kind: SpanKind.INTERNAL,
    attributes: { [RESOURCE_ATTRIBUTE.cacheOperation]: 'fetch', [RESOURCE_ATTRIBUTE.cacheResult]: 'miss' },
  };
}

/** What could not be fetched may be answered by what is too old. */
function lruResult(message: Message): Attributes {
  return message['returnedStale'] === true ? { [RESOURCE_ATTRIBUTE.cacheResult]: 'stale' } : {};
}

function bentoOperation(message: Message): Operation | undefined {
  if (hasOwnSpan()) return undefined;
  const store = String(message['store']);
  // Named as `instrumentCache` does it.
  const operation = String(message['operation']).replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    name: `${operation} ${store}`,
    kind: SpanKind.INTERNAL,
    attributes: { [RESOURCE_ATTRIBUTE.cacheOperation]: operation, [RESOURCE_ATTRIBUTE.cacheName]: store },
  };
}

function bentoResult({ hit, graced, tier }: Message): Attributes {
  return {
    ...(typeof hit === 'boolean' && {
      [RESOURCE_ATTRIBUTE.cacheResult]: graced === true ? 'stale' : hit ? 'hit' : 'miss',
    }),
    ...(typeof tier === 'string' && { [RESOURCE_ATTRIBUTE.cacheTier]: tier }),
  };
}

function plainFailure(error: unknown): Attributes {
  return { [ATTRIBUTE.errorType]: error instanceof Error ? error.name : ERROR_TYPE_OTHER };
}

function server({ serverAddress, serverPort }: Message): Attributes {
  return {
    ...(typeof serverAddress === 'string' && { [RESOURCE_ATTRIBUTE.serverAddress]: serverAddress }),
    ...(typeof serverPort === 'number' && { [RESOURCE_ATTRIBUTE.serverPort]: serverPort }),
  };
}
