// A program that posts bodies, at a rate or as fast as answers come, and repeats what is refused until it is taken.
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BODY_SPANS } from '../core/dataset.ts';
import { serve } from './child.ts';
import { BodyStream, type Disguise } from './body-stream.ts';
import { readWorkload, type Workload } from './workload.ts';

/** What to send where. */
export interface SendOrder {
  readonly workload: string;
  /** OTLP/HTTP without a path. */
  readonly url: string;
  /** As fast as answers come, where absent. */
  readonly spansPerSecond?: number;
  readonly seconds: number;
  readonly compression?: 'gzip';
  /** Certificate of the receiver's authority, PEM. */
  readonly ca?: string;
  /** Starts a stream anew with this serial; the stream goes on where absent. */
  readonly firstSerial?: number;
  readonly disguise?: Disguise;
}

/** What became of it. */
export interface Sent {
  /** Accepted in this order, and since the stream started. */
  readonly bodies: number;
  readonly bodiesOfStream: number;
  readonly spans: number;
  readonly wireBytes: number;
  /** Answers that asked to come again. */
  readonly refused: number;
  /** Requests without an answer, and bodies given up. */
  readonly broken: number;
  readonly abandoned: number;
  readonly seconds: number;
  /** From the request to its answer, accepted ones only. */
  readonly p99Ms: number;
}

export type SenderMethods = { send(order: SendOrder): Promise<Sent> };

/** As many as an exporter pool of a busy host has open. */
const SATURATING_CONNECTIONS = 4;
/** A sender at a rate that is this many bodies behind waits; bodies are written anew and must have left by then. */
const MAX_OPEN = 100;
/** Bodies are repeated until so long after the end; what is refused then is given up. */
const PATIENCE_MS = 20_000;
const RETRY_MS = 100;

const gzipAsync = promisify(gzip);
const plainAgent = new HttpAgent({ keepAlive: true, maxSockets: 16 });
let workload: Workload | undefined;
let file = '';
let stream: BodyStream | undefined;
let bodiesOfStream = 0;

class Run {
  readonly #order: SendOrder;
  readonly #agent: HttpAgent;
  readonly #endMs: number;
  readonly startMs = performance.now();
  readonly latenciesMs: number[] = [];
  bodies = 0;
  wireBytes = 0;
  refused = 0;
  broken = 0;
  abandoned = 0;

  constructor(order: SendOrder) {
    this.#order = order;
    this.#endMs = this.startMs + order.seconds * 1000;
    const tls = { keepAlive: true, maxSockets: 16, ca: order.ca };
    this.#agent = order.ca === undefined ? plainAgent : new HttpsAgent(tls);
  }

  async atRate(bodies: BodyStream, spansPerSecond: number): Promise<void> {
    const open = new Set<Promise<void>>();
    const count = Math.round((this.#order.seconds * spansPerSecond) / BODY_SPANS);
    for (let i = 0; i < count; i++) {
      await pauseUntil(this.startMs + (i * BODY_SPANS * 1000) / spansPerSecond);
      if (open.size >= MAX_OPEN) await Promise.race(open);
      const sent: Promise<void> = this.#deliver(bodies.next()).finally(() => open.delete(sent));
      open.add(sent);
    }
    await Promise.all(open);
    await pauseUntil(this.#endMs);
  }

  async saturating(bodies: BodyStream): Promise<void> {
    const sender = async (): Promise<void> => {
      while (performance.now() < this.#endMs) await this.#deliver(bodies.next());
    };
    await Promise.all(Array.from({ length: SATURATING_CONNECTIONS }, sender));
  }

  async #deliver(plain: Buffer): Promise<void> {
    const body = this.#order.compression === 'gzip' ? await gzipAsync(plain, { level: 1 }) : plain;
    while (performance.now() < this.#endMs + PATIENCE_MS) {
      const askedMs = performance.now();
      const answer = await this.#post(body).catch(() => undefined);
      if (answer?.status === 200) {
        this.latenciesMs.push(performance.now() - askedMs);
        this.bodies++;
        this.wireBytes += body.length;
        return;
      }
      if (answer === undefined) this.broken++;
      else this.refused++;
      await pauseUntil(performance.now() + (answer?.retryAfterMs ?? RETRY_MS));
    }
    this.abandoned++;
  }

  #post(body: Buffer): Promise<{ status: number; retryAfterMs: number }> {
    const { url, ca, compression } = this.#order;
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-protobuf',
        'content-length': body.length,
        ...(compression === undefined ? {} : { 'content-encoding': compression }),
      };
      const ask = ca === undefined ? httpRequest : httpsRequest;
      const sent = ask(`${url}/v1/traces`, { method: 'POST', agent: this.#agent, headers }, (response) => {
        response.resume();
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode: status = 0, headers: answered } = response;
          const retryAfterMs = Number(answered['retry-after'] ?? RETRY_MS / 1000) * 1000;
          if (status === 200 || status === 429 || status >= 500) resolve({ status, retryAfterMs });
          else reject(new Error(`answered ${status}`));
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }
}

async function send(order: SendOrder): Promise<Sent> {
  if (workload === undefined || file !== order.workload) {
    file = order.workload;
    workload = readWorkload(file);
    stream = undefined;
  }
  if (stream === undefined || order.firstSerial !== undefined) {
    // A disguise cannot be taken off, so it is put on other bodies.
    const bodies = order.disguise === undefined ? workload : readWorkload(file);
    stream = new BodyStream(bodies, order.firstSerial ?? 1, order.disguise);
    bodiesOfStream = 0;
  }
  const run = new Run(order);
  if (order.spansPerSecond === undefined) await run.saturating(stream);
  else await run.atRate(stream, order.spansPerSecond);
  bodiesOfStream += run.bodies;
  const { bodies, wireBytes, refused, broken, abandoned, latenciesMs } = run;
  return {
    bodies,
    bodiesOfStream,
    spans: bodies * BODY_SPANS,
    wireBytes,
    refused,
    broken,
    abandoned,
    seconds: (performance.now() - run.startMs) / 1000,
    p99Ms: p99(latenciesMs),
  };
}

function p99(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN;
}

async function pauseUntil(ms: number): Promise<void> {
  const waitMs = ms - performance.now();
  if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
}

serve({ send } satisfies { [K in keyof SenderMethods]: SenderMethods[K] });
