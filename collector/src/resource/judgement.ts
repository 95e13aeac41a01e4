// What is said of a series now, from how near its limit it is and how far from its own normal: the worse of both.
import type { Ratio, Severity } from '../baseline/contract.ts';
import type { Departed } from './departure.ts';
import type { SaturationVerdict } from './saturation.ts';
import type { TimeToLimit } from './trend.ts';
import { departureText, saturationText } from './words.ts';

/** What is said, and how it may change without being news. */
export interface Judgement {
  readonly severity: Severity;
  readonly onsetMs: number;
  readonly ratio: Ratio;
  /** Against chance. */
  readonly nats: number;
  readonly says: string;
  /** What would be news if it were twice or half as much: how long there is left, or how far off it is. */
  readonly amount: number;
}

/** From which factor of the usual on. */
const WARNING_FROM = 2;
const CRITICAL_FROM = 5;
/** A severity once said is kept until it is so far past the border. */
const HYSTERESIS = 1.1;
/** That a limit is near is read, not inferred. */
const CERTAIN_NATS = 60;
/**
 * Of series that others have recorded a departure is said by mistake once in five hundred days (`npm run bench resources`);
 * as nats among the seconds of a day and the ways that explanations count with.
 */
const DEPARTED_NATS = Math.log(500 * 86_400 * 20);
/** Two-sided 95 % of a mean, from the mean distance of readings. */
const INTERVAL = 1.96 * 1.25;

/** What is known of one step of a series. */
export interface Found {
  readonly value: number;
  readonly unit: string;
  readonly usual: number;
  readonly departed: Departed | undefined;
  readonly saturation: (SaturationVerdict & { readonly usedRatio: number }) | undefined;
  readonly left: () => TimeToLimit | undefined;
  readonly isBusyness: boolean;
}

/** @param before what is said of it until now @returns undefined where there is nothing to say */
export function judge(found: Found, before: Severity | undefined): Judgement | undefined {
  const { saturation, departed } = found;
  const near = saturation === undefined || saturation.severity === 'none' ? undefined : saturated(found, saturation);
  const apart = departed === undefined ? undefined : hasLeft(departed, found.unit, before);
  if (near === undefined || apart === undefined) return near ?? apart;
  const worse = rankOf(apart.severity) > rankOf(near.severity) ? apart : near;
  return { ...worse, onsetMs: Math.min(near.onsetMs, apart.onsetMs) };
}

function saturated(found: Found, { severity, onsetMs, usedRatio }: NonNullable<Found['saturation']>): Judgement {
  const left = found.left();
  const factor = found.usual > 0 ? found.value / found.usual : 1;
  return {
    severity: severity === 'critical' ? 'critical' : 'warning',
    onsetMs,
    ratio: { value: factor, low: factor, high: factor },
    nats: CERTAIN_NATS,
    says: saturationText(usedRatio, left, found.isBusyness),
    amount: left?.ms ?? Infinity,
  };
}

function hasLeft(departed: Departed, unit: string, before: Severity | undefined): Judgement {
  const { mean, usual, factor, onsetMs, spread, steps } = departed;
  const value = usual > 0 ? mean / usual : factor;
  const error = usual > 0 ? (INTERVAL * spread) / Math.sqrt(steps) / usual : 0;
  return {
    severity: severityOf(departed, before),
    onsetMs,
    ratio: { value, low: Math.max(0, value - error), high: value + error },
    nats: DEPARTED_NATS,
    says: departureText(departed, unit),
    amount: factor,
  };
}

/** Less than usual harms nobody by itself, and a multiple of nothing is no multiple. */
function severityOf({ direction, factor, usual }: Departed, before: Severity | undefined): Severity {
  if (direction === 'down' || (usual <= 0 && factor > 1e6)) return 'info';
  const plain = severityAt(factor);
  if (before === undefined || before === 'emergency' || plain === before) return plain;
  const kept = severityAt(rankOf(plain) > rankOf(before) ? factor / HYSTERESIS : factor * HYSTERESIS);
  return kept === before ? before : plain;
}

function severityAt(factor: number): Severity {
  return factor >= CRITICAL_FROM ? 'critical' : factor >= WARNING_FROM ? 'warning' : 'info';
}

function rankOf(severity: Severity): number {
  return ['info', 'warning', 'critical', 'emergency'].indexOf(severity);
}
