// How durations are spread, over a logarithmic axis; the quantiles beside it say the same in numbers.
import type { ComponentChildren } from 'preact';
import type { BaselineDetail, LearnedQuantile } from '../api.ts';
import { densityShape, HEIGHT, WIDTH } from './density-shape.ts';
import { duration } from './format.ts';

interface DensityChartProps {
  readonly density: BaselineDetail['density'];
  readonly quantiles: readonly LearnedQuantile[];
}

export function DensityChart({ density, quantiles }: DensityChartProps): ComponentChildren {
  const shape = densityShape(density, quantiles);
  const [first, last] = [density[0], density.at(-1)];
  if (shape === undefined || first === undefined || last === undefined) return null;
  const summary = `Share of calls by duration, from ${duration(first[0])} to ${duration(last[0])}`;
  return (
    <figure class="chart density">
      <figcaption>Durations</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary} preserveAspectRatio="none">
        <path class="density-area" d={shape.path} />
        {shape.marks.map(({ quantile, x }) => (
          <line key={quantile} class="density-mark" x1={x} x2={x} y1={0} y2={HEIGHT} />
        ))}
      </svg>
      <p class="density-ends">
        <span>{duration(first[0])}</span>
        <span>{duration(last[0])}</span>
      </p>
    </figure>
  );
}
