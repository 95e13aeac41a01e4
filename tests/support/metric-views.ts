// What the page is told of metrics where a test does not care: nothing was measured.
import type { KpisAnswer, ResourcesAnswer } from '../../collector/src/web/api.ts';

export const NO_KPIS: KpisAnswer = {
  paceSeconds: 0,
  gc: [],
  memory: { nowBytes: 0, peakBytes: 0 },
  reuse: [],
  eventLoops: [],
};

export const NO_RESOURCES: ResourcesAnswer = { nowMs: 0, historySeconds: 600, senders: [], series: [], leftOut: 0 };

export const QUIET_METRICS = { kpis: () => NO_KPIS, resources: () => NO_RESOURCES };
