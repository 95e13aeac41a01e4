// Programs that make the calls of a stream as spans of OpenTelemetry's SDK, which batches and sends them as it does by default:
// 512 spans or five seconds, one request at a time, protobuf.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, type HrTime, type Tracer } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Random, seeded } from '../../tests/support/random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How the operations of a stream are spread over programs. */
export const LAYOUTS = ['one program', 'a service each', 'three instances'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** A request is under way for so long, each way. */
const WAY_MS = { least: 2, most: 40 };
const INSTANCES = 3;

/** A call as it was recorded. */
export interface RecordedCall {
  readonly op: number;
  readonly name: string;
  readonly timeMs: number;
  readonly durationMs: number;
  readonly isError: boolean;
}

/** Takes a request body; whether it was accepted. */
export type TakeBody = (body: Uint8Array) => boolean;

export class Programs {
  readonly #layout: Layout;
  readonly #random: Random;
  readonly #time: VirtualTime;
  readonly #take: TakeBody;
  readonly #tracers = new Map<number, Tracer>();

  constructor(layout: Layout, seed: number, time: VirtualTime, take: TakeBody) {
    this.#layout = layout;
    this.#random = seeded(seed);
    this.#time = time;
    this.#take = take;
  }

  /** Makes the span of a call that ends now. */
  call({ op, name, timeMs, durationMs, isError }: RecordedCall): void {
    const options = { kind: SpanKind.SERVER, startTime: nanoseconds(timeMs, durationMs) };
    const span = this.#tracerOf(op).startSpan(name, options, ROOT_CONTEXT);
    if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(nanoseconds(timeMs, 0));
  }

  #tracerOf(op: number): Tracer {
    const place = { 'one program': 0, 'a service each': op, 'three instances': this.#anyInstance() }[this.#layout];
    let tracer = this.#tracers.get(place);
    if (tracer === undefined) this.#tracers.set(place, (tracer = this.#program(place)));
    return tracer;
  }

  #anyInstance(): number {
    return Math.floor(this.#random() * INSTANCES);
  }

  #program(place: number): Tracer {
    const service = this.#layout === 'a service each' ? `service-${place}` : 'service';
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': service, 'service.instance.id': `instance-${place}` }),
      spanProcessors: [new BatchSpanProcessor({ exporter: this.#exporter() })],
    });
    return provider.getTracer('bench');
  }

  /** Hands over what an exporter would post, a moment later. */
  #exporter(): SpanExporter {
    const [time, random] = [this.#time, this.#random];
    const wayMs = (): number => WAY_MS.least + random() * (WAY_MS.most - WAY_MS.least);
    return {
      export: (spans, done) => {
        const body = ProtobufTraceSerializer.serializeRequest(spans);
        time.after(wayMs(), () => {
          const isTaken = body !== undefined && this.#take(body);
          const code = isTaken ? ExportResultCode.SUCCESS : ExportResultCode.FAILED;
          time.after(wayMs(), () => done({ code }));
        });
      },
      shutdown: async () => {},
    };
  }
}

/** A time, less a duration, of fractions of milliseconds, as seconds and nanoseconds. */
function nanoseconds(timeMs: number, lessMs: number): HrTime {
  const seconds = Math.floor(timeMs / 1000);
  const ns = Math.round((timeMs - seconds * 1000 - lessMs) * 1e6);
  const borrowed = Math.floor(ns / 1e9);
  return [seconds + borrowed, ns - borrowed * 1e9];
}
