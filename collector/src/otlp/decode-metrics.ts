// Reads ExportMetricsServiceRequests into data points, a bounded number at a time.
// What encloses a metric stands in read-metrics.ts, what a point says in decode-points.ts.
import type { DataPoint } from '../model/data-point.ts';
import type { AttributeMemory } from './attribute-memory.ts';
import { readPoint } from './decode-points.ts';
import { MessageReader } from './message-reader.ts';
import { MAX_PART_BYTES } from './read-attributes.ts';
import { metricsOf, type PointsOfMetric } from './read-metrics.ts';

/** Points handed on at once: some milliseconds of reading. */
const PIECE_POINTS = 2000;

/** The same in bytes of the body: what was read may take thirty times as much as objects, and a microsecond for ten of them. */
const PIECE_BYTES = 64 * 1024;

/** Decodes one request, as often as it is asked to. */
export class MetricsDecoder {
  readonly #body: Uint8Array;
  readonly #nowMs: number;
  readonly #memory: AttributeMemory;
  /** Points of the walk that began last, so far. */
  accepted = 0;
  /** The same of points left out, because they contradict themselves or are larger than 256 KiB. */
  rejected = 0;

  /**
   * @param body protobuf; read until the last walk has ended
   * @param nowMs Unix milliseconds, for points without a time
   * @param memory shared by the bodies of one sidecar
   */
  constructor(body: Uint8Array, nowMs: number, memory: AttributeMemory) {
    this.#body = body;
    this.#nowMs = nowMs;
    this.#memory = memory;
  }

  /**
   * Walks through the body and answers its points in their order, in pieces of some milliseconds' work, after each of
   * which somebody else may be served; a piece may be empty.
   *
   * @throws Malformed where any part of the body is; pieces before it may have been answered
   */
  *pieces(): Generator<readonly DataPoint[], undefined> {
    this.accepted = 0;
    this.rejected = 0;
    let piece: DataPoint[] = [];
    let from = 0;
    for (const [position, ofMetric] of metricsOf(MessageReader.of(this.#body), this.#memory)) {
      if (ofMetric === undefined) {
        if (position - from < PIECE_BYTES) continue;
        yield piece;
        [piece, from] = [[], position];
        continue;
      }
      const { data } = ofMetric;
      while (data.next()) {
        if (data.field !== 1) continue;
        const point = this.#readPoint(ofMetric);
        if (point !== undefined) piece.push(point);
        if (piece.length < PIECE_POINTS && data.end - from < PIECE_BYTES) continue;
        yield piece;
        [piece, from] = [[], data.end];
      }
    }
    if (piece.length > 0) yield piece;
  }

  #readPoint({ around, data, isMeant }: PointsOfMetric): DataPoint | undefined {
    const message = data.message();
    const isReadable = message.end - message.start <= MAX_PART_BYTES;
    const point = isReadable ? readPoint(around, message, this.#nowMs, this.#memory) : undefined;
    if (point !== undefined) this.accepted++;
    else if (isMeant) this.rejected++;
    return point;
  }
}
