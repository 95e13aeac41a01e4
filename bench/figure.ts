// What a bench answers, and the little arithmetic all benches share.

/** One measured number. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** Half the distance between the quartiles, in the same unit. */
  spread: number;
  /** What the value is held against; `holds` says whether it does. */
  bound?: number;
  /** Which side of the bound is the good one, where that is not clear. */
  boundIs?: '≥' | '≤';
  holds?: boolean;
  /** Whose number it is where rivals stand side by side; `ratio` is ours in terms of theirs. */
  side?: string;
}

/** Median and spread of samples. */
export function summary(samples: readonly number[]): { value: number; spread: number } {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
  return { value: at(0.5), spread: (at(0.75) - at(0.25)) / 2 };
}

/** CPU seconds of this process, all threads, that a task takes. */
export function cpuSeconds(task: () => void): number {
  const before = process.cpuUsage();
  task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
