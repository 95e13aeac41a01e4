// The `ot` member of a span's tracestate: sampling threshold `th` and randomness `rv`, both 56-bit.
// 56 bits do not fit a number, so both are kept as two halves of 28 bits.
// @see OpenTelemetry specification, TraceState: Probability Sampling

/** A 56-bit value. */
export interface Half56 {
  readonly high: number;
  readonly low: number;
}

/** Threshold 0: every trace passes, one span stands for one. */
export const KEEP_ALL: Half56 = { high: 0, low: 0 };

const HALF = 2 ** 28;
/** Hexadecimal digits of 56 bits; as precision of a threshold they keep it from being rounded, which would bend small shares. */
export const DIGITS = 14;

/** What the tracestate read last says. */
export const otState = {
  hasThreshold: false,
  thresholdHigh: 0,
  thresholdLow: 0,
  hasRandom: false,
  randomHigh: 0,
  randomLow: 0,
};

const CODE_COMMA = 0x2c;
const CODE_EQUALS = 0x3d;
const CODE_SEMICOLON = 0x3b;
const CODE_COLON = 0x3a;

/** Reads `ot=th:…;rv:…` of a tracestate into `otState`. Ill-formed values count as absent. */
export function readOtState(bytes: Uint8Array, start: number, length: number): void {
  otState.hasThreshold = otState.hasRandom = false;
  const end = start + length;
  for (let p = start; p < end;) {
    while (p < end && (bytes[p] === 0x20 || bytes[p] === 0x09)) p++;
    let memberEnd = p;
    while (memberEnd < end && bytes[memberEnd] !== CODE_COMMA) memberEnd++;
    if (memberEnd - p > 3 && bytes[p] === 0x6f && bytes[p + 1] === 0x74 && bytes[p + 2] === CODE_EQUALS) {
      // W3C allows blanks around the comma.
      let last = memberEnd;
      while (bytes[last - 1] === 0x20 || bytes[last - 1] === 0x09) last--;
      readMember(bytes, p + 3, last);
      return;
    }
    p = memberEnd + 1;
  }
}

function readMember(bytes: Uint8Array, p: number, end: number): void {
  while (p < end) {
    let fieldEnd = p;
    while (fieldEnd < end && bytes[fieldEnd] !== CODE_SEMICOLON) fieldEnd++;
    if (bytes[p + 2] === CODE_COLON && fieldEnd > p + 3) {
      // `th` has 1 to 14 digits, trailing zeros left out; `rv` always has 14.
      if (bytes[p] === 0x74 && bytes[p + 1] === 0x68 && readHex(bytes, p + 3, fieldEnd)) {
        otState.hasThreshold = true;
        otState.thresholdHigh = hexHigh;
        otState.thresholdLow = hexLow;
      } else if (
        bytes[p] === 0x72 &&
        bytes[p + 1] === 0x76 &&
        fieldEnd - p === 3 + DIGITS &&
        readHex(bytes, p + 3, fieldEnd)
      ) {
        otState.hasRandom = true;
        otState.randomHigh = hexHigh;
        otState.randomLow = hexLow;
      }
    }
    p = fieldEnd + 1;
  }
}

let hexHigh = 0;
let hexLow = 0;

function readHex(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > DIGITS) return false;
  hexHigh = hexLow = 0;
  for (let i = 0; i < DIGITS; i++) {
    let digit = 0;
    if (start + i < end) {
      const code = bytes[start + i];
      if (code >= 0x30 && code <= 0x39) digit = code - 0x30;
      else if (code >= 0x61 && code <= 0x66) digit = code - 0x57;
      else return false;
    }
    if (i < 7) hexHigh = hexHigh * 16 + digit;
    else hexLow = hexLow * 16 + digit;
  }
  return true;
}

/** Writes a threshold as `th` has it: hexadecimal, trailing zeros left out. */
export function formatThreshold({ high, low }: Half56): string {
  const digits = high.toString(16).padStart(7, '0') + low.toString(16).padStart(7, '0');
  return digits.replace(/0+$/, '') || '0';
}

/**
 * Finds the threshold of a sampling ratio.
 *
 * @param ratio above 0, at most 1
 * @param precision significant hexadecimal digits after leading f's, 1..14; the specification recommends 4
 */
export function thresholdOf(ratio: number, precision = 4): Half56 {
  const exact = 2n ** 56n - BigInt(Math.round(ratio * 2 ** 56));
  const leading = /^f*/.exec(exact.toString(16).padStart(DIGITS, '0'))?.[0].length ?? 0;
  const cut = BigInt(4 * Math.max(0, DIGITS - leading - precision));
  const rounded = cut === 0n ? exact : ((exact + (1n << (cut - 1n))) >> cut) << cut;
  const threshold = rounded >> 56n ? 2n ** 56n - 1n : rounded;
  return { high: Number(threshold >> 28n), low: Number(threshold & 0xfffffffn) };
}

/** How many spans one span kept at this threshold stands for. */
export function adjustedCount(high: number, low: number): number {
  return 2 ** 56 / ((HALF - high) * HALF - low);
}

/**
 * Puts a threshold into a tracestate, or takes it out.
 *
 * Other members and other fields of `ot` stay; `ot` moves to the front, as W3C asks of whoever changes a member.
 *
 * @param threshold undefined erases `th`
 */
export function withThreshold(traceState: string, threshold: Half56 | undefined): string {
  const members = traceState
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const own = members.find((member) => member.startsWith('ot='));
  const fields = (own?.slice(3).split(';') ?? []).filter((field) => field !== '' && !field.startsWith('th:'));
  if (threshold !== undefined) fields.unshift(`th:${formatThreshold(threshold)}`);
  const others = members.filter((member) => member !== own);
  return [...(fields.length > 0 ? [`ot=${fields.join(';')}`] : []), ...others].join(',');
}

/** The higher of two thresholds, which keeps less. */
export function higherThreshold(a: Half56, b: Half56): Half56 {
  return isBelow(a.high, a.low, b.high, b.low) ? b : a;
}

/** Compares two 56-bit values given as halves. */
export function isBelow(aHigh: number, aLow: number, bHigh: number, bLow: number): boolean {
  return aHigh < bHigh || (aHigh === bHigh && aLow < bLow);
}
