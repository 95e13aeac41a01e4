// Sends OTLP over HTTP so that a missing sidecar is never felt: bounded in time, and no timer and no socket of it
// keeps the process alive. The transport in OpenTelemetry retries on live timers for 10 s and cannot be stopped. What is
// repeated, and when, holds for gRPC too.
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ExportResponse, IExporterTransport } from '@opentelemetry/otlp-exporter-base';
import type { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';

/** URL, headers, compression and certificates, from code and environment. */
export type HttpOptions = ReturnType<typeof convertLegacyHttpOptions>;

/** What is not sent and not read; no limit but our own where none is given. */
export interface SizeLimits {
  /** Of a body before it is compressed; what is larger fails. */
  readonly maxRequestBytes?: number;
  /** Of an answer; what is larger counts as answered and is not read. */
  readonly maxAnswerBytes?: number;
}

/** What the transports of one telemetry share. */
export interface Outlet {
  /** Once aborted nothing that was given before is sent twice: a failed request is not repeated. */
  readonly closing: AbortSignal;
  /** Once aborted nothing that was given before is sent at all, and requests under way end. */
  readonly closed: AbortSignal;
  /** Told about every body that was given up. */
  readonly onFailure: (error: Error) => void;
  /** Told the status of every answer of HTTP. */
  readonly onAnswer?: (status: number) => void;
}

/** First wait between two attempts, growing to the last; those of OpenTelemetry's own exporter. */
const FIRST_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 5000;
const BACKOFF_GROWTH = 1.5;
const BACKOFF_JITTER = 0.2;

/** An OTLP answer is empty or one short message; more than this is not read. */
export const MAX_ANSWER_BYTES = 65_536;

/** Statuses after which the same body may be sent again (OTLP specification, failures). */
const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export const zip = promisify(gzip);

/** A transport whose bodies are known while they wait. */
export interface Transport extends IExporterTransport {
  /** Bodies that nobody has got yet, as far as can be known: not on the wire, or refused and to be sent again. */
  unsent(): Uint8Array[];
}

/** A body until it is answered. */
export interface Sending {
  readonly body: Uint8Array;
  /** Whether the system has all of the attempt under way: what it has is delivered also when the process ends. */
  isOnTheWire: (() => boolean) | undefined;
}

/**
 * Sends a body once. Sets how it can be seen whether it is on the wire.
 *
 * @param signal once aborted the attempt is over
 */
export type Attempt = (sending: Sending, signal: AbortSignal, timeoutMs: number) => Promise<ExportResponse>;

/** Makes the transport of one signal; it opens nothing before the first body. */
export function createTransport(options: HttpOptions & SizeLimits, outlet: Outlet): Transport {
  const url = new URL(options.url);
  // One agent for all requests: it keeps the connection.
  let agent: ReturnType<HttpOptions['agentFactory']> | undefined;

  async function post(sending: Sending, signal: AbortSignal): Promise<ExportResponse> {
    const isZipped = options.compression === 'gzip';
    const bytes = isZipped ? await zip(sending.body) : sending.body;
    const headers = { ...(await options.headers()), ...(isZipped && { 'Content-Encoding': 'gzip' }) };
    agent ??= options.agentFactory(url.protocol);
    const start = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = start(url, { method: 'POST', headers, agent: await agent, signal });
    sending.isOnTheWire = () => isWritten(request);
    request.on('response', ({ statusCode }) => outlet.onAnswer?.(statusCode ?? 0));
    return await answerOf(request, bytes, options.maxAnswerBytes);
  }

  return createRepeating(post, outlet, options);
}

/**
 * Makes a transport that sends again what may be sent again, until its time is over or its outlet closes.
 *
 * @param attempt one that throws may be repeated
 */
export function createRepeating(attempt: Attempt, outlet: Outlet, { maxRequestBytes }: SizeLimits = {}): Transport {
  const underWay = new Set<Sending>();

  async function once(sending: Sending, closed: AbortSignal, timeoutMs: number): Promise<ExportResponse> {
    try {
      return await attempt(sending, AbortSignal.any([closed, AbortSignal.timeout(Math.ceil(timeoutMs))]), timeoutMs);
    } catch (error) {
      return { status: 'retryable', error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  async function repeat(sending: Sending, timeoutMs: number): Promise<ExportResponse> {
    // An outlet may be opened again; what was given to it before has ended then.
    const { closing, closed } = outlet;
    const deadline = performance.now() + timeoutMs;
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * BACKOFF_GROWTH, MAX_BACKOFF_MS)) {
      const answer = await once(sending, closed, Math.max(1, deadline - performance.now()));
      if (answer.status === 'success') return answer;
      // Until the next attempt nobody has it.
      sending.isOnTheWire = undefined;
      const jitter = 1 + (Math.random() * 2 - 1) * BACKOFF_JITTER;
      const askedMs = answer.status === 'retryable' ? (answer.retryInMillis ?? 0) : Number.POSITIVE_INFINITY;
      const waitMs = Math.max(askedMs, backoffMs * jitter);
      if (closing.aborted || performance.now() + waitMs > deadline) {
        const error = answer.error ?? new Error('no reason given');
        outlet.onFailure(error);
        return { status: 'failure', error };
      }
      // Closing ends the wait early: one more attempt, then no other.
      await delay(waitMs, undefined, { ref: false, signal: closing }).catch(() => {});
    }
  }

  return {
    async send(body, timeoutMs) {
      if (body.length > (maxRequestBytes ?? Infinity)) {
        const error = new Error(`a request of ${body.length} bytes is larger than ${maxRequestBytes}`);
        outlet.onFailure(error);
        return { status: 'failure', error };
      }
      const sending: Sending = { body, isOnTheWire: undefined };
      underWay.add(sending);
      try {
        return await repeat(sending, timeoutMs);
      } finally {
        underWay.delete(sending);
      }
    },
    unsent: () => [...underWay].filter(({ isOnTheWire }) => isOnTheWire?.() !== true).map(({ body }) => body),
    shutdown() {
      // Attempts end by the signals of the outlet, which all signals of telemetry share.
    },
  };
}

function isWritten(request: ClientRequest): boolean {
  return request.socket?.connecting === false && request.writableEnded && request.writableLength === 0;
}

function answerOf(request: ClientRequest, body: Uint8Array, maxBytes: number | undefined): Promise<ExportResponse> {
  return new Promise((resolve, reject) => {
    // A kept-alive socket is referenced again each time it is taken, so it is let go for each request.
    request.on('socket', (socket) => socket.unref());
    request.on('error', reject);
    request.on('response', (response) => readAnswer(response, maxBytes).then(resolve, reject));
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage, maxBytes = MAX_ANSWER_BYTES): Promise<ExportResponse> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= maxBytes) chunks.push(chunk);
  }
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return { status: 'success', data: Buffer.concat(chunks) };
  const error = new Error(`HTTP ${status} ${response.statusMessage ?? ''}`.trim());
  if (!RETRYABLE_STATUS.has(status)) return { status: 'failure', error };
  const retryInMillis = retryAfterMs(response.headers['retry-after']);
  return { status: 'retryable', error, ...(retryInMillis !== undefined && { retryInMillis }) };
}

function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
