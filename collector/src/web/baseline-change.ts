// Wishes that a baseline be learned anew, and baselines that were learned elsewhere, as they come in.
import type { IncomingMessage } from 'node:http';
import type { BaselineChange, BaselineChanges } from '../baseline/contract.ts';
import type { BaselineView } from './api.ts';
import { readSmallBody } from './small-body.ts';

/** Names of a service and an operation may be long. */
const MAX_BODY_BYTES = 8192;
const PATH = /^\/api\/baselines\/(reset|accept)$/;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const OFF: Answer = { status: 404, body: { error: 'baselines are off; take out baseline: false' } };

/** What a path asks for; undefined where it is none of these. */
export function baselineChange(path: string): BaselineChange | undefined {
  return PATH.exec(path)?.[1] as BaselineChange | undefined;
}

/**
 * Takes a wish: JSON with the `name` of an operation, service first, as it is shown.
 *
 * @param changes undefined where baselines are off
 */
export async function takeBaselineChange(
  request: IncomingMessage,
  change: BaselineChange,
  changes: BaselineChanges | undefined,
): Promise<Answer> {
  if (changes === undefined) return OFF;
  const text = await readSmallBody(request, MAX_BODY_BYTES);
  if (text === undefined) return { status: 400, body: { error: `a wish has at most ${MAX_BODY_BYTES} bytes` } };
  const name = nameIn(text);
  if (name === undefined)
    return { status: 400, body: { error: 'this is no JSON with a name, as in {"name":"orders POST /orders"}' } };
  const changed = await changes.change(change, name);
  if (changed.length > 0) return { status: 200, body: { changed } };
  return { status: 404, body: { error: `no operation is watched by the name ${name}; give service and operation` } };
}

export const IMPORT_PATH = '/api/baselines/import';
/** A piece of a document; whoever has a larger one sends several. */
const MAX_IMPORT_BYTES = 2 * 1024 * 1024;

/** Takes baselines of a document. @param view undefined where baselines are off */
export async function takeImport(
  request: IncomingMessage,
  view: Pick<BaselineView, 'import'> | undefined,
): Promise<Answer> {
  if (view === undefined) return OFF;
  const replace = URL.parse(request.url ?? '', 'http://sidecar')?.searchParams.get('replace') ?? 'false';
  if (replace !== 'true' && replace !== 'false')
    return { status: 400, body: { error: 'replace is true or false, or left out' } };
  const text = await readSmallBody(request, MAX_IMPORT_BYTES);
  if (text === undefined) return { status: 400, body: { error: `a document has at most ${MAX_IMPORT_BYTES} bytes` } };
  const answer = await view.import(text, replace === 'true' ? 'replace' : 'add');
  return 'problem' in answer ? { status: 400, body: { error: answer.problem } } : { status: 200, body: answer };
}

function nameIn(text: string): string | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null || !('name' in json)) return undefined;
  return typeof json.name === 'string' && json.name !== '' ? json.name : undefined;
}
