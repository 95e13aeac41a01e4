// What commands ask a running sidecar over its page's port.
import { EvenkeelError } from '../errors.ts';
import { UsageError } from './arguments.ts';

const DEFAULT_URL = 'http://127.0.0.1:4320';
/** An answer takes milliseconds; a disk that is busy with other things may take seconds. */
const ANSWER_WITHIN_MS = 10_000;

/** Reads `--url`. @returns an address that ends in a slash @throws UsageError */
export function sidecarUrl(text = DEFAULT_URL): URL {
  const url = URL.parse(text.replace(/\/?$/, '/'));
  // With credentials in it the address would show up where addresses are shown.
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new UsageError('--url wants an address without credentials, as in http://127.0.0.1:4320');
  return url;
}

/**
 * Asks, with the token in EVENKEEL_TOKEN where there is one.
 *
 * @param member an answer has; what has not is no sidecar's
 * @param wish sent as JSON, text as it is; without one it is a GET
 * @throws SIDECAR_UNREACHABLE, SIDECAR_REFUSED
 */
export async function askSidecar<Answer>(
  url: URL,
  environment: NodeJS.ProcessEnv,
  member: keyof Answer & string,
  wish?: object | string,
  method: 'POST' | 'DELETE' = 'POST',
): Promise<Answer> {
  const body = typeof wish === 'string' ? wish : JSON.stringify(wish);
  const told = await fetched(url, environment, wish === undefined ? {} : { method, body });
  const answer = jsonObject(told.text);
  if (told.status === 200 && answer !== undefined && member in answer) return answer as Answer;
  throw refusal(url, told);
}

/**
 * Asks for something that is no answer in JSON.
 *
 * @param mediaType begins what the answer must be of
 * @returns what the sidecar says in its place where there is no such thing
 * @throws SIDECAR_UNREACHABLE, SIDECAR_REFUSED
 */
export async function askSidecarForText(
  url: URL,
  environment: NodeJS.ProcessEnv,
  mediaType: string,
): Promise<{ readonly text: string } | { readonly missing: string }> {
  const told = await fetched(url, environment);
  if (told.status === 200 && told.mediaType.startsWith(mediaType)) return { text: told.text };
  const answer = jsonObject(told.text);
  if (told.status === 404 && answer !== undefined && 'error' in answer) return { missing: String(answer.error) };
  throw refusal(url, told);
}

interface Told {
  readonly status: number;
  readonly mediaType: string;
  readonly text: string;
}

/** @throws SIDECAR_UNREACHABLE */
async function fetched(url: URL, environment: NodeJS.ProcessEnv, wish: RequestInit = {}): Promise<Told> {
  const token = environment['EVENKEEL_TOKEN'];
  try {
    const response = await fetch(url, {
      headers: token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'error',
      ...wish,
    });
    const mediaType = response.headers.get('content-type') ?? '';
    return { status: response.status, mediaType, text: await response.text() };
  } catch (cause) {
    throw new EvenkeelError('SIDECAR_UNREACHABLE', url.origin, { cause });
  }
}

function refusal(url: URL, { status, text }: Told): EvenkeelError {
  const answer = jsonObject(text);
  const reason = answer !== undefined && 'error' in answer ? String(answer.error) : 'this is no answer of a sidecar';
  return new EvenkeelError('SIDECAR_REFUSED', `${url.origin} says ${status}, ${reason}`);
}

function jsonObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Whatever listens there, it is no sidecar.
    return undefined;
  }
}
