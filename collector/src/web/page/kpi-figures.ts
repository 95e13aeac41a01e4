// What is made of the figures before they are shown.
import type { KpisAnswer } from '../api.ts';

const UNITS = [
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
] as const;

/** One process that reports of its runtime. */
export interface RuntimeRow {
  readonly service: string;
  readonly instance: string;
  readonly collectionsPerHour: number | undefined;
  readonly delayP99Seconds: number | undefined;
  readonly utilizationRatio: number | undefined;
}

/** Joins what is known of garbage and event loop by process, by name. */
export function runtimeRows({ gc, eventLoops }: KpisAnswer): RuntimeRow[] {
  const id = ({ service, instance }: { service: string; instance: string }): string =>
    JSON.stringify([service, instance]);
  const collections = new Map(gc.map((each) => [id(each), each]));
  const loops = new Map(eventLoops.map((each) => [id(each), each]));
  const senders = new Map(
    [...gc, ...eventLoops].map(({ service, instance }) => [id({ service, instance }), { service, instance }]),
  );
  return [...senders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, sender]) => ({
      ...sender,
      collectionsPerHour: collections.get(key)?.perHour,
      delayP99Seconds: loops.get(key)?.delayP99Seconds,
      utilizationRatio: loops.get(key)?.utilizationRatio,
    }));
}

/** Writes a large number shortly, to three digits: 1.23 M. */
export function short(value: number): string {
  // Rounded first, so that 999 999 is a million.
  const rounded = value < 1 ? Math.round(value) : Number(value.toPrecision(3));
  const [unit, scale] = UNITS.find(([, each]) => rounded >= each) ?? ['', 1];
  if (unit === '') return String(Math.round(rounded));
  const scaled = rounded / scale;
  return `${scaled >= 100 ? Math.round(scaled) : scaled.toPrecision(3)} ${unit}`;
}
