// The frame around every view: navigation, connection, theme.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Connection, StaleNotice } from './connection.tsx';
import type { LiveFeed } from './feed.ts';
import { useFeed, useRoute } from './hooks.ts';
import { openCount, worstOf } from './severities.ts';
import { type Route, linkTo } from './route.ts';
import { chooseTheme, nextTheme, storedTheme } from './theme.ts';
import { preloadViews, TITLES, View } from './views.tsx';

const SAMPLING = linkTo({ view: 'sampling', service: '', operation: '', traceId: '' });

const PLACES = [
  { name: 'Operations', href: linkTo({ view: 'operations' }), views: ['operations'] },
  { name: 'Violations', href: linkTo({ view: 'violations', group: '' }), views: ['violations'] },
  {
    name: 'Traces',
    href: linkTo({ view: 'traces', service: '', operation: '', errorsOnly: false }),
    views: ['traces', 'trace'],
  },
  { name: 'Sampling', href: SAMPLING, views: ['sampling'] },
  { name: 'Cardinality', href: linkTo({ view: 'cardinality' }), views: ['cardinality'] },
  { name: 'Resources', href: linkTo({ view: 'resources' }), views: ['resources'] },
  { name: 'Reports', href: linkTo({ view: 'reports', kind: '', date: '' }), views: ['reports'] },
  { name: 'Books', href: linkTo({ view: 'books' }), views: ['books'] },
];

export function App({ feed }: { feed: LiveFeed }): ComponentChildren {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  useArrival(route, main);
  // With the first numbers the view is whole, and what comes then is in nobody's way.
  useEffect(() => {
    const stop = feed.subscribe(() => {
      stop();
      preloadViews();
    });
    return stop;
  }, [feed]);
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
              {name === 'Violations' && <OpenBadge feed={feed} />}
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

/** How many violations are open; nothing where none is. */
function OpenBadge({ feed }: { feed: LiveFeed }): ComponentChildren {
  const { violations } = useFeed(feed);
  const open = violations === undefined ? 0 : openCount(violations.open);
  if (violations === undefined || open === 0) return null;
  return (
    <>
      {' '}
      <span class={`badge severity-${worstOf(violations.open)}`}>
        {open}
        <span class="hidden"> open</span>
      </span>
    </>
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
