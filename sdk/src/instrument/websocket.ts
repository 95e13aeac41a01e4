// WebSocket connections of ws, at a server and at a client, and of the built-in WebSocket: how many are open and for how
// long, what goes over them, what goes wrong.
import { type Attributes, context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTRIBUTE, RESOURCE_ATTRIBUTE, RESOURCE_METRIC, SCOPE_NAME, SCOPE_VERSION } from '../names.ts';
import { type AnyFunction, observe, type Observation } from '../observe/observe.ts';
import { state } from '../state.ts';
import { claim, uninstrument, type Undo } from './claims.ts';
import {
  attach,
  errorMonitor,
  errorType,
  isObject,
  listen,
  member,
  method,
  type Method,
  numberOf,
  replaceMethod,
} from './methods.ts';
import { attempt, count, meet, Readings, record, secondsSince, Totals } from './readings.ts';

/** Options of {@link instrumentWebSocket}. */
export interface WebSocketOptions {
  /** Name of what the connections are for, one of few; `websocket` unless set. */
  readonly name?: string;
  /** Whether each connection is a span, from its opening to its closing; not unless set. */
  readonly connectionSpans?: boolean;
  /** Whether handlers of messages that are added by `on` run in spans, each a trace of its own; not unless set. */
  readonly messageSpans?: boolean;
}

const connections = new Readings([RESOURCE_METRIC.websocketCount]);
const messages = new Totals(RESOURCE_METRIC.websocketMessages);
const bytes = new Totals(RESOURCE_METRIC.websocketIo);
const tracer = trace.getTracer(SCOPE_NAME, SCOPE_VERSION);

const OPEN = 1;
/** Codes by which connections end well. @see RFC 6455, section 7.4.1 */
const ENDED_WELL = new Set([1000, 1001, 1005]);
const LAST_KNOWN_CODE = 1015;

/**
 * Measures a server of ws with all its connections, or one connection.
 *
 * @returns the same server or connection
 */
export function instrumentWebSocket<S extends object>(serverOrSocket: S, options: WebSocketOptions = {}): S {
  return claim('websocket', serverOrSocket, (target) => {
    if (method(target, 'send') !== undefined) return watchSocket(target, 'client', options);
    const isServer = method(target, 'on') !== undefined && method(target, 'handleUpgrade') !== undefined;
    return isServer ? watchServer(target, options) : undefined;
  });
}

function watchServer(server: object, options: WebSocketOptions): (Undo | undefined)[] {
  const own = attributesOf('server', options);
  const accept = (socket: unknown): void => {
    if (isObject(socket)) claim('websocket', socket, () => watchSocket(socket, 'server', options));
  };
  const clients = member(server, 'clients');
  if (clients instanceof Set) for (const socket of clients) accept(socket);
  // Not `wsClientError`: whoever listens to it has to answer the client.
  return [
    () => {
      if (clients instanceof Set) for (const socket of clients) uninstrument(socket as object);
    },
    listen(server, 'connection', accept),
    listen(server, errorMonitor(), (error) =>
      count(RESOURCE_METRIC.websocketErrors, { ...own, [ATTRIBUTE.errorType]: errorType(error) }),
    ),
  ];
}

function attributesOf(role: 'server' | 'client', { name }: WebSocketOptions): Attributes {
  return { [RESOURCE_ATTRIBUTE.websocketName]: name ?? 'websocket', [RESOURCE_ATTRIBUTE.websocketRole]: role };
}

function watchSocket(socket: object, role: 'server' | 'client', options: WebSocketOptions): (Undo | undefined)[] {
  const own = attributesOf(role, options);
  const life = new Life(own, options.connectionSpans === true && state.isOn ? spanOf(role, own) : undefined);
  if (numberOf(socket, 'readyState') === OPEN) life.open();
  const inwards = traffic(own, 'receive');
  const outwards = traffic(own, 'transmit');
  return [
    () => life.forsake(),
    hear(socket, 'open', () => life.open()),
    hear(socket, 'message', (data) => inwards(data)),
    hear(socket, 'close', (code) => life.close(code)),
    // A listener for errors would keep them from ending the process.
    method(socket, 'on') === undefined
      ? hear(socket, 'error', (error) => life.fail(error))
      : listen(socket, errorMonitor(), (error) => life.fail(error)),
    replaceMethod(
      socket,
      'send',
      (send) =>
        function (...args) {
          // What is sent after the end goes nowhere.
          const isOpen = numberOf(this, 'readyState') === OPEN;
          const result: unknown = Reflect.apply(send, this, args);
          if (isOpen) attempt(() => outwards(args[0]));
          return result;
        },
    ),
    ...(options.messageSpans === true ? traceHandlers(socket, own, life) : []),
  ];
}

interface Level {
  value: number;
}

const open = new Map<string, Level>();

/** How many are open, of all that have the same attributes: a server may have more connections than can be read one by one. */
function levelOf(own: Attributes): Level {
  const id = JSON.stringify(own);
  const known = open.get(id);
  if (known !== undefined) return known;
  const level = { value: 0 };
  open.set(id, level);
  connections.add(level, ({ value }, report) => report(RESOURCE_METRIC.websocketCount, value, own), true);
  return level;
}

/** A connection from its opening to its closing. */
class Life {
  readonly #own: Attributes;
  readonly #count: Level;
  #openedMs: number | undefined;
  #isCounted = false;
  readonly span: Span | undefined;

