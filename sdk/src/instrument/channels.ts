// Makes spans of what libraries publish about themselves on tracing channels: nothing is patched, and it works for ES
// modules and in any order of loading. A library whose OpenTelemetry instrumentation is installed is left to that.
import type { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Span,
  type SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { HttpSideNode } from '../config/model.ts';
import { SCOPE_NAME, SCOPE_VERSION } from '../names.ts';
import { state } from '../state.ts';
import { LIBRARIES } from './channel-libraries.ts';
import { AUTO } from './installed.ts';
import { startUndici } from './fetch-spans.ts';

/** What a span of a published operation starts with. */
export interface Operation {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** Unless the active context is. */
  readonly parent?: Context;
}

/** One channel of a library. */
export interface ChannelDef {
  /** As given to `tracingChannel`. */
  readonly channel: string;
  /**
   * What runs inside: the program's own code, as what fills a cache, whose spans are then children; or parts that are told
   * by the one span of the whole. Unless set, nothing.
   */
  readonly inside?: 'children' | 'parts';
  /** Reads the message at its start; undefined makes no span. The message is of the library and only read. */
  describe(message: Readonly<Record<string, unknown>>): Operation | undefined;
  /** Attributes known when it ended well. */
  finish?(message: Readonly<Record<string, unknown>>): Attributes;
  /** Attributes of a failure, `error.type` among them. */
  fail?(error: unknown): Attributes;
  /** Whether what was thrown makes the span fail; all does unless told. */
  isFault?(error: unknown): boolean;
}

/** A library by the name a configuration switches it off with. */
export interface Library {
  readonly name: string;
  /** The OpenTelemetry instrumentations that would do the same. */
  readonly instead: readonly string[];
  readonly channels: readonly ChannelDef[];
}

/** By the name of a library or instrumentation: whether it is on, and the options of an instrumentation. */
export type Switches = Readonly<
  Record<string, ({ readonly enabled?: boolean | null } & Readonly<Record<string, unknown>>) | null>
>;

/** Names of the libraries that are observed by their channels. */
export function observedLibraries(switches: Switches, installed: readonly string[]): string[] {
  const all = [...LIBRARIES, { name: 'undici', instead: ['@opentelemetry/instrumentation-undici'] }];
  return all
    .filter(({ name, instead }) => {
      const isElsewhere = instead.some((one) => installed.includes(one) || installed.includes(AUTO));
      return switches[name]?.enabled !== false && !isElsewhere;
    })
    .map(({ name }) => name);
}

/** Listens to the channels, and gives what ends it. Open spans end as they would have. */
export function startChannels({
  switches,
  installed,
  contexts,
  http,
}: {
  readonly switches: Switches;
  readonly installed: readonly string[];
  /** Where the active context is kept, so that what runs inside of an operation is its child. */
  readonly contexts?: AsyncLocalStorage<Context> | undefined;
  /** What is wanted of requests of fetch and undici. */
  readonly http?: HttpSideNode | null | undefined;
}): () => void {
  const names = observedLibraries(switches, installed);
  const stops = LIBRARIES.filter(({ name }) => names.includes(name)).flatMap(({ channels }) =>
    channels.map((def) => listen(def, def.inside === undefined ? undefined : contexts)),
  );
  if (names.includes('undici')) stops.push(startUndici(http ?? {}));
  return () => {
    for (const stop of stops) stop();
  };
}

type Message = Record<string, unknown>;

/** The span whose parts run; when it has ended they are none, though a socket that was opened meanwhile goes on with it. */
const WHOLE = createContextKey('evenkeel.channels.whole');

function listen(def: ChannelDef, contexts: AsyncLocalStorage<Context> | undefined): () => void {
  const channel = tracingChannel<Message, Message>(def.channel);
  const spans = new WeakMap<object, Span>();

  function begin(message: Message): Context {
    const active = context.active();
    // A message that a program gives to several calls, as a status of lru-cache, has one span at a time.
    const isPart = (active.getValue(WHOLE) as Span | undefined)?.isRecording() === true;
    const isSeen = state.isOn && !isPart && !isTracingSuppressed(active) && !spans.has(message);
    const operation = isSeen ? attempt(() => def.describe(message)) : undefined;
    if (!operation) return active;
    const { parent = active } = operation;
    const span = trace.getTracer(SCOPE_NAME, SCOPE_VERSION).startSpan(operation.name, operation, parent);
    spans.set(message, span);
    const within = trace.setSpan(parent, span);
    return def.inside === 'parts' ? within.setValue(WHOLE, span) : within;
  }

  function finish(message: Message): void {
    const span = spans.get(message);
    if (!span) return;
    spans.delete(message);
    if (span.isRecording()) {
      const attributes = attempt(() => ('error' in message ? def.fail?.(message['error']) : def.finish?.(message)));
      if (attributes) span.setAttributes(attributes);
      if ('error' in message && attempt(() => def.isFault?.(message['error'])) !== false) {
        // Not every thrown value can be made a text, and a subscriber that throws ends the program.
        const text = attempt(() => messageOf(message['error'])) ?? '';
        span.setStatus({ code: SpanStatusCode.ERROR, message: text });
      }
    }
    span.end();
  }

  const subscribers = {
    start: (message: Message) => void (contexts ?? begin(message)),
    // Without a promise or callback there is nothing after the end: a failure, or a plain result.
    end: (message: Message) => void (('error' in message || 'result' in message) && finish(message)),
    asyncStart: () => {},
    asyncEnd: finish,
    error: () => {},
  };
  channel.subscribe(subscribers);
  // The types of Node want the store to hold the message; it holds what the transform makes of it.
  const store = contexts as AsyncLocalStorage<unknown> as AsyncLocalStorage<Message> | undefined;
  if (store) channel.start.bindStore(store, begin as unknown as (message: Message) => Message);
  return () => {
    channel.unsubscribe(subscribers);
    if (store) channel.start.unbindStore(store);
  };
}

/** A message of a newer version of a library may have any shape. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
