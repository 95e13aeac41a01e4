// Windows in columns, as they are written: a tenth of what they take one by one.
import type { Window } from './windows.ts';

/** One entry a window; bins and counts of all of them one after the other. */
export interface PackedWindows {
  readonly fromMs: Float64Array;
  readonly toMs: Float64Array;
  readonly calls: Float64Array;
  readonly errors: Float64Array;
  readonly kinds: Uint16Array;
  readonly bins: Uint8Array;
  readonly counts: Uint32Array;
}

export function packWindows(windows: readonly Window[]): PackedWindows {
  const total = windows.reduce((sum, { bins }) => sum + bins.length, 0);
  const packed = {
    fromMs: Float64Array.from(windows, ({ fromMs }) => fromMs),
    toMs: Float64Array.from(windows, ({ toMs }) => toMs),
    calls: Float64Array.from(windows, ({ calls }) => calls),
    errors: Float64Array.from(windows, ({ errors }) => errors),
    kinds: Uint16Array.from(windows, ({ bins }) => bins.length),
    bins: new Uint8Array(total),
    counts: new Uint32Array(total),
  };
  let at = 0;
  for (const { bins, counts } of windows) {
    packed.bins.set(bins, at);
    packed.counts.set(counts, at);
    at += bins.length;
  }
  return packed;
}

export function unpackWindows({ fromMs, toMs, calls, errors, kinds, bins, counts }: PackedWindows): Window[] {
  let end = 0;
  return Array.from(kinds, (length, i) => {
    const from = end;
    end += length;
    return {
      fromMs: fromMs[i] ?? 0,
      toMs: toMs[i] ?? 0,
      calls: calls[i] ?? 0,
      errors: errors[i] ?? 0,
      bins: bins.slice(from, end),
      counts: counts.slice(from, end),
    };
  });
}
