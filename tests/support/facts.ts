// Facts of a trace that no policy but chance would keep, changed where a test says so.
import type { TraceFacts } from '../../collector/src/sample/facts.ts';

export function facts(change: Partial<TraceFacts> = {}): TraceFacts {
  return {
    serial: 0,
    spanCount: 3,
    sizeBytes: 900,
    hasError: false,
    longestEntryMs: 5,
    rootMs: 5,
    matched: 0,
    startMs: 1000,
    nowMs: 7000,
    spans: () => [],
    ...change,
  };
}
