// Answers of the API: asked for once, and again while somebody looks; and what is sent to it.
import { useEffect, useRef, useState } from 'preact/hooks';

/** What is known of an answer; after a failure the earlier answer stays, with the problem beside it. */
export interface Loaded<T> {
  /** The URL that `answer` belongs to. */
  readonly url: string;
  readonly answer: T | undefined;
  /** HTTP status, 0 where there was no answer at all; undefined while waiting for the first. */
  readonly status: number | undefined;
  readonly problem: string;
}

type Outcome<T> = Pick<Loaded<T>, 'problem'> & { readonly status: number; readonly answer?: T };

const REFRESH_EVERY_MS = 5000;
const SIGNED_OUT = 'you are signed out; reload the page to sign in';

/**
 * Fetches an answer, and again every five seconds while the tab is visible.
 *
 * @param refresh tells whether to ask again, given what is shown
 */
export function useAnswer<T>(url: string, refresh: (shown: T | undefined) => boolean): Loaded<T> {
  const nothing: Loaded<T> = { url, answer: undefined, status: undefined, problem: '' };
  const [loaded, setLoaded] = useState(nothing);
  const isWanted = useRef((): boolean => true);
  isWanted.current = () => refresh(loaded.answer);
  useEffect(() => {
    const abort = new AbortController();
    let isAsking = false;
    const load = async (): Promise<void> => {
      if (isAsking) return;
      isAsking = true;
      const outcome = await ask<T>(url, abort.signal);
      isAsking = false;
      if (abort.signal.aborted) return;
      setLoaded((before) => ({ url, answer: before.url === url ? before.answer : undefined, ...outcome }));
    };
    void load();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible' && isWanted.current()) void load();
    }, REFRESH_EVERY_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [url]);
  return loaded.url === url ? loaded : nothing;
}

/** Sends a wish to the sidecar. @returns its answer, or what is wrong; empty where nothing is */
export async function send<T>(
  url: string,
  body: object,
  method: 'POST' | 'DELETE' = 'POST',
): Promise<{ readonly problem: string; readonly answer?: T }> {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
    if (response.ok) return { problem: '', answer: (await response.json()) as T };
    return { problem: response.status === 401 ? SIGNED_OUT : await problemOf(response) };
  } catch {
    return { problem: 'the sidecar does not answer' };
  }
}

async function ask<T>(url: string, signal: AbortSignal): Promise<Outcome<T>> {
  try {
    const response = await fetch(url, { signal });
    if (response.status === 401) return { status: 401, problem: SIGNED_OUT };
    if (!response.ok) return { status: response.status, problem: await problemOf(response) };
    // The sidecar that serves the page writes these answers from the same types, so they are taken at their word.
    return { status: response.status, answer: (await response.json()) as T, problem: '' };
  } catch {
    return { status: 0, problem: 'the sidecar does not answer' };
  }
}

/** What the sidecar says is wrong. */
async function problemOf(response: Response): Promise<string> {
  const { error = `the sidecar answered ${response.status}` } = (await response.json()) as { error?: string };
  return error;
}
