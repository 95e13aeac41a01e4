import { expect, test } from 'vitest';
import { splitSentences } from '../../examples/workflow-runtime/src/ask/quotes.ts';
import { MAX_SLOWDOWN } from '../../examples/workflow-runtime/src/faults/slowdowns.ts';
import { openParts } from './parts.ts';
import { writeOddProject, writeProject } from './project.ts';
import { recordSpans } from './recorded-spans.ts';

const spans = recordSpans();

const KEEL = 'node_modules/keel';
const coded = (code: string) => expect.objectContaining({ code });

const checkSentences = (text: string, expected: string[]) => expect(splitSentences(text)).toEqual(expected);

test('splits prose into sentences, without headings, lists, code and markup', () => {
  checkSentences('# A title that is long enough.\nThe keel keeps a boat\nupright and steady.', [
    'The keel keeps a boat upright and steady.',
  ]);
  checkSentences('It is quick and it is small. It has no dependencies at all! Short one.', [
    'It is quick and it is small.',
    'It has no dependencies at all!',
  ]);
  checkSentences('```js\nThe code is not quoted by anybody.\n```\n- Neither is what a list says of it.', []);
  checkSentences('![The badge of the build](https://example.org/a.svg) <b>Bold words are kept as they are.</b>', [
    'Bold words are kept as they are.',
  ]);
  checkSentences('```\nThe fence is never closed in here.', []);
});

test('quotes the sentence that is nearest, and reads each README once', async () => {
  const { quotes } = openParts(writeOddProject());
  expect(await quotes.quote(KEEL, 'what is steady in wind')).toBe(
    'The keel keeps a boat upright and steady in heavy wind.',
  );
  expect(await quotes.quote(KEEL, 'quantum chromodynamics')).toBeUndefined();
  const names = () => spans.all().map(({ name }) => name);
  const once = ['initialize_tool quote-readme', 'clean_up_tool quote-readme', 'execute_tool quote-readme'];
  expect(names()).toEqual([...once, 'execute_tool quote-readme']);
  quotes.forget();
  await quotes.quote(KEEL, 'wind');
  expect(names()).toHaveLength(7);
});

test('says what is wrong with a README, and closes what it opened', async () => {
  const { quotes } = openParts(writeOddProject());
  await expect(quotes.quote('node_modules/anchor', 'chain')).rejects.toEqual(coded('README_MISSING'));
  await expect(quotes.quote('node_modules/keel-darwin', 'chain')).rejects.toEqual(coded('ENOENT'));
});

test('gives up a README that takes too long, then does not try for a while', async () => {
  const files = { 'README.md': 'Long. '.repeat(20_000) };
  const { quotes, slowdowns } = openParts(writeProject({ p: { files } }));
  slowdowns.set('readme', MAX_SLOWDOWN);
  const causes: string[] = [];
  for (let asked = 0; asked < 5; asked++) {
    const error: unknown = await quotes.quote('p', 'wind').catch((thrown: unknown) => thrown);
    expect(error).toEqual(coded('README_UNAVAILABLE'));
    causes.push((error as { cause: Error }).cause.constructor.name);
  }
  const late = 'TaskCancelledError';
  expect(causes).toEqual([late, late, late, 'BrokenCircuitError', 'BrokenCircuitError']);
  expect(spans.named('clean_up_tool quote-readme')).toHaveLength(5);
  const events = spans.all().flatMap((span) => span.events.map(({ name, attributes }) => [name, attributes]));
  expect(events).toContainEqual([
    'resilience.state_change',
    expect.objectContaining({ 'resilience.circuit_breaker.state': 'open' }),
  ]);
});
