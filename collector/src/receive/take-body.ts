// What the doors share: a body that was read becomes spans, is passed on, or is refused for one reason. How a sender is told
// is each door's own.
import type { Consumer, Host } from '../pipeline/contract.ts';
import type { MetricBatch } from '../model/data-point.ts';
import { logsFromJson, tracesFromJson } from '../otlp/json.ts';
import { Malformed } from '../otlp/malformed.ts';
import type { SpanBatch } from '../otlp/span-batch.ts';
import type { Origin } from '../pipeline/trail.ts';
import type { LogsBody } from '../sample/contract.ts';
import type { Admission, ReadBody, RefusedAtDoor } from './admission.ts';
import type { BodyFormat, LeftOut } from './answer.ts';
import { giveBack, giveBackWhole } from '../otlp/give-back.ts';
import { type ContentEncoding, inflateLarge, inflateSmall, TooLarge } from './inflate.ts';
import type { RefusedReason, receiveInstruments, Signal } from './instruments.ts';
import { redactSignal, type SignalRequest } from './redact-signal.ts';
import type { MetricIntake } from './metric-intake.ts';
import type { Redaction } from './redaction.ts';
import { takeMetrics } from './take-metrics.ts';
import type { TraceIntake } from './trace-intake.ts';

/** What receivers pass on. */
export type Received = SpanBatch | MetricBatch | LogsBody;

/** The way of a body behind the doors; all doors of a sidecar share admission, intake and what comes next. */
export interface BodyPath {
  readonly admission: Admission;
  readonly intake: TraceIntake;
  readonly metrics: MetricIntake;
  readonly host: Host<keyof typeof receiveInstruments>;
  readonly next: Consumer<Received>;
  /** None where no rule is configured; the intake applies it to traces. */
  readonly redaction?: Redaction | undefined;
  /** Logs are handed on in protobuf and not compressed, because what comes next reads them. */
  readonly unpacksLogs?: boolean;
  /** Reads where a request says its content has been. */
  readonly originOf: (trail: string | undefined, signal: Signal) => Origin;
  /** Told of a body that was refused for want of room, or by a fault of ours: what it held is missing, and may come again. */
  readonly hadNoRoom: () => void;
  /** Configuration key of the largest body, named where one is larger. */
  readonly limitKey: string;
}

/** Reasons that are none of the sender's. */
const OUR_REASONS: ReadonlySet<RefusedReason> = new Set(['in_flight', 'over_budget', 'contexts', 'internal']);

/** What a door knows of a body beside its bytes. */
export interface Described {
  readonly signal: Signal;
  readonly format: BodyFormat;
  /** Media type, as other signals are passed on. */
  readonly contentType: string;
  readonly encoding: ContentEncoding;
  /** Inflated. */
  readonly maxBytes: number;
}

/** A refusal on its way to the answer. */
export class Refusal extends Error {
  readonly reason: RefusedReason;

  constructor(reason: RefusedReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Takes what a door has read, and gives its bytes back at the end, taken or refused.
 *
 * @param take handed the body where the door let it in
 */
export async function takeRead(
  body: ReadBody,
  { admission, host, limitKey }: BodyPath,
  take: (body: ReadBody) => Promise<LeftOut>,
): Promise<LeftOut> {
  try {
    host.record('in_flight', admission.inFlightBytes);
    if (body.refused !== undefined) throw doorRefusal(body.refused, limitKey);
    return await take(body);
  } finally {
    admission.release(body.length);
    host.record('in_flight', admission.inFlightBytes);
  }
}

/**
 * Counts a body and hands traces to the intake, other signals on as they are, redacted or unpacked.
 *
 * @param length sum of the chunks' lengths
 * @throws Refusal, Malformed, TooLarge; `refusalOf` makes one of each
 */
export async function takeBody(
  chunks: readonly Buffer[],
  length: number,
  described: Described,
  path: BodyPath,
): Promise<LeftOut> {
  const { signal, contentType, encoding } = described;
  path.host.count('requests', 1, { signal });
  path.host.count('size', length, { signal });
  if (signal === 'traces') {
    try {
      return await takeTraces(chunks, length, described, path);
    } finally {
      // The intake has copied what it keeps.
      giveBack(chunks);
    }
  }
  if (signal === 'metrics') return takeMetricsBody(chunks, length, described, path);
  if (path.unpacksLogs === true) {
    await withInflated(joined(chunks, length), described, path, (body) => takeLogs(body, described.format, path));
    return { signal, rejected: 0 };
  }
  const body = await redactedBody(joined(chunks, length), { ...described, signal }, path);
  await path.next.consume({ signal, body, contentType, contentEncoding: encoding });
  return { signal, rejected: 0 };
}

async function redactedBody(body: Buffer, request: SignalRequest, path: BodyPath): Promise<Buffer> {
  const { admission, redaction, host } = path;
  if (redaction === undefined) return body;
  const redacted = await redactSignal(body, request, { admission, redaction }, () => redaction.count(host));
  if (redacted === undefined) throw doorRefusal('overloaded', path.limitKey);
  return redacted;
}

/** Counts a refusal; a fault of ours is logged. @param sizeBytes of the refused body, as far as it is known */
export function countRefusal(
  error: unknown,
  { reason }: Refusal,
  sizeBytes: number,
  { host, hadNoRoom }: Pick<BodyPath, 'host' | 'hadNoRoom'>,
): void {
  host.count('refused', 1, { reason });
  host.count('refused_size', sizeBytes, { reason });
  if (OUR_REASONS.has(reason)) hadNoRoom();
  if (reason === 'internal') host.log('error', 'INTERNAL', String(error instanceof Error ? error.stack : error));
}

/**
 * Refuses what our own exporters sent: it was counted and kept once, and would go round for ever.
 *
 * @param door its block, as in `receive.http`
 */
export function refuseOwn(
  trail: string | string[] | undefined,
  signal: Signal,
  door: string,
  { originOf, host }: BodyPath,
): void {
  const origin = originOf(typeof trail === 'object' ? trail.join() : trail, signal);
  if (origin === 'untold') host.count('untold_origins', 1);
  if (origin !== 'here') return;
  const way = 'let no endpoint of export.otlp, nor of a sidecar or proxy behind it, lead back here';
  host.log('error', `LOOP_${door}`, `what this sidecar exports comes back to ${door} and is refused; ${way}`);
  throw new Refusal('loop', 'this comes from the exporters of the sidecar it is sent to');
}

/** Whatever stopped a body, as a refusal. */
export function refusalOf(error: unknown, limitKey: string): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof TooLarge) return new Refusal('too_large', `the inflated body is larger than ${limitKey}`);
  if (error instanceof Malformed) return new Refusal(`malformed_${error.reason}`, error.message);
  return new Refusal('internal', 'internal error');
}

