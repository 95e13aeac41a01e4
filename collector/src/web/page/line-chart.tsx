// A line chart over the last minutes, in a script of its own: what draws it is as large as the rest of the page.
// The numbers behind it are in tables as well; the chart adds their course.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { clockTime } from './format.ts';

interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Name of a colour of the style sheet. */
  readonly colour: string;
}

export interface ChartProps {
  readonly title: string;
  /** Says what the chart shows to those who do not see it. */
  readonly summary: string;
  /** Unix seconds. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number | null) => string;
  /** Steps between the marks of the axis, ascending; decimal ones unless stated. */
  readonly steps?: readonly number[];
  /** How far back it goes at most; five minutes unless stated. */
  readonly maxSeconds?: number;
}

const HEIGHT = 150;
/** Right after opening the page a minute is shown, later as much as is kept. */
const MIN_SECONDS = 60;
const MAX_SECONDS = 300;

export function LineChart(props: ChartProps): ComponentChildren {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const scheme = useColourScheme();
  // Lines may come and go, and a chart has those it was made with.
  const labels = props.lines.map(({ label }) => label).join();
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(optionsOf(props, element), dataOf(props), element);
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [scheme, labels]);
  useEffect(() => chart.current?.setData(dataOf(props)), [props.times]);
  return (
    <figure class="chart">
      <figcaption>{props.title}</figcaption>
      <div ref={place} role="img" aria-label={props.summary} />
    </figure>
  );
}

function dataOf({ times, lines }: ChartProps): uPlot.AlignedData {
  return [[...times], ...lines.map((line) => [...line.values])];
}

function optionsOf(
  { lines, format, steps, maxSeconds = MAX_SECONDS }: ChartProps,
  element: HTMLElement,
): uPlot.Options {
  const axis = {
    stroke: colourOf(element, '--quiet-ink'),
    grid: { stroke: colourOf(element, '--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { drag: { x: false, y: false }, y: false },
    scales: {
      x: { range: (_, min, max) => [Math.max(Math.min(min, max - MIN_SECONDS), max - maxSeconds), max] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    series: [
      { label: 'at', value: (plot, time) => clockTime((time ?? lastOf(plot, 0) ?? 0) * 1000) },
      ...lines.map((line) => ({
        label: line.label,
        stroke: colourOf(element, line.colour),
        width: 1.5,
        points: { show: false },
        value: (plot: uPlot, value: number | null, series: number, index: number | null) =>
          format(index === null ? lastOf(plot, series) : value),
      })),
    ],
    axes: [
      {
        ...axis,
        size: 30,
        values: (_, times, __, ___, step) => times.map((time) => clockTime(time * 1000).slice(0, step < 60 ? 8 : 5)),
      },
      {
        ...axis,
        size: 80,
        ...(steps === undefined ? {} : { incrs: [...steps] }),
        values: (_, values) => values.map(format),
      },
    ],
  };
}

/** The legend shows the latest reading while no pointer asks for another. */
function lastOf(plot: uPlot, series: number): number | null {
  return plot.data[series]?.at(-1) ?? null;
}

/** A canvas knows no style sheet, so the browser is asked what a name stands for. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Changes whenever the page turns light or dark. */
function useColourScheme(): string {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const read = (): string => `${document.documentElement.dataset['theme'] ?? ''} ${String(dark.matches)}`;
  const [scheme, setScheme] = useState(read);
  useEffect(() => {
    const changed = (): void => setScheme(read());
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    dark.addEventListener('change', changed);
    return () => {
      observer.disconnect();
      dark.removeEventListener('change', changed);
    };
  }, []);
  return scheme;
}
