// Metrics and logs under redaction: unpacked, redacted, packed again. Without rules they are passed on as they came.
import { promisify } from 'node:util';
import { constants, gzip, zstdCompress } from 'node:zlib';
import type { Admission } from './admission.ts';
import type { BodyFormat } from './answer.ts';
import { type ContentEncoding, inflateLarge, inflateSmall } from './inflate.ts';
import type { Signal } from './instruments.ts';
import type { Redaction } from './redaction.ts';

const gzipAsync = promisify(gzip);
const zstdAsync = promisify(zstdCompress);

/** A metrics or logs body as it was sent. */
export interface SignalRequest {
  readonly signal: Exclude<Signal, 'traces'>;
  readonly format: BodyFormat;
  readonly encoding: ContentEncoding;
  /** Inflated. */
  readonly maxBytes: number;
}

/**
 * Redacts one body.
 *
 * @param onRedacted called once what the body held may be counted, before anything else is redacted
 * @returns the body in its encoding, itself where nothing changed; undefined where there is no room to inflate it
 * @throws Malformed, TooLarge, Refusal
 */
export async function redactSignal(
  body: Buffer,
  { signal, format, encoding, maxBytes }: SignalRequest,
  { admission, redaction }: { readonly admission: Admission; readonly redaction: Redaction },
  onRedacted: () => void,
): Promise<Buffer | undefined> {
  const redact = (inflated: Buffer): Buffer => {
    const redacted = redaction.redact(inflated, signal, format);
    onRedacted();
    return redacted === inflated ? body : redacted;
  };
  if (encoding === 'identity') return redact(body);
  // What the output will take is unknown until it is there, and it stays while it is packed again.
  if (!admission.reserve(maxBytes)) return undefined;
  try {
    const inflated = inflateSmall(body, encoding, maxBytes) ?? (await inflateLarge(body, encoding, maxBytes));
    const redacted = redact(inflated);
    return redacted === body ? body : await packed(redacted, encoding);
  } finally {
    admission.release(maxBytes);
  }
}

/** The fastest level: the receiver may be on this machine, and its answer is waited for. */
function packed(body: Buffer, encoding: ContentEncoding): Promise<Buffer> {
  if (encoding === 'gzip') return gzipAsync(body, { level: constants.Z_BEST_SPEED });
  return zstdAsync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}
