// Recorded spans as calls: OTLP as JSON, a request a line as the file exporter of the OpenTelemetry Collector writes them, or
// as protobuf. Spans come in any order, so all are held until the last is read.
import { readFileSync, statSync } from 'node:fs';
import type { RecordedCall } from '../baseline/recorded-run.ts';
import { EvenkeelError } from '../errors.ts';
import { decodeSpan, spanPlaces } from '../otlp/decode.ts';
import { tracesFromJson } from '../otlp/json.ts';
import { Malformed } from '../otlp/malformed.ts';

/** Some 200 bytes each. */
const MAX_SPANS = 2_000_000;
const MAX_PROTOBUF_BYTES = 512 * 1024 * 1024;
const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUS_ERROR = 2;

/** Collects spans, then gives them as calls in order of their ends. */
export class RecordedSpans {
  readonly #calls: RecordedCall[] = [];

  /** Takes an ExportTraceServiceRequest as JSON. @throws BAD_RECORDING */
  takeJson(text: string): void {
    this.takeProtobuf(understood(() => tracesFromJson(Buffer.from(text))));
  }

  /** Takes an ExportTraceServiceRequest, or several one after the other. @throws BAD_RECORDING */
  takeProtobuf(bytes: Uint8Array): void {
    understood(() => {
      for (const place of spanPlaces(bytes)) {
        const { name, service, kind, startNs, endNs, status } = decodeSpan(bytes, place, 'outline');
        if (this.#calls.length >= MAX_SPANS)
          throw new EvenkeelError('BAD_RECORDING', `it has more than ${MAX_SPANS} spans`);
        this.#calls.push({
          // To the microsecond: more a number does not hold.
          timeMs: Number(endNs / 1000n) / 1000,
          operation: name,
          // Clocks that were set back end spans before they begin.
          durationMs: Math.max(0, Number(endNs - startNs) / 1e6),
          isError: status === STATUS_ERROR,
          service: service === '' ? undefined : service,
          kind: KINDS[kind] ?? KINDS[0],
        });
      }
    });
  }

  inOrder(): readonly RecordedCall[] {
    return this.#calls.sort((a, b) => a.timeMs - b.timeMs);
  }
}

/** Whether a file holds protobuf, by its name. */
export function isProtobufFile(file: string): boolean {
  return /\.(pb|binpb|otlp)$/i.test(file);
}

/** Reads the spans of a protobuf file. @throws BAD_RECORDING */
export function protobufSpans(file: string): readonly RecordedCall[] {
  const spans = new RecordedSpans();
  spans.takeProtobuf(bytesOf(file));
  return spans.inOrder();
}

function bytesOf(file: string): Uint8Array {
  try {
    if (statSync(file).size > MAX_PROTOBUF_BYTES)
      throw new EvenkeelError('BAD_RECORDING', `${file} is larger than 512 MiB`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof EvenkeelError) throw error;
    throw new EvenkeelError('BAD_RECORDING', file, { cause: error });
  }
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) throw new EvenkeelError('BAD_RECORDING', error.message, { cause: error });
    throw error;
  }
}
