// Which view an address shows. What operations need comes with the page; every other view is fetched when it is wanted.
import type { ComponentChildren, FunctionComponent } from 'preact';
import type { LiveFeed } from './feed.ts';
import { BaselinePanel } from './operation-panel.tsx';
import { type LazyView, lazyView } from './lazy-view.tsx';
import { OperationsView } from './operations-view.tsx';
import {
  linkTo,
  type ReportsRoute,
  type Route,
  type SamplingRoute,
  type TracesRoute,
  type ViolationsRoute,
} from './route.ts';
import { TimeChart } from './time-chart.tsx';

interface Fed {
  readonly feed: LiveFeed;
}

export const TITLES: Readonly<Record<Route['view'], string>> = {
  operations: 'Operations',
  violations: 'Violations',
  traces: 'Kept traces',
  trace: 'Trace',
  sampling: 'Sampling',
  cardinality: 'Cardinality',
  resources: 'Resources',
  reports: 'Reports',
  books: 'Books',
  unknown: 'Not found',
};

const ViolationsView = later<Fed & { route: ViolationsRoute }>(
  'violations',
  async () => (await import('./violations-view.tsx')).ViolationsView,
);
const TracesView = later<Fed & { route: TracesRoute }>(
  'traces',
  async () => (await import('./traces-view.tsx')).TracesView,
);
const TraceView = later<{ traceId: string }>('trace', async () => (await import('./trace-view.tsx')).TraceView);
const SamplingView = later<Fed & { route: SamplingRoute }>(
  'sampling',
  async () => (await import('./sampling-view.tsx')).SamplingView,
);
const CardinalityView = later<Fed>('cardinality', async () => (await import('./cardinality-view.tsx')).CardinalityView);
const ResourcesView = later<Fed>('resources', async () => (await import('./resources-view.tsx')).ResourcesView);
const ReportsView = later<{ route: ReportsRoute }>(
  'reports',
  async () => (await import('./reports-view.tsx')).ReportsView,
);
const BooksView = later<Fed>('books', async () => (await import('./books-view.tsx')).BooksView);

export function View({ route, feed }: Fed & { route: Route }): ComponentChildren {
  if (route.view === 'operations') return <OperationsView feed={feed} />;
  if (route.view === 'violations') return <ViolationsView key={route.group} route={route} feed={feed} />;
  if (route.view === 'traces') return <TracesView route={route} feed={feed} />;
  if (route.view === 'trace') return <TraceView key={route.traceId} traceId={route.traceId} />;
  if (route.view === 'sampling') return <SamplingView route={route} feed={feed} />;
  if (route.view === 'cardinality') return <CardinalityView feed={feed} />;
  if (route.view === 'resources') return <ResourcesView feed={feed} />;
  if (route.view === 'reports') return <ReportsView route={route} />;
  if (route.view === 'books') return <BooksView feed={feed} />;
  return (
    <section class="empty">
      <h1>Nothing is here</h1>
      <p>
        This address leads to no view. <a href={linkTo({ view: 'operations' })}>Go to the operations</a>.
      </p>
    </section>
  );
}

/** Fetches every view and what draws charts, so that going to one is instant; called when the first one has what it shows. */
export function preloadViews(): void {
  const views = [ViolationsView, TracesView, TraceView, SamplingView, CardinalityView, ResourcesView];
  for (const each of [...views, ReportsView, BooksView, TimeChart, BaselinePanel]) each.preload();
}

/** A view under its own heading from the first moment, so that nothing moves when the rest is there. */
function later<Props extends object>(
  view: Route['view'],
  load: () => Promise<FunctionComponent<Props>>,
): LazyView<Props> {
  return lazyView(load, ({ missing }) => (
    <>
      <h1>{TITLES[view]}</h1>
      {missing ?? <p class="waiting late">Fetching this view…</p>}
    </>
  ));
}
