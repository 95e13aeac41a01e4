// Paths of the API about violations and baselines.
import type { BaselinesQuery, BaselineState, BaselineView } from './api.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Lines of one answer: each takes up to a tenth of a millisecond to make, on the thread that takes spans. */
const MAX_LINES = 50;
/** Of all that are remembered; the page is told of the first. */
const MAX_GROUPS = 500;
export const DEFAULT_GROUPS = 40;
const STATES: readonly string[] = ['learning', 'provisional', 'learned'] satisfies BaselineState[];

const OFF: Answer = {
  status: 404,
  body: { error: 'baselines are off; take out baseline: false, and measure: false' },
};

/** @returns undefined where the path is another's */
export function answerBaselines(view: BaselineView | undefined, url: URL): Answer | Promise<Answer> | undefined {
  const [, api, room, key = '', ...more] = url.pathname.split('/');
  if (api !== 'api' || (room !== 'violations' && room !== 'baselines') || more.length > 0) return undefined;
  if (view === undefined) return OFF;
  const name = decoded(key);
  if (name === undefined) return { status: 400, body: { error: 'the path is not well encoded' } };
  if (room === 'baselines' && name === 'export') return exported(view, url.searchParams);
  if (room === 'violations') return name === '' ? violations(view, url.searchParams) : group(view, name);
  return name === '' ? baselines(view, url.searchParams) : baseline(view, name);
}

function violations(view: BaselineView, parameters: URLSearchParams): Answer {
  const limit = wholeOf(parameters, 'limit', DEFAULT_GROUPS, MAX_GROUPS);
  if (limit === undefined || limit === 0) return wrongNumber('limit', 1, MAX_GROUPS);
  return { status: 200, body: view.violations(limit) };
}

function group(view: BaselineView, id: string): Answer {
  const body = view.group(id);
  return body === undefined
    ? { status: 404, body: { error: 'no violations are known under this id (any more)' } }
    : { status: 200, body };
}

function baselines(view: BaselineView, parameters: URLSearchParams): Answer {
  const limit = wholeOf(parameters, 'limit', MAX_LINES, MAX_LINES);
  if (limit === undefined || limit === 0) return wrongNumber('limit', 1, MAX_LINES);
  const offset = wholeOf(parameters, 'offset', 0, Number.MAX_SAFE_INTEGER);
  if (offset === undefined) return wrongNumber('offset', 0);
  const state = parameters.get('state') ?? '';
  if (state !== '' && !isState(state))
    return { status: 400, body: { error: `state is one of ${STATES.join(', ')}, or left out` } };
  const query: BaselinesQuery = {
    offset,
    limit,
    state: state === '' ? undefined : state,
    search: parameters.get('search') ?? '',
  };
  return { status: 200, body: view.baselines(query) };
}

async function exported(view: BaselineView, parameters: URLSearchParams): Promise<Answer> {
  const limit = wholeOf(parameters, 'limit', MAX_LINES, MAX_LINES);
  if (limit === undefined || limit === 0) return wrongNumber('limit', 1, MAX_LINES);
  const offset = wholeOf(parameters, 'offset', 0, Number.MAX_SAFE_INTEGER);
  if (offset === undefined) return wrongNumber('offset', 0);
  return { status: 200, body: await view.exported({ offset, limit }) };
}

function baseline(view: BaselineView, key: string): Answer {
  const body = view.baseline(key);
  return body === undefined ? { status: 404, body: { error: 'this operation is not watched' } } : { status: 200, body };
}

function isState(text: string): text is BaselineState {
  return STATES.includes(text);
}

function wholeOf(parameters: URLSearchParams, name: string, otherwise: number, most: number): number | undefined {
  const text = parameters.get(name);
  if (text === null) return otherwise;
  const value = text === '' ? NaN : Number(text);
  return Number.isInteger(value) && value >= 0 && value <= most ? value : undefined;
}

function wrongNumber(name: string, from: number, to?: number): Answer {
  const range = to === undefined ? `from ${from} up` : `from ${from} to ${to}`;
  return { status: 400, body: { error: `${name} is a whole number ${range}` } };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
