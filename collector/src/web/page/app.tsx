// The frame around every view: navigation, connection, theme.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { BooksView } from './books-view.tsx';
import { Connection, StaleNotice } from './connection.tsx';
import type { LiveFeed } from './feed.ts';
import { useRoute } from './hooks.ts';
import { OperationsView } from './operations-view.tsx';
import { type Route, linkTo } from './route.ts';
import { SamplingView } from './sampling-view.tsx';
import { chooseTheme, nextTheme, storedTheme } from './theme.ts';
import { TraceView } from './trace-view.tsx';
import { TracesView } from './traces-view.tsx';

const SAMPLING = linkTo({ view: 'sampling', service: '', operation: '', traceId: '' });

const PLACES = [
  { name: 'Operations', href: linkTo({ view: 'operations' }), views: ['operations'] },
  {
    name: 'Traces',
    href: linkTo({ view: 'traces', service: '', operation: '', errorsOnly: false }),
    views: ['traces', 'trace'],
  },
  { name: 'Sampling', href: SAMPLING, views: ['sampling'] },
  { name: 'Books', href: linkTo({ view: 'books' }), views: ['books'] },
];

const TITLES: Readonly<Record<Route['view'], string>> = {
  operations: 'Operations',
  traces: 'Kept traces',
  trace: 'Trace',
  sampling: 'Sampling',
  books: 'Books',
  unknown: 'Not found',
};

export function App({ feed }: { feed: LiveFeed }): ComponentChildren {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  useArrival(route, main);
  return (
    <div class="app">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header class="bar">
        <a class="brand" href="#/">
          Evenkeel
        </a>
        <nav aria-label="Views">
          {PLACES.map(({ name, href, views }) => (
            <a key={name} href={href} aria-current={views.includes(route.view) ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <Connection feed={feed} />
        <ThemeButton />
      </header>
      <StaleNotice feed={feed} />
      <main id="main" ref={main} tabIndex={-1}>
        <View route={route} feed={feed} />
      </main>
    </div>
  );
}

function View({ route, feed }: { route: Route; feed: LiveFeed }): ComponentChildren {
  if (route.view === 'operations') return <OperationsView feed={feed} />;
  if (route.view === 'traces') return <TracesView route={route} feed={feed} />;
  if (route.view === 'trace') return <TraceView key={route.traceId} traceId={route.traceId} />;
  if (route.view === 'sampling') return <SamplingView route={route} feed={feed} />;
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

function ThemeButton(): ComponentChildren {
  const [theme, setTheme] = useState(storedTheme);
  const next = nextTheme(theme);
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`Colours: ${theme}. Change to ${next}.`}
      onClick={() => {
        chooseTheme(next);
        setTheme(next);
      }}
    >
      Colours: {theme}
    </button>
  );
}

/** Names the view in the title, and takes the focus there when the reader went to another one. */
function useArrival(route: Route, main: { readonly current: HTMLElement | null }): void {
  const isFirst = useRef(true);
  const place = route.view === 'trace' ? route.traceId : route.view;
  useEffect(() => {
    document.title = `${TITLES[route.view]} · Evenkeel`;
    if (!isFirst.current) {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [place]);
}
