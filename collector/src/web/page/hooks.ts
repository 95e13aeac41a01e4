// What components read from the browser: the feed, the place, whether the reader is busy with a table.
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FeedState, LiveFeed } from './feed.ts';
import { type Route, parseRoute } from './route.ts';

export function useFeed(feed: LiveFeed): FeedState {
  const [state, setState] = useState(feed.state);
  useEffect(() => {
    setState(feed.state);
    return feed.subscribe(() => setState(feed.state));
  }, [feed]);
  return state;
}

export function useRoute(): Route {
  const [first] = useState(location.hash);
  const [route, setRoute] = useState(() => parseRoute(first));
  useEffect(() => {
    const changed = (): void => setRoute(parseRoute(location.hash));
    // Who was quick went on before anybody listened.
    if (location.hash !== first) changed();
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}

/**
 * Tells whether the pointer or the focus is inside an element, so that nothing moves away under it.
 *
 * Asked of the browser each time: an element that is taken out under the pointer tells nobody that it was left.
 */
export function useBusy<Place extends HTMLElement>(): { readonly place: RefObject<Place | null>; isBusy(): boolean } {
  const place = useRef<Place>(null);
  const isBusy = (): boolean =>
    place.current !== null && (place.current.matches(':hover') || place.current.contains(document.activeElement));
  return { place, isBusy };
}
