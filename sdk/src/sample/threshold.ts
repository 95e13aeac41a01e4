// Sampling thresholds and randomness of 56 bits, as text of 14 lower-case hexadecimal digits: equal lengths compare as the
// numbers do, so a decision parses nothing.
// @see OpenTelemetry specification, TraceState: Probability Sampling

/** 14 lower-case hexadecimal digits. A trace is kept where its randomness is at least the threshold. */
export type Threshold = string;

const DIGITS = 14;

/** Of a threshold after leading f's, as the specification recommends: the text stays short, and the share is what it says. */
const PRECISION = 4;

const LIMIT = 2n ** 56n;

/** Keeps every trace. */
export const KEEP_ALL: Threshold = '0'.repeat(DIGITS);

/**
 * Finds the threshold of a sampling ratio.
 *
 * @param ratio 0..1
 * @returns undefined where nothing is kept
 */
export function thresholdOf(ratio: number): Threshold | undefined {
  if (!(ratio > 0)) return undefined;
  const exact = LIMIT - BigInt(Math.round(Math.min(ratio, 1) * 2 ** 56));
  const leading = /^f*/.exec(exact.toString(16).padStart(DIGITS, '0'))?.[0].length ?? 0;
  const cut = BigInt(4 * Math.max(0, DIGITS - leading - PRECISION));
  const rounded = cut === 0n ? exact : ((exact + (1n << (cut - 1n))) >> cut) << cut;
  return (rounded >= LIMIT ? LIMIT - 1n : rounded).toString(16).padStart(DIGITS, '0');
}

/** Reads the value of `th`; undefined where it is ill-formed. */
export function parseThreshold(text: string): Threshold | undefined {
  return /^[0-9a-f]{1,14}$/.test(text) ? text.padEnd(DIGITS, '0') : undefined;
}

/** Writes the value of `th`: trailing zeros are left out. */
export function formatThreshold(threshold: Threshold): string {
  return threshold.replace(/0+$/, '') || '0';
}

/** How many spans one that was kept stands for. */
export function adjustedCount(threshold: Threshold): number {
  return 2 ** 56 / Number(LIMIT - BigInt(`0x${threshold}`));
}

/** The randomness of a trace by its id. @param traceId 32 hexadecimal digits */
export function randomnessOf(traceId: string): string {
  return traceId.slice(-DIGITS).toLowerCase();
}
