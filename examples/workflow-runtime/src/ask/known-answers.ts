// Questions whose answer is known: what the driver asks, and what shows how good the answers are.
import { recordEvaluation } from '@evenkeel/sdk';

/** By question the package that answers it; a few of them, so that the memory of answers is of use. */
export const KNOWN_ANSWERS: ReadonlyMap<string, string> = new Map([
  ['which package parses yaml', 'yaml'],
  ['escape html entities in a template', 'escape-html'],
  ['match files with glob patterns', 'tinyglobby'],
  ['match a route path with parameters', 'path-to-regexp'],
  ['least recently used cache with time to live', 'lru-cache'],
  ['validate data against a typescript schema', 'zod'],
  ['export traces over http as protobuf', '@opentelemetry/exporter-trace-otlp-proto'],
  ['propagate trace context between services', '@opentelemetry/core'],
  ['parse command line arguments', 'yargs-parser'],
  ['colours in the terminal', 'picocolors'],
  ['generate a unique id', 'nanoid'],
  ['compare semantic versions', 'semver'],
  ['decode protocol buffers', 'protobufjs'],
  ['drive a browser in tests', 'playwright-core'],
  ['property based testing with random input', 'fast-check'],
  ['bundle and minify modules for the browser', 'esbuild'],
  ['source maps of transformed code', 'source-map-js'],
  ['parse markdown to html', 'marked'],
  ['read the body of a request with a limit', 'raw-body'],
  ['topological sort of a directed graph', '@dagrejs/graphlib'],
  ['charts of time series on a canvas', 'uplot'],
  ['what is express for', 'express'],
  ['what is cockatiel for', 'cockatiel'],
  ['who needs debug', 'debug'],
]);

/**
 * Records how high the right package stands among those that were found: 1 for the first, 1/2 for the second, 0 for none.
 * Of questions that people thought of nobody knows the answer, so they are not judged.
 *
 * @param found names of packages, best first
 * @see Voorhees 1999, The TREC-8 Question Answering Track Report (reciprocal rank)
 */
export function judge(question: string, found: readonly string[]): void {
  const right = KNOWN_ANSWERS.get(question);
  if (right === undefined) return;
  const rank = found.indexOf(right) + 1;
  const score = rank === 0 ? 0 : 1 / rank;
  recordEvaluation({ name: 'reciprocal_rank', score, label: rank === 0 ? 'fail' : 'pass' });
}
