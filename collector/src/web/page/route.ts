// Where in the page one is, kept behind the # so that the page works from any path and links can be shared.

export type Route =
  | { readonly view: 'operations' }
  | TracesRoute
  | { readonly view: 'trace'; readonly traceId: string }
  | { readonly view: 'books' }
  | { readonly view: 'unknown' };

export interface TracesRoute {
  readonly view: 'traces';
  /** Empty for all. */
  readonly service: string;
  /** Empty for all. */
  readonly operation: string;
  readonly errorsOnly: boolean;
}

/** Reads what follows the address, `#` included; whatever is not known is `unknown`. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/');
  if (path === '' || path === 'operations') return { view: 'operations' };
  if (path === 'books') return { view: 'books' };
  if (path === 'traces') return tracesRoute(new URLSearchParams(query));
  const traceId = parts[1] ?? '';
  if (parts[0] === 'traces' && parts.length === 2 && /^[0-9a-f]{32}$/i.test(traceId))
    return { view: 'trace', traceId: traceId.toLowerCase() };
  return { view: 'unknown' };
}

/** Writes the link to a place; the inverse of `parseRoute`. */
export function linkTo(route: Exclude<Route, { view: 'unknown' }>): string {
  if (route.view === 'trace') return `#/traces/${route.traceId}`;
  return route.view === 'traces' ? withQuery('#/traces', route) : `#/${route.view}`;
}

/** Finds a trace id in what somebody pasted: the id alone, or a `traceparent` header. */
export function traceIdIn(text: string): string | undefined {
  return /^\s*(?:traceparent:\s*)?(?:[0-9a-f]{2}-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?\s*$/i
    .exec(text)?.[1]
    ?.toLowerCase();
}

/** The API address behind a list of traces. */
export function tracesUrl(route: TracesRoute, limit: number): string {
  const url = withQuery('api/traces', route);
  return `${url}${url.includes('?') ? '&' : '?'}limit=${limit}`;
}

function tracesRoute(query: URLSearchParams): TracesRoute {
  return {
    view: 'traces',
    service: query.get('service') ?? '',
    operation: query.get('operation') ?? '',
    errorsOnly: query.get('errors') === 'true',
  };
}

function withQuery(path: string, route: TracesRoute): string {
  const query = new URLSearchParams();
  if (route.service !== '') query.set('service', route.service);
  if (route.operation !== '') query.set('operation', route.operation);
  if (route.errorsOnly) query.set('errors', 'true');
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
