// Where in the page one is, kept behind the # so that the page works from any path and links can be shared.

export type Route =
  | { readonly view: 'operations' }
  | TracesRoute
  | { readonly view: 'trace'; readonly traceId: string }
  | ViolationsRoute
  | { readonly view: 'cardinality' }
  | { readonly view: 'resources' }
  | { readonly view: 'books' }
  | ReportsRoute
  | SamplingRoute
  | { readonly view: 'unknown' };

export interface TracesRoute {
  readonly view: 'traces';
  /** Empty for all. */
  readonly service: string;
  /** Empty for all. */
  readonly operation: string;
  readonly errorsOnly: boolean;
}

export interface ViolationsRoute {
  readonly view: 'violations';
  /** Id of one group; empty for all. */
  readonly group: string;
}

export interface ReportsRoute {
  readonly view: 'reports';
  /** Both empty for the latest that is whole. */
  readonly kind: string;
  readonly date: string;
}

/** What the form that keeps something for a time begins with; empty where nothing is chosen. */
export interface SamplingRoute {
  readonly view: 'sampling';
  readonly service: string;
  readonly operation: string;
  readonly traceId: string;
}

/** Reads what follows the address, `#` included; whatever is not known is `unknown`. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/');
  if (path === '' || path === 'operations') return { view: 'operations' };
  if (path === 'books' || path === 'cardinality' || path === 'resources') return { view: path };
  if (path === 'violations') return { view: 'violations', group: '' };
  if (path === 'reports') return { view: 'reports', kind: '', date: '' };
  if (path === 'sampling') return samplingRoute(new URLSearchParams(query));
  if (path === 'traces') return tracesRoute(new URLSearchParams(query));
  const id = parts[1] ?? '';
  if (parts[0] === 'violations' && parts.length === 2 && /^[\w-]{1,64}$/.test(id))
    return { view: 'violations', group: id };
  const [, report = '', date = ''] = /^reports\/(daily|weekly|monthly)\/(\d{4}-\d{2}-\d{2})$/.exec(path) ?? [];
  if (report !== '') return { view: 'reports', kind: report, date };
  if (parts[0] === 'traces' && parts.length === 2 && /^[0-9a-f]{32}$/i.test(id))
    return { view: 'trace', traceId: id.toLowerCase() };
  return { view: 'unknown' };
}

/** Writes the link to a place; the inverse of `parseRoute`. */
export function linkTo(route: Exclude<Route, { view: 'unknown' }>): string {
  if (route.view === 'trace') return `#/traces/${route.traceId}`;
  if (route.view === 'violations') return route.group === '' ? '#/violations' : `#/violations/${route.group}`;
  if (route.view === 'reports') return route.kind === '' ? '#/reports' : `#/reports/${route.kind}/${route.date}`;
  if (route.view === 'traces') return withQuery('#/traces', tracesQuery(route));
  if (route.view !== 'sampling') return `#/${route.view}`;
  const { service, operation, traceId: trace } = route;
  return withQuery('#/sampling', { service, operation, trace });
}

/** Finds a trace id in what somebody pasted: the id alone, or a `traceparent` header. */
export function traceIdIn(text: string): string | undefined {
  return /^\s*(?:traceparent:\s*)?(?:[0-9a-f]{2}-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?\s*$/i
    .exec(text)?.[1]
    ?.toLowerCase();
}

/** The API address behind a list of traces. */
export function tracesUrl(route: TracesRoute, limit: number): string {
  const url = withQuery('api/traces', tracesQuery(route));
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

function tracesQuery({ service, operation, errorsOnly }: TracesRoute): Record<string, string> {
  return { service, operation, errors: errorsOnly ? 'true' : '' };
}

function samplingRoute(query: URLSearchParams): SamplingRoute {
  return {
    view: 'sampling',
    service: query.get('service') ?? '',
    operation: query.get('operation') ?? '',
    traceId: query.get('trace') ?? '',
  };
}

/** Empty values are left out. */
function withQuery(path: string, values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
