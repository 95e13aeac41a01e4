// Opens the OTLP/HTTP door and closes it in order: no new connection, open requests answered, then silence.
import { createServer, type Server } from 'node:http';
import { listen, stopServer } from '../pipeline/http-server.ts';
import type { Consumer, Host, StageDef, Stage } from '../pipeline/contract.ts';
import { Admission } from './admission.ts';
import { type ReceiveConfig, receiveStageConfig } from './config.ts';
import { receiveInstruments } from './instruments.ts';
import { otlpHttp, type Received } from './otlp-http.ts';
import { TraceIntake } from './trace-intake.ts';

/** Until `memory_limit` says otherwise. */
const DEFAULT_MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024;
const DEFAULT_MAX_ARENA_BYTES = 160 * 1024 * 1024;
/** Open requests are given so long to end at stop. */
const STOP_WITHIN_MS = 2000;

type ReceiveHost = Host<keyof typeof receiveInstruments>;

export const receive = {
  name: 'receive',
  config: receiveStageConfig,
  instruments: receiveInstruments,
  create: (config, host, next) => new ReceiveStage(config, host, next),
} satisfies StageDef<typeof receiveStageConfig, typeof receiveInstruments, never, Received>;

/** The first stage: nothing is consumed, everything comes through its door. */
export class ReceiveStage implements Stage<never> {
  readonly #config: ReceiveConfig;
  readonly #server: Server;
  /** URL of the door, once started. */
  url = '';

  constructor(config: ReceiveConfig, host: ReceiveHost, next: Consumer<Received>) {
    this.#config = config;
    const { max_body, max_in_flight, request_timeout } = config.http;
    const maxInFlightBytes = max_in_flight ?? DEFAULT_MAX_IN_FLIGHT_BYTES;
    const admission = new Admission(maxInFlightBytes);
    // A compressed body and what it inflates to are held at once; were there never room for both, it would be 503 for ever.
    const maxBodyBytes = Math.min(max_body, Math.floor(maxInFlightBytes / 2));
    const intake = new TraceIntake({
      unsampled: config.sources.unsampled,
      dimensions: config.dimensions,
      duplicateWindowMs: config.duplicate_window,
      maxArenaBytes: config.max_arena ?? DEFAULT_MAX_ARENA_BYTES,
      random: host.random,
    });
    const serve = otlpHttp({ maxBodyBytes, maxJsonBytes: config.http.max_json_body, admission, intake, host, next });
    this.#server = createServer({ requestTimeout: request_timeout, connectionsCheckingInterval: 1000 }, serve);
    // A sender may keep its connection between flushes of a minute, the longest usual export interval.
    this.#server.keepAliveTimeout = 75_000;
  }

  async start(): Promise<void> {
    this.url = await listen(this.#server, this.#config.http, 'receive.http.port');
  }

  async stop(): Promise<void> {
    await stopServer(this.#server, STOP_WITHIN_MS);
  }

  async consume(): Promise<void> {}
}