  constructor(own: Attributes, span: Span | undefined) {
    [this.#own, this.span, this.#count] = [own, span, levelOf(own)];
  }

  open(): void {
    if (this.#openedMs !== undefined || !state.isOn) return;
    meet();
    this.#openedMs = performance.now();
    this.#isCounted = true;
    this.#count.value++;
  }

  /** It goes on, and is watched no more. */
  forsake(): void {
    this.#leave();
    this.span?.end();
  }

  fail(error: unknown): void {
    if (!state.isOn) return;
    const type = errorType(error);
    count(RESOURCE_METRIC.websocketErrors, { ...this.#own, [ATTRIBUTE.errorType]: type });
    this.span?.setAttribute(ATTRIBUTE.errorType, type);
    this.span?.setStatus({ code: SpanStatusCode.ERROR, message: String(member(error, 'message') ?? '') });
  }

  close(given: unknown): void {
    this.#leave();
    const code = typeof given === 'number' ? given : 1005;
    // Codes of programs are their own business, and may be many.
    const known = code <= LAST_KNOWN_CODE ? code : code < 4000 ? 3000 : 4000;
    const attributes = {
      ...this.#own,
      [RESOURCE_ATTRIBUTE.websocketCloseCode]: known,
      ...(known <= LAST_KNOWN_CODE && !ENDED_WELL.has(known) && { [ATTRIBUTE.errorType]: `close_${known}` }),
    };
    if (this.#openedMs !== undefined)
      record(RESOURCE_METRIC.websocketDuration, secondsSince(this.#openedMs), attributes);
    this.span?.setAttributes({ ...attributes, [RESOURCE_ATTRIBUTE.websocketCloseCode]: code });
    this.span?.end();
  }

  #leave(): void {
    if (this.#isCounted) this.#count.value--;
    this.#isCounted = false;
  }
}

function spanOf(role: 'server' | 'client', own: Attributes): Span {
  const kind = role === 'server' ? SpanKind.SERVER : SpanKind.CLIENT;
  return tracer.startSpan(`connection ${String(own[RESOURCE_ATTRIBUTE.websocketName])}`, { kind, attributes: own });
}

/** Counts messages of one direction and their bytes. */
function traffic(own: Attributes, direction: 'receive' | 'transmit'): (data: unknown) => void {
  const attributes = { ...own, [RESOURCE_ATTRIBUTE.ioDirection]: direction };
  const [messageCount, byteCount] = [messages.of(attributes), bytes.of(attributes)];
  return (data) => {
    if (!state.isOn) return;
    meet();
    messageCount.value++;
    byteCount.value += sizeOf(data);
  };
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  if (Array.isArray(data)) return data.reduce<number>((sum, part) => sum + sizeOf(part), 0);
  const size = member(data, 'byteLength') ?? member(data, 'size');
  if (typeof size === 'number') return size;
  return typeof data === 'number' ? String(data).length : 0;
}

/**
 * Listens to a socket of ws, or to one that knows only events of the web; also while instrumentation is off, because what
 * was opened is closed some time.
 */
function hear(socket: object, type: string, listener: (value: unknown) => void): Undo | undefined {
  if (method(socket, 'on') !== undefined) return attach(socket, type, listener);
  const add = method(socket, 'addEventListener');
  if (add === undefined) return undefined;
  const heard = (event: unknown): void => {
    const value = type === 'message' ? member(event, 'data') : type === 'close' ? member(event, 'code') : event;
    attempt(() => listener(value));
  };
  attempt(() => void Reflect.apply(add, socket, [type, heard]));
  return () => void Reflect.apply(method(socket, 'removeEventListener') ?? (() => {}), socket, [type, heard]);
}

/** Runs a handler outside of whatever opened the connection, which is over. */
function apart(handler: Method): Method {
  return function (...args) {
    if (!state.isOn) return Reflect.apply(handler, this, args);
    return context.with(ROOT_CONTEXT, () => Reflect.apply(handler, this, args));
  };
}

/**
 * Lets handlers that are added from now on run in spans.
 *
 * An emitter finds the program's handler by the member `listener`, as with handlers that are called once, so they can be
 * removed and listed as ever.
 */
function traceHandlers(socket: object, own: Attributes, { span }: Life): (Undo | undefined)[] {
  const observation: Observation = {
    name: `message ${String(own[RESOURCE_ATTRIBUTE.websocketName])}`,
    kind: SpanKind.CONSUMER,
    fixed: { ...own, [RESOURCE_ATTRIBUTE.ioDirection]: 'receive' },
    watch(call) {
      if (span !== undefined) call.span.addLink({ context: span.spanContext() });
      return undefined;
    },
    fromArguments: ([data]: unknown[]) => ({ high: { [RESOURCE_ATTRIBUTE.websocketMessageSize]: sizeOf(data) } }),
  };
  const replace = (add: Method): Method =>
    function (...args) {
      const [type, handler] = args;
      // Those that are called once are removed by the very function that was added.
      const isPlain = typeof handler === 'function' && member(handler, 'listener') === undefined;
      if (type !== 'message' || !isPlain) return Reflect.apply(add, this, args);
      const traced = apart(observe(observation, handler as AnyFunction) as Method);
      Object.defineProperty(traced, 'listener', { value: handler });
      return Reflect.apply(add, this, [type, traced, ...args.slice(2)]);
    };
  return ['on', 'addListener', 'prependListener'].map((name) => replaceMethod(socket, name, replace));
}
