// Opens the doors and closes them in order: no new connection, open requests answered, then silence.
import { HttpListener } from '../pipeline/http-server.ts';
import type { Consumer, Host, StageDef, Stage } from '../pipeline/contract.ts';
import type { Context } from '../otlp/context-table.ts';
import { Admission } from './admission.ts';
import type { GrpcConfig, ReceiveConfig, receiveStageConfig } from './config.ts';
import { receiveInstruments } from './instruments.ts';
import { createRedaction } from './redaction.ts';
import type { GrpcDoor } from './grpc-door.ts';
import { otlpHttp } from './otlp-http.ts';
import { MetricIntake } from './metric-intake.ts';
import type { BodyPath, Received } from './take-body.ts';
import { TraceIntake } from './trace-intake.ts';

/** Until `memory_limit` says otherwise. */
const DEFAULT_MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024;
const DEFAULT_MAX_ARENA_BYTES = 160 * 1024 * 1024;
/** Open requests are given so long to end at stop. */
const STOP_WITHIN_MS = 2000;

/** Traces are decided every 200 ms, so what nobody needed for so long is not needed at this rate of spans. */
const TRIM_MS = 2000;

type ReceiveHost = Host<keyof typeof receiveInstruments>;

export const receive = {
  name: 'receive',
  instruments: receiveInstruments,
  create: (config, host, next) => new ReceiveStage(config, host, next),
} satisfies StageDef<typeof receiveStageConfig, typeof receiveInstruments, never, Received>;

/** The first stage: nothing is consumed, everything comes through its doors. */
export class ReceiveStage implements Stage<never> {
  readonly #http: HttpListener;
  readonly #makeGrpc: (() => Promise<GrpcDoor>) | undefined;
  readonly #trimEvery: () => () => void;
  #grpc: GrpcDoor | undefined;
  #cancelTrim: (() => void) | undefined;
  /** Says whether what comes in was sent by our own exporters. */
  originOf: BodyPath['originOf'] = () => 'elsewhere';
  /** Is told of each resource and scope of spans that was not seen of late, a flush at most before its spans. */
  contextAdded: (context: Context) => void = () => {};
  /** Told of each body that was refused though nothing was wrong with it. */
  hadNoRoom: BodyPath['hadNoRoom'] = () => {};
  /** URL of OTLP/HTTP, once started. */
  url = '';
  /** URL of OTLP/gRPC, once started, where it is on. */
  grpcUrl: string | undefined;

  constructor(config: ReceiveConfig, host: ReceiveHost, next: Consumer<Received>) {
    const { max_body, max_in_flight, request_timeout } = config.http;
    const { grpc } = config;
    const maxInFlightBytes = max_in_flight ?? DEFAULT_MAX_IN_FLIGHT_BYTES;
    const admission = new Admission(maxInFlightBytes);
    // A compressed body and what it inflates to are held at once; were there never room for both, it would be 503 for ever.
    const maxBodyBytes = Math.min(max_body, Math.floor(maxInFlightBytes / 2));
    const redaction = createRedaction(config.redaction);
    const intake = new TraceIntake({
      unsampled: config.sources.unsampled,
      dimensions: config.dimensions,
      duplicateWindowMs: config.duplicate_window,
      maxArenaBytes: config.max_arena ?? DEFAULT_MAX_ARENA_BYTES,
      random: host.random,
      redaction,
    });
    intake.contexts.added = (context) => this.contextAdded(context);
    const metrics = new MetricIntake({
      duplicateWindowMs: config.duplicate_window,
      random: host.random,
      redaction,
    });
    const unpacksLogs = config.unpack_logs === true;
    const originOf: BodyPath['originOf'] = (trail, signal) => this.originOf(trail, signal);
    const hadNoRoom = (): void => this.hadNoRoom();
    const path = { admission, intake, metrics, host, next, redaction, unpacksLogs, originOf, hadNoRoom };
    const serve = otlpHttp({
      ...path,
      maxBodyBytes,
      maxJsonBytes: config.http.max_json_body,
      admits: (request) => this.#http.admits(request),
      mayBeMisled: (request) => this.#http.mayBeMisled(request, config.http.host_names),
      limitKey: 'receive.http.max_body',
    });
    this.#http = new HttpListener('receive.http', config.http, host, serve, {
      requestTimeout: request_timeout,
      connectionsCheckingInterval: 1000,
    });
    // A sender may keep its connection between flushes of a minute, the longest usual export interval.
    this.#http.keepAliveMs = 75_000;
    this.#trimEvery = () =>
      host.clock.every(TRIM_MS, () => {
        intake.arena.trim();
        host.record('spare', intake.arena.spareBytes);
      });
    this.#makeGrpc = grpc === false ? undefined : () => makeGrpc(grpc, maxInFlightBytes, path);
  }

  async start(): Promise<void> {
    await this.#http.start();
    this.url = this.#http.url;
    this.#grpc = await this.#makeGrpc?.();
    await this.#grpc?.start();
    this.grpcUrl = this.#grpc?.url;
    this.#cancelTrim = this.#trimEvery();
  }

  async stop(): Promise<void> {
    this.#cancelTrim?.();
    await Promise.all([this.#http.stop(STOP_WITHIN_MS), this.#grpc?.stop(STOP_WITHIN_MS)]);
  }

  async consume(): Promise<void> {}
}

/** HTTP/2 is loaded only where it is served. */
async function makeGrpc(
  config: GrpcConfig,
  maxInFlightBytes: number,
  path: Omit<BodyPath, 'limitKey'>,
): Promise<GrpcDoor> {
  const door = await import('./grpc-door.ts');
  return new door.GrpcDoor(config, maxInFlightBytes, path);
}
