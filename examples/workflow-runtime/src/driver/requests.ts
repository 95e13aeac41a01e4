// What the driver asks for. Pure: the same numbers give the same requests.
import { KNOWN_ANSWERS } from '../ask/known-answers.ts';
import { pick, type Random } from './random.ts';

export interface DriverRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
}

const QUESTIONS = [...KNOWN_ANSWERS.keys()];

/**
 * Kinds of requests with their weights. Mostly questions, as an API of this kind sees; a run reads tens to hundreds of
 * files and makes about as many spans as two hundred questions, so it stays rare.
 */
const KINDS: readonly (readonly [weight: number, make: (random: Random, names: readonly string[]) => DriverRequest])[] =
  [
    [55, (random) => get(`/ask?q=${encodeURIComponent(pick(random, QUESTIONS))}`)],
    [15, (random, names) => get(`/packages/${encodeURIComponent(pick(random, names))}`)],
    [10, (random, names) => get(`/packages?prefix=${encodeURIComponent(pick(random, names).slice(0, 3))}`)],
    [9, (random, names) => get(`/packages/${encodeURIComponent(pick(random, names))}/readme`)],
    [4, () => get('/findings?limit=20')],
    [4, () => get('/health')],
    [3, (random, names) => ({ method: 'POST', path: '/runs', body: { package: pick(random, names) } })],
  ];

const TOTAL_WEIGHT = KINDS.reduce((sum, [weight]) => sum + weight, 0);

/**
 * Draws the next request.
 *
 * @param names package names to ask about; empty before any are known, then only questions are drawn
 */
export function nextRequest(random: Random, names: readonly string[]): DriverRequest {
  if (names.length === 0) return KINDS[0][1](random, names);
  let left = random() * TOTAL_WEIGHT;
  for (const [weight, make] of KINDS) {
    left -= weight;
    if (left < 0) return make(random, names);
  }
  return KINDS[0][1](random, names);
}

function get(path: string): DriverRequest {
  return { method: 'GET', path };
}
