// Asks the sidecar how much to sample, by Jaeger's remote sampling, and samples by the given ratio while nobody answers.
// Neither a timer nor a socket of it keeps the process alive. Nothing is asked unless a program makes such a sampler.
import { checkNumbers } from '../creation-checks.ts';
import type { IncomingMessage } from 'node:http';
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { composableParentThreshold, composableProbability, type ComposableSampler } from './composable.ts';
import { createCompositeSampler } from './consistent-probability.ts';
import { strategyOf } from './remote-strategy.ts';

/** As often as SDKs ask by default; the sidecar finds its ratios anew six times meanwhile. */
const INTERVAL_MS = 60_000;
const LEAST_INTERVAL_MS = 1000;
const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** As the SDK marks its own exports: what asks about traces must not be one. */
const UNTRACED = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);
/** An answer counts for so many intervals without another: a sidecar that restarts changes nothing. */
const INTERVALS = 5;

export interface RemoteSamplerOptions {
  /** Asks for this service. */
  readonly serviceName: string;
  /** Base URL of the sidecar's page, as in http://127.0.0.1:4320, or that of its `/sampling`. */
  readonly url: string;
  /** For traces that begin here while there is no answer: 0..1. */
  readonly ratio: number;
  /** Decides in place of `ratio` while there is no answer. */
  readonly initial?: Sampler;
  /** A minute unless given, a second at least. */
  readonly intervalMs?: number;
  /** Sent with each question. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told of each question without a usable answer. */
  readonly onFailure?: (error: Error) => void;
}

/** A sampler that is steered from outside. */
export interface RemoteSampler extends Sampler {
  /** Asks now; never rejects. */
  refresh(): Promise<void>;
  /** Stops asking; what was answered last goes on for some intervals. */
  close(): void;
}

/** Makes a sampler that follows the sidecar for traces that begin here; spans with a parent follow it. */
export function createRemoteSampler(options: RemoteSamplerOptions): RemoteSampler {
  checkNumbers('createRemoteSampler', options, {
    intervalMs: { most: 2 ** 31 - 1 },
    ratio: { most: 1 },
  });
  const { ratio, initial, onFailure = () => {} } = options;
  const intervalMs = Math.max(options.intervalMs ?? INTERVAL_MS, LEAST_INTERVAL_MS);
  const nowMs = (): number => performance.now();
  const fallback = composableProbability(ratio);
  let strategy: ComposableSampler | undefined;
  /** Of the strategy, so that an answer that says the same does not begin a limit anew. */
  let text = '';
  let untilMs = 0;
  const poll = async (): Promise<void> => {
    try {
      const answer = await context.with(UNTRACED, ask, undefined, options);
      // A service that is not steered is told so; that is no failure.
      const told = answer === undefined ? '' : JSON.stringify(answer);
      if (told !== text) strategy = told === '' ? undefined : strategyOf(answer, ratio, nowMs);
      text = told;
      untilMs = nowMs() + INTERVALS * intervalMs;
      if (told !== '' && strategy === undefined) throw new Error('the answer on sampling is not understood');
    } catch (error) {
      onFailure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const current = (): ComposableSampler | undefined => {
    if (strategy !== undefined && nowMs() > untilMs) {
      strategy = undefined;
      text = '';
    }
    return strategy;
  };
  const root: ComposableSampler = {
    intentOf: (span) => (current() ?? fallback).intentOf(span),
    get description() {
      return `Remote{${current()?.description ?? initial?.toString() ?? fallback.description}}`;
    },
  };
  const sampler = createCompositeSampler(composableParentThreshold(root));
  const timer = setInterval(poll, intervalMs);
  timer.unref();
  void poll();
  return {
    shouldSample: (...span) =>
      (initial !== undefined && current() === undefined ? initial : sampler).shouldSample(...span),
    toString: () => `CompositeSampler{ParentThreshold{${root.description}}}`,
    async refresh() {
      // Whoever waits for it must not end meanwhile: the question itself keeps nothing alive.
      const alive = setTimeout(() => {}, TIMEOUT_MS + 1000);
      await poll();
      clearTimeout(alive);
    },
    close: () => clearInterval(timer),
  };
}

/** @returns undefined where the service is not steered */
async function ask({ url, serviceName, headers = {} }: RemoteSamplerOptions): Promise<unknown> {
  const address = new URL(`${url.replace(/(?:\/sampling)?\/*$/, '')}/sampling`);
  address.searchParams.set('service', serviceName);
  // Loaded on the first question: importing this file loads nothing.
  const { request } = await (address.protocol === 'https:' ? import('node:https') : import('node:http'));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(address, { headers, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, resolve);
    asked.on('socket', (socket) => socket.unref());
    asked.on('error', reject);
    asked.end();
  });
  const body = await bodyOf(response);
  if (response.statusCode === 404) return undefined;
  if (response.statusCode !== 200) throw new Error(`asked how much to sample, and was answered ${response.statusCode}`);
  return JSON.parse(body);
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_ANSWER_BYTES) throw new Error('the answer on sampling is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
