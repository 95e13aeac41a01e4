// The form of files with tests of a configuration: spans in, decisions out. Says nothing about how they are run.
import { z } from 'zod';
import { duration } from '../config/fields.ts';

/** Traces that one line of spans may stand for. */
const MAX_COPIES = 100_000;
const MAX_TESTS = 1000;
/** A word that is the id itself. */
export const TRACE_ID = /^[0-9a-f]{32}$/;

const word = z.string('must be text; put digits into quotes').min(1).max(256);
const attributes = z
  .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))
  .default({})
  .describe('text, whole numbers, other numbers and truth values');

const span = z.strictObject({
  trace: word.describe('any word, the same for all spans of a trace; or a trace id of 32 hexadecimal digits'),
  copies: z.number().int().min(1).max(MAX_COPIES).optional().describe('so many traces alike, each with this span'),
  every: duration('0s', 'time between the copies'),
  at: duration('0s', 'when it comes, counted from the beginning of the test'),
  id: word.optional().describe('a word by which others name it as their parent'),
  parent: word.optional().describe('the id of its parent, which need not be listed; without one it is a root span'),
  service: z.string().default('shop'),
  name: z.string().default('GET /'),
  kind: z.enum(['internal', 'server', 'client', 'producer', 'consumer']).default('server'),
  duration: duration('10ms', 'how long it took'),
  status: z.enum(['unset', 'ok', 'error']).default('unset'),
  attributes,
  resource: attributes.describe('attributes of its resource, beside service.name'),
  sampled: z.boolean().optional().describe('its sampled flag; left out, it comes without flags'),
  trace_state: z.string().optional(),
  links: z
    .array(word)
    .default([])
    .describe(
      'traces it links to, by their words, or ids that no span has; of a line with copies, each copy links to the one of its number, or to the only one',
    ),
});

const count = z.union([z.number().int().min(0), z.strictObject({ min: z.number(), max: z.number() })]);

const expectation = z.union([
  z.strictObject({
    decision: z.enum(['kept', 'dropped']),
    policy: word.optional().describe('name of the policy that decided; none where none had a say'),
    threshold: z
      .union([z.string(), z.number()])
      .transform(String)
      .optional()
      .describe('sampling threshold as in tracestate, hexadecimal without trailing zeros'),
    cause: word.optional().describe('what ended the waiting, as the metric evenkeel_sample_traces_total has it'),
    wait: word.optional().describe('name of the wait whose time that was; none where it was a time for all traces'),
  }),
  z.strictObject({
    kept: count.optional().describe('how many of the copies are kept'),
    policies: z.record(z.string(), count).default({}).describe('how many of them each policy keeps'),
  }),
]);

const test = z
  .strictObject({
    name: z.string().min(1),
    randomness: z
      .record(z.string(), z.number().min(0).max(1))
      .default({})
      .describe('0..1 by trace, 0.5 unless said: a sampling ratio of 1 - randomness and above keeps it'),
    spans: z.array(span).min(1),
    expect: z.record(z.string(), expectation),
  })
  .superRefine(({ randomness, spans, expect }, context) => {
    const traces = new Set(spans.map(({ trace }) => trace));
    spans.forEach(({ links, copies = 1 }, line) =>
      links.forEach((trace, i) => {
        const message = linkProblem(trace, copies, spans);
        if (message !== undefined) context.addIssue({ code: 'custom', path: ['spans', line, 'links', i], message });
      }),
    );
    for (const [key, words] of Object.entries({ randomness, expect }))
      for (const trace of Object.keys(words))
        if (!traces.has(trace))
          context.addIssue({ code: 'custom', path: [key, trace], message: 'no span has this trace' });
  });

/** Says what is wrong with a link from a line of so many copies. One trace may be linked from many, not the reverse. */
function linkProblem(
  trace: string,
  copies: number,
  spans: readonly { readonly trace: string; readonly copies?: number | undefined }[],
): string | undefined {
  const linked = spans.filter((each) => each.trace === trace);
  if (linked.length === 0)
    return TRACE_ID.test(trace) ? undefined : 'no span has this trace, and it is no trace id of 32 hexadecimal digits';
  const other = linked.find((each) => each.copies !== undefined && each.copies !== copies);
  return other === undefined ? undefined : `has ${other.copies} copies, the line that links to it ${copies}`;
}

/** A file of tests. */
export const scenarioFile = z.strictObject({
  config: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .describe('the configuration under test: a file, found from where this one stands, or the content itself'),
  tests: z.array(test).min(1).max(MAX_TESTS),
});

export type ScenarioFile = z.output<typeof scenarioFile>;
export type ScenarioTest = ScenarioFile['tests'][number];
export type ScenarioSpan = ScenarioTest['spans'][number];
export type Expectation = ScenarioTest['expect'][string];
export type ExpectedCount = z.output<typeof count>;