function doorRefusal(refused: RefusedAtDoor, limitKey: string): Refusal {
  if (refused === 'too_large') return new Refusal('too_large', `the body is larger than ${limitKey}`);
  if (refused === 'overloaded') return new Refusal('in_flight', 'too many bytes are being received at once');
  return new Refusal('aborted', 'the request ended before its body');
}

async function takeTraces(
  chunks: readonly Buffer[],
  length: number,
  described: Described,
  path: BodyPath,
): Promise<LeftOut> {
  const { format } = described;
  if (described.encoding === 'identity') return takeInflated(chunks, length, format, path);
  return withInflated(joined(chunks, length), described, path, async (body) => {
    try {
      return await takeInflated([body], body.length, format, path);
    } finally {
      giveBackWhole(body);
    }
  });
}

/** Redacts and converts what was inflated; whoever is next may refuse it as malformed. */
async function takeLogs(body: Buffer, format: BodyFormat, { redaction, host, next }: BodyPath): Promise<void> {
  const redacted = redaction === undefined ? body : redaction.redact(body, 'logs', format);
  redaction?.count(host);
  const unpacked = format === 'json' ? logsFromJson(redacted) : redacted;
  await next.consume({ signal: 'logs', body: unpacked, contentType: 'application/x-protobuf', contentEncoding: '' });
}

/** Holds room for a body and what it is inflated to until its last point is handed on, and gives its bytes back then. */
async function takeMetricsBody(
  chunks: readonly Buffer[],
  length: number,
  described: Described,
  path: BodyPath,
): Promise<LeftOut> {
  const sent = joined(chunks, length);
  if (sent !== chunks[0]) giveBack(chunks);
  try {
    const rejected = await withInflated(sent, described, path, async (body) => {
      try {
        return await takeMetrics(body, described.format, path);
      } finally {
        if (body !== sent) giveBackWhole(body);
      }
    });
    return { signal: 'metrics', rejected };
  } finally {
    if (sent === chunks[0]) giveBack(chunks);
    else giveBackWhole(sent);
  }
}

/** Inflates a body and holds room for it until it is taken. */
async function withInflated<T>(
  compressed: Buffer,
  { encoding, maxBytes }: Described,
  path: BodyPath,
  take: (body: Buffer) => Promise<T>,
): Promise<T> {
  const small = inflateSmall(compressed, encoding, maxBytes);
  if (small === compressed) return take(small);
  // What the output will take is unknown until it is there, so the most it may take is held meanwhile.
  const heldBytes = small?.length ?? maxBytes;
  if (!path.admission.reserve(heldBytes)) throw doorRefusal('overloaded', path.limitKey);
  try {
    return await take(small ?? (await inflateLarge(compressed, encoding, maxBytes)));
  } finally {
    path.admission.release(heldBytes);
  }
}

async function takeInflated(
  chunks: readonly Buffer[],
  length: number,
  format: BodyFormat,
  { intake, host, next, redaction }: BodyPath,
): Promise<LeftOut> {
  if (format === 'json') {
    const converted = tracesFromJson(joined(chunks, length));
    chunks = [converted as Buffer];
    length = converted.length;
  }
  const outcome = intake.take(chunks, length, host.clock.nowMs(), host.clock.monotonicMs());
  const { batch } = intake;
  if (outcome === 'over_budget') throw new Refusal('over_budget', 'the memory for waiting spans is full');
  if (outcome === 'contexts_full') throw new Refusal('contexts', 'too many distinct resources are waiting');
  // A repeat is answered as its first time was, and counted as a repeat only.
  const { rejected } = batch;
  if (outcome === 'duplicate') {
    host.count('duplicate_spans', batch.count);
    host.count('duplicates', 1);
    return { signal: 'traces', rejected };
  }
  host.count('spans', batch.count);
  redaction?.count(host);
  if (rejected > 0) host.count('rejected', rejected);
  await next.consume(batch);
  return { signal: 'traces', rejected };
}

function joined(chunks: readonly Buffer[], length: number): Buffer {
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length);
}
