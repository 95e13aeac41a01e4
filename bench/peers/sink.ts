// A program that takes OTLP/HTTP, counts the spans of every trace and knows which traces had to arrive.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { traceIdPlaces } from './trace-ids.ts';
import { serve } from './child.ts';
import { readWorkload, traceTails, type Workload } from './workload.ts';

/** What arrived of the bodies that were sent. */
export interface Arrived {
  readonly spans: number;
  readonly traces: number;
  /** Spans of traces with an error or a slow root. */
  readonly due: number;
  /** Those of them that did not arrive. */
  readonly missing: number;
}

export type SinkMethods = {
  /** Begins to listen, or listens again where it did before. @returns the URL */
  listen(argument: undefined): Promise<string>;
  /** Cuts every connection and refuses new ones. */
  close(argument: undefined): Promise<void>;
  /** Forgets everything; from now on spans come from this workload. */
  reset(workload: string): void;
  /** @param sent bodies that were accepted from the start of the stream, with serials from 1 */
  arrived(argument: { sent: number }): Arrived;
  /** Spans with serials from this one on. */
  spansSince(serial: number): number;
};

let server: Server | undefined;
let port = 0;
let file = '';
let workload: Workload | undefined;
let numbers = new Map<string, number>();
/** By serial, spans of each trace. */
let counts = new Map<number, Uint32Array>();

async function take(request: IncomingMessage): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
  for (const place of traceIdPlaces(body)) {
    const serial = body.readUInt32LE(place);
    const number = numbers.get(body.toString('latin1', place + 4, place + 16)) ?? numbers.size;
    let ofSerial = counts.get(serial);
    if (ofSerial === undefined) counts.set(serial, (ofSerial = new Uint32Array(numbers.size + 1)));
    ofSerial[number] = (ofSerial[number] ?? 0) + 1;
  }
}

function listen(): Promise<string> {
  const listening = createServer((request, response) => {
    take(request).then(
      () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(),
      () => response.destroy(),
    );
  });
  server = listening;
  return new Promise((resolve) => {
    listening.listen(port, '127.0.0.1', () => {
      ({ port } = listening.address() as AddressInfo);
      resolve(`http://127.0.0.1:${port}`);
    });
  });
}

function arrived(sent: number): Arrived {
  const bodies = workload?.bodies.length ?? 1;
  const total = { spans: 0, traces: 0, due: 0, missing: 0 };
  for (const ofSerial of counts.values()) {
    for (const spans of ofSerial) {
      total.spans += spans;
      if (spans > 0) total.traces++;
    }
  }
  for (let serial = 1; (serial - 1) * bodies < sent; serial++) {
    const expected = dueOf(Math.min(bodies, sent - (serial - 1) * bodies));
    const ofSerial = counts.get(serial);
    expected.forEach((spans, trace) => {
      total.due += spans;
      total.missing += Math.max(0, spans - (ofSerial?.[trace] ?? 0));
    });
  }
  return total;
}

/** Spans of each trace that has to arrive, when this many bodies were sent. */
function dueOf(bodies: number): Uint32Array {
  const spans = new Uint32Array(numbers.size);
  const isForced = new Uint8Array(numbers.size);
  for (let b = 0; b < bodies; b++) {
    for (const trace of workload?.forced[b] ?? []) isForced[trace] = 1;
    for (const trace of workload?.traces[b] ?? []) spans[trace] = (spans[trace] ?? 0) + 1;
  }
  return spans.map((count, trace) => (isForced[trace] === 1 ? count : 0));
}

serve({
  listen,
  close: () =>
    new Promise<void>((resolve) => {
      server?.close(() => resolve());
      server?.closeAllConnections();
    }),
  reset: (wanted: string) => {
    counts = new Map();
    if (wanted === file) return;
    file = wanted;
    workload = readWorkload(file);
    numbers = new Map(traceTails(workload).map((tail, number) => [tail, number]));
  },
  arrived: ({ sent }: { sent: number }) => arrived(sent),
  spansSince: (first: number) =>
    [...counts].reduce((sum, [serial, spans]) => sum + (serial < first ? 0 : spans.reduce((a, b) => a + b, 0)), 0),
} satisfies { [K in keyof SinkMethods]: SinkMethods[K] });
