// Configuration of `receive` and of what is known about the sources that send here.
import { z } from 'zod';
import { derivedSize, duration, hostNames, listenHost, port, size } from '../config/fields.ts';
import { lockFields } from '../config/listener.ts';
import { redactionConfig } from './redaction-config.ts';

export const sourcesConfig = z
  .strictObject({
    unsampled: z
      .array(z.string().min(1))
      .default([])
      .describe('service names that send every span, so that a missing sampling threshold means 0; * for all'),
  })
  .prefault({});

const http = z
  .strictObject({
    host: listenHost(),
    port: port(4318, 'OTLP/HTTP'),
    ...lockFields,
    host_names: hostNames(
      [],
      'further names that web pages may send to, as through a proxy, where it listens on loopback without tls and auth; programs may use any name',
    ),
    max_body: size('16MiB', 'largest body, inflated, at most half of max_in_flight; larger ones get 413', {
      min: 1024,
    }),
    max_json_body: size(
      '4MiB',
      'largest body in JSON that is read here, inflated: traces, metrics, logs that follow their trace, and under redaction all logs; JSON takes many times its size while it is read',
      {
        min: 1024,
      },
    ),
    max_in_flight: derivedSize(
      'bytes of bodies being read or inflated, gRPC included, beyond which senders get 503; an eighth of memory_limit',
    ),
    request_timeout: duration('30s', 'a request must arrive whole within', { min: 10 }),
  })
  .prefault({});

const grpc = z
  .union([
    z.literal(false),
    z.strictObject({
      host: listenHost(),
      port: port(4317, 'OTLP/gRPC'),
      ...lockFields,
      max_body: size(
        '16MiB',
        'largest message, inflated, at most half of http.max_in_flight, which both doors share; larger ones get RESOURCE_EXHAUSTED',
        { min: 1024 },
      ),
      request_timeout: duration('30s', 'a message must arrive whole within', { min: 10 }),
    }),
  ])
  .prefault({})
  .describe('the door for OTLP/gRPC');

export const receiveConfig = z
  .strictObject({
    http,
    grpc,
    duplicate_window: duration(
      '60s',
      'a body repeated within this time is answered and not counted again; 0s switches it off',
    ),
  })
  .prefault({});

/** What the stage is made of: its own key and the sources. */
export const receiveStageConfig = z.strictObject({
  ...receiveConfig.unwrap().shape,
  sources: sourcesConfig,
  redaction: redactionConfig,
  dimensions: z.array(z.string()),
  max_arena: z.number().optional(),
  unpack_logs: z.boolean().optional(),
});

export type ReceiveConfig = z.output<typeof receiveStageConfig>;
export type GrpcConfig = Exclude<ReceiveConfig['grpc'], false>;
