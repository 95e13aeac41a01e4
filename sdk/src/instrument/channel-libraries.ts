// What each library publishes on its tracing channels, in the words of the semantic conventions. One entry a library;
// payloads as seen in redis 6.3, ioredis 5.11, mysql2 3.24, lru-cache 11.5 and bentocache 1.6.
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { ATTRIBUTE, ERROR_TYPE_OTHER } from '../names.ts';
import type { ChannelDef, Library, Operation } from './channels.ts';

/** Attribute keys. @see OpenTelemetry semantic conventions 1.45; caches have none yet, so those are ours */
export const CHANNEL_ATTRIBUTE = {
  dbBatchSize: 'db.operation.batch.size',
  cacheName: 'evenkeel.cache.name',
  cacheOperation: 'evenkeel.cache.operation',
  cacheResult: 'evenkeel.cache.result',
  cacheTier: 'evenkeel.cache.tier',
} as const;

const KEY = { ...ATTRIBUTE, ...CHANNEL_ATTRIBUTE };

/** Arguments of a command that its text repeats; a list to delete may have thousands. */
const MAX_ARGUMENTS = 16;

/** Characters of a statement that are looked through for literals; what follows is cut. */
const MAX_STATEMENT = 4096;

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
    channels: [{ channel: 'lru-cache', describe: lruFetch, fail: plainFailure, hasChildren: true }],
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
        hasChildren: true,
      },
    ],
  },
];

/** Both clients of Redis publish the same payload, but for the place of the command. */
function redisChannels(prefix: string): ChannelDef[] {
  return [
    { channel: `${prefix}:command`, describe: redisCommand, fail: redisFailure },
    { channel: `${prefix}:batch`, describe: redisBatch, fail: redisFailure, hasChildren: true },
    { channel: `${prefix}:connect`, describe: (message) => connect('redis', message), fail: redisFailure },
  ];
}

function redisCommand(message: Message): Operation | undefined {
  // A command of a batch is part of the batch's span (convention).
  if (message['batchMode'] !== undefined) return undefined;
  const name = String(message['command']).toUpperCase();
  const args = Array.isArray(message['args']) ? message['args'].map(String) : [];
  // The library has put `?` for every value; what is left are keys.
  const words = args[0]?.toUpperCase() === name ? args.slice(1) : args;
  const more = words.length > MAX_ARGUMENTS ? ' ...' : '';
  return {
    name,
    kind: SpanKind.CLIENT,
    attributes: {
      [KEY.dbSystem]: 'redis',
      [KEY.dbOperation]: name,
      [KEY.dbQueryText]: [name, ...words.slice(0, MAX_ARGUMENTS)].join(' ') + more,
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
      [KEY.dbSystem]: 'redis',
      [KEY.dbOperation]: name,
      ...(size > 1 && { [KEY.dbBatchSize]: size }),
      ...redisDatabase(message),
      ...server(message),
    },
  };
}

function redisDatabase({ database }: Message): Attributes {
  return database === undefined ? {} : { [KEY.dbNamespace]: String(database) };
}

/** A server answers `WRONGTYPE Operation against ...`: the first word is its code. */
function redisFailure(error: unknown): Attributes {
  const code = error instanceof Error ? /^([A-Z][A-Z_]+)\b/.exec(error.message)?.[1] : undefined;
  return code ? { [KEY.dbStatusCode]: code, [KEY.errorType]: code } : plainFailure(error);
}

function statement(message: Message): Operation {
  const text = withoutLiterals(String(message['query']).slice(0, MAX_STATEMENT));
  const operation = /^\s*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? 'QUERY';
  const database = message['database'];
  return {
    name: typeof database === 'string' && database !== '' ? `${operation} ${database}` : operation,
    kind: SpanKind.CLIENT,
    attributes: {
      [KEY.dbSystem]: 'mysql',
      [KEY.dbOperation]: operation,
      [KEY.dbQueryText]: text,
      ...(typeof database === 'string' && database !== '' && { [KEY.dbNamespace]: database }),
      ...server(message),
    },
  };
}

/** Puts `?` for every literal: strings in either quote, numbers, and numbers in hexadecimal. */
function withoutLiterals(sql: string): string {
  return sql
    .replace(/'(?:[^'\\]|\\.?|'')*(?:'|$)|"(?:[^"\\]|\\.?|"")*(?:"|$)/gs, '?')
    .replace(/(?<![\w`$])[+-]?(?:0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![\w`$])/gi, '?');
}

function mysqlFailure(error: unknown): Attributes {
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown };
  if (typeof code !== 'string') return plainFailure(error);
  return { [KEY.errorType]: code, ...(typeof errno === 'number' && { [KEY.dbStatusCode]: String(errno) }) };
}

function connect(system: string, message: Message): Operation {
  return {
    name: `connect ${system}`,
    kind: SpanKind.CLIENT,
    attributes: { [KEY.dbSystem]: system, [KEY.dbOperation]: 'connect', ...server(message) },
  };
}

/** A hit is a look into memory and no operation of its own; what loads is one. */
function lruFetch(message: Message): Operation | undefined {
  const result = message['fetch'];
  if (typeof result !== 'string' || result === 'hit' || result === 'get') return undefined;
  return {
    name: 'lru-cache fetch',
    kind: SpanKind.INTERNAL,
    attributes: { [KEY.cacheOperation]: 'fetch', [KEY.cacheResult]: result },
  };
}

function bentoOperation(message: Message): Operation {
  const [operation, store] = [String(message['operation']), String(message['store'])];
  return {
    name: `${operation} ${store}`,
    kind: SpanKind.INTERNAL,
    attributes: { [KEY.cacheOperation]: operation, [KEY.cacheName]: store },
  };
}

function bentoResult({ hit, graced, tier }: Message): Attributes {
  return {
    ...(typeof hit === 'boolean' && { [KEY.cacheResult]: graced === true ? 'stale' : hit ? 'hit' : 'miss' }),
    ...(typeof tier === 'string' && { [KEY.cacheTier]: tier }),
  };
}

function plainFailure(error: unknown): Attributes {
  return { [KEY.errorType]: error instanceof Error ? error.name : ERROR_TYPE_OTHER };
}

function server({ serverAddress, serverPort }: Message): Attributes {
  return {
    ...(typeof serverAddress === 'string' && { [KEY.serverAddress]: serverAddress }),
    ...(typeof serverPort === 'number' && { [KEY.serverPort]: serverPort }),
  };
}
