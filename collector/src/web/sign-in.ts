// Signing in with a browser: the form it is shown instead of the page, and the answer to it. Needs no script.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CHALLENGE } from '../pipeline/bearer.ts';
import type { Access } from './access.ts';
import { readSmallBody } from './small-body.ts';

/** A form with the longest token, percent-encoded throughout. */
const MAX_FORM_BYTES = 16 * 1024;

/**
 * The usual policy of the page makes browsers send `Origin: null` with a form; this one lets them say where they are.
 * @see Fetch standard, append a request `Origin` header
 */
const FORM_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
} as const;

/** Tells whether a request comes from somebody who would see a form. */
export function wantsPage({ headers }: IncomingMessage): boolean {
  return (headers.accept ?? '').includes('text/html');
}

/** Shows the form. @param problem what was wrong with the last try */
export function sendForm(response: ServerResponse, problem = ''): void {
  response.writeHead(401, { ...FORM_HEADERS, ...CHALLENGE });
  response.end(response.req.method === 'HEAD' ? undefined : formPage(problem));
}

/** Takes the form: a good token gets a session and is led to the page. */
export async function takeForm(request: IncomingMessage, response: ServerResponse, access: Access): Promise<void> {
  const form = await readSmallBody(request, MAX_FORM_BYTES);
  const cookie = form === undefined ? undefined : access.signIn(new URLSearchParams(form).get('token')?.trim() ?? '');
  if (cookie === undefined) return sendForm(response, 'This token does not let in.');
  // Relative, so that it leads back also behind a proxy that serves the page under a path.
  response.writeHead(303, { location: './', 'set-cookie': cookie, 'cache-control': 'no-store' }).end();
}

function formPage(problem: string): string {
  const alert = problem === '' ? '' : `<p role="alert">${problem}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Evenkeel</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 24rem; margin: 15vh auto 0; padding: 0 1rem }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
input, button { margin: .5rem 0 1rem; padding: .5rem .75rem }
</style>
</head>
<body>
<main>
<h1>Evenkeel</h1>
<p>This page is locked. Sign in with one of the tokens of <code>web.auth</code>.</p>
${alert}
<form method="post" action="login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button>
</form>
</main>
</body>
</html>
`;
}
