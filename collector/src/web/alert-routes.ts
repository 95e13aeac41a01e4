// Paths of the API about alerts: what there is to read, and what people do with an alert.
import type { IncomingMessage } from 'node:http';
import { plainHost } from '../config/addresses.ts';
import type { AlertChange, AlertView } from './api.ts';
import { readSmallBody } from './small-body.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Of a silence with every attribute at its longest there is more; nobody types that. */
const MAX_BODY_BYTES = 8192;
/** Of all that are known; the page is told of the first. */
const MAX_ALERTS = 500;
export const DEFAULT_ALERTS = 40;
const CHANGE = /^\/api\/(?:alerts\/([^/]+)\/(acknowledge|feedback)|silences(?:\/([^/]+))?)$/;
const STATUS = { malformed: 400, unknown: 404, conflict: 409 } as const;
const OFF: Answer = {
  status: 404,
  body: { error: 'alerts are off; take out alert: false, baseline: false and measure: false' },
};

/** @returns undefined where the path is another's */
export function answerAlerts(view: AlertView | undefined, { pathname, searchParams }: URL): Answer | undefined {
  if (pathname !== '/api/alerts') return undefined;
  if (view === undefined) return OFF;
  const limit = Number(searchParams.get('limit') ?? DEFAULT_ALERTS);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_ALERTS) return { status: 200, body: view.alerts(limit) };
  return { status: 400, body: { error: `limit is a whole number from 1 to ${MAX_ALERTS}` } };
}

/** The method by which something about alerts is changed at a path; undefined where nothing is. */
export function alertMethod(path: string): 'POST' | 'DELETE' | undefined {
  const [whole, , , silence] = CHANGE.exec(path) ?? [];
  if (whole === undefined) return undefined;
  return silence === undefined ? 'POST' : 'DELETE';
}

/**
 * Takes a wish about alerts, for a path and a method that `alertMethod` knows.
 *
 * @param view undefined where alerts are off
 */
export async function takeAlertChange(
  request: IncomingMessage,
  path: string,
  view: AlertView | undefined,
): Promise<Answer> {
  if (view === undefined) return OFF;
  const text = await readSmallBody(request, MAX_BODY_BYTES);
  if (text === undefined) return { status: 400, body: { error: `a wish has at most ${MAX_BODY_BYTES} bytes` } };
  const [, encodedAlert, action, encodedSilence] = CHANGE.exec(path) ?? [];
  const [alert, silence] = [decoded(encodedAlert), decoded(encodedSilence)];
  const wish = parsed(text);
  if (wish === undefined) return { status: 400, body: { error: 'this is no JSON' } };
  const who = `somebody at ${plainHost(request.socket.remoteAddress ?? '')}`;
  if (action === 'acknowledge') return answerOf(await view.acknowledge(alert, wish, who));
  if (action === 'feedback') return answerOf(await view.rate(alert, wish, who));
  if (encodedSilence !== undefined) return answerOf(await view.unsilence(silence, wish, who));
  return answerOf(await view.silence(wish, who));
}

function answerOf(change: AlertChange<unknown>): Answer {
  if ('done' in change) return { status: 200, body: change.done };
  return { status: STATUS[change.refused], body: { error: change.problem } };
}

/** Nothing at all wishes for nothing in particular. @returns undefined where it is no JSON */
function parsed(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What is not well encoded is no id of anything. */
function decoded(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
