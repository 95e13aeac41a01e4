// What the API takes, beside a token to sign in with: wishes to keep traces, to learn baselines anew, and about alerts.
import type { IncomingMessage } from 'node:http';
import type { BaselineChanges } from '../baseline/contract.ts';
import type { PinWish } from '../sample/contract.ts';
import { alertMethod, takeAlertChange } from './alert-routes.ts';
import type { AlertView, BaselineView } from './api.ts';
import { baselineChange, IMPORT_PATH, takeBaselineChange, takeImport } from './baseline-change.ts';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Whoever takes them. */
export interface ChangeViews {
  /** @returns false where there are too many wishes already */
  pin(wish: PinWish): boolean;
  /** Absent where baselines are off. */
  readonly baselineChanges?: BaselineChanges | undefined;
  readonly baselines?: Pick<BaselineView, 'import'> | undefined;
  /** Absent where alerts are off. */
  readonly alerts?: AlertView | undefined;
}

/** The method by which something is changed at a path; undefined where nothing is. */
export function changeMethod(path: string): 'POST' | 'DELETE' | undefined {
  if (path === '/api/pins' || path === IMPORT_PATH || baselineChange(path) !== undefined) return 'POST';
  return alertMethod(path);
}

/** Takes a wish, for a path and with the method that `changeMethod` says. */
export async function takeChange(request: IncomingMessage, path: string, views: ChangeViews): Promise<Answer> {
  if (path === '/api/pins') return pin(request, views);
  if (path === IMPORT_PATH) return takeImport(request, views.baselines);
  const change = baselineChange(path);
  if (change !== undefined) return takeBaselineChange(request, change, views.baselineChanges);
  return takeAlertChange(request, path, views.alerts);
}

async function pin(request: IncomingMessage, views: ChangeViews): Promise<Answer> {
  // Few ever wish, and what checks wishes is large.
  const { readWish } = await import('./pins.ts');
  const wish = await readWish(request);
  if (typeof wish === 'string') return { status: 400, body: { error: wish } };
  if (views.pin(wish)) return { status: 200, body: wish };
  return { status: 409, body: { error: 'too many wishes at once; wait until one has run out' } };
}
