// Where a line chart stands: its place is kept while the script that draws it comes.
import type { ComponentChildren } from 'preact';
import { lazyView } from './lazy-view.tsx';
import type { ChartProps } from './line-chart.tsx';

export const TimeChart = lazyView<ChartProps>(async () => (await import('./line-chart.tsx')).LineChart, Place);

function Place({ title, missing }: ChartProps & { missing: ComponentChildren }): ComponentChildren {
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      {missing ?? <div class="chart-place" />}
    </figure>
  );
}
