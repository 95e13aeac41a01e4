// The outline of a density, in the units of its picture. Pure.
import type { BaselineDetail, LearnedQuantile } from '../api.ts';

export const WIDTH = 300;
export const HEIGHT = 90;
/** Room above the highest point. */
const TOP = 4;

export interface DensityShape {
  /** An SVG path, closed along the bottom. */
  readonly path: string;
  readonly marks: readonly { readonly quantile: number; readonly x: number }[];
}

/** @returns undefined where there are too few points to draw */
export function densityShape(
  density: BaselineDetail['density'],
  quantiles: readonly LearnedQuantile[],
): DensityShape | undefined {
  const [first, last] = [density[0], density.at(-1)];
  if (first === undefined || last === undefined || density.length < 2) return undefined;
  const most = Math.max(...density.map(([, share]) => share));
  const xOf = (ms: number): number => (WIDTH * Math.log(ms / first[0])) / Math.log(last[0] / first[0]);
  const points = density.map(([ms, share]) => `L${round(xOf(ms))} ${round(HEIGHT - (share / most) * (HEIGHT - TOP))}`);
  const marks = quantiles
    .filter(({ ms }) => ms >= first[0] && ms <= last[0])
    .map(({ quantile, ms }) => ({ quantile, x: round(xOf(ms)) }));
  return { path: `M0 ${HEIGHT}${points.join('')}L${WIDTH} ${HEIGHT}Z`, marks };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
