// What is known of a series, in the words of the API and of reports. Pure.
import type { ResourceLine, ResourcePeriod } from './contract.ts';
import type { Series } from './series.ts';

/** Between so many of the usual distance to each side readings usually lie. */
const BAND_SPREADS = 3;

export function lineOf(series: Series): ResourceLine {
  const { identity, limit, now, severity } = series;
  const { subject, metric, unit } = identity;
  const left = series.timeToLimit();
  const isRatio = limit !== undefined;
  return {
    key: subject.key,
    name: subject.name,
    metric,
    attributes: subject.attributes,
    unit,
    state: series.state,
    ...(severity === undefined ? {} : { severity }),
    score: now?.score ?? 0,
    ...(now === undefined ? {} : { current: now.value }),
    ...(now === undefined || Number.isNaN(now.usual) ? {} : usualOf(now, series.rule.leastChange)),
    ...(limit === undefined ? {} : { limit }),
    ...(isRatio && now !== undefined ? { usedRatio: now.value / limit } : {}),
    ...(left === undefined ? {} : { secondsToLimit: left.ms / 1000 }),
    seenMs: series.seenMs,
  };
}

/** What was in some time; undefined where nothing was. */
export function periodOf(series: Series, fromMs: number, toMs: number): ResourcePeriod | undefined {
  const spans = series.history.between(fromMs, toMs);
  if (spans.length === 0) return undefined;
  const mean = spans.reduce((sum, each) => sum + each.mean, 0) / spans.length;
  return {
    name: series.identity.subject.name,
    unit: series.identity.unit,
    mean,
    max: Math.max(...spans.map(({ max }) => max)),
    ...(series.limit === undefined ? {} : { limit: series.limit }),
    points: spans.map((each) => ({ timeMs: each.fromMs, value: each.mean })),
  };
}

/** Orders lines: what asks to be looked at first. */
export function urgencyOf({ severity, state }: ResourceLine): number {
  const rank = severity === undefined ? 0 : ['info', 'warning', 'critical', 'emergency'].indexOf(severity) + 1;
  return rank * 2 + Number(state === 'saturated' || state === 'departed');
}

function usualOf(
  { usual, spread }: NonNullable<Series['now']>,
  leastChange: number,
): Pick<ResourceLine, 'usual' | 'usualFrom' | 'usualTo'> {
  const reach = Math.max(BAND_SPREADS * spread, leastChange);
  // What never is negative is not usually so.
  const from = usual >= 0 ? Math.max(0, usual - reach) : usual - reach;
  return { usual, usualFrom: from, usualTo: usual + reach };
}
