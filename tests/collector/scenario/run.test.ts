import { expect, test } from 'vitest';
import { parseConfig } from '../../../collector/src/config/load.ts';
import { scenarioFile } from '../../../collector/src/scenario/format.ts';
import { runTest } from '../../../collector/src/scenario/run.ts';

const CONFIG = `
sample:
  policies:
    - { name: errors, type: status }
    - { name: health, type: drop, when: { type: operation, names: [GET /health] } }
    - { name: quarter, type: probabilistic, ratio: 0.25, if: { type: service, names: [shop] } }
`;

const SPANS = [
  { trace: 'failed', status: 'error' },
  { trace: 'healthy', name: 'GET /health' },
  { trace: 'dropped' },
  { trace: 'kept', parent: 'elsewhere' },
  { trace: 'other', service: 'other' },
  { trace: 'many', copies: 100, every: '10ms' },
];

/** Runs one test on the spans above and answers its problems. */
async function problems(expected: object, config = CONFIG): Promise<string[]> {
  const { tests } = scenarioFile.parse({
    config: {},
    tests: [{ name: 'one', randomness: { kept: 0.75 }, spans: SPANS, expect: expected }],
  });
  const [one] = tests;
  if (one === undefined) throw new Error('no test');
  return runTest(parseConfig(config, 'config'), one);
}

test('finds nothing where everything is as expected', async () => {
  const check = async (trace: string, expected: object): Promise<void> =>
    expect(await problems({ [trace]: expected })).toEqual([]);
  await check('failed', { decision: 'kept', policy: 'errors', threshold: '0', cause: 'root' });
  await check('healthy', { decision: 'dropped', policy: 'health' });
  await check('dropped', { decision: 'dropped', policy: 'quarter', threshold: 'c' });
  await check('kept', { decision: 'kept', policy: 'quarter', threshold: 'c', cause: 'wait' });
  await check('other', { decision: 'dropped', policy: 'none' });
  await check('many', { kept: 25, policies: { quarter: { min: 25, max: 25 }, errors: 0 } });
});

test('says what was expected instead of what came about, and why', async () => {
  const check = async (trace: string, expected: object, ...problem: RegExp[]): Promise<void> => {
    const found = await problems({ [trace]: expected });
    expect(found).toHaveLength(problem.length);
    for (const [i, pattern] of problem.entries()) expect(found[i]).toMatch(pattern);
  };
  await check('failed', { decision: 'dropped' }, /^failed: expected decision dropped instead of kept\. Kept by errors/);
  await check('failed', { decision: 'kept', policy: 'quarter' }, /policy quarter instead of errors\./);
  await check(
    'kept',
    { decision: 'kept', threshold: '8', cause: 'root' },
    /expected threshold 8 instead of c, cause root instead of wait\./,
  );
  await check(
    'other',
    { decision: 'kept', policy: 'quarter' },
    /decision kept instead of dropped, policy quarter instead of none\. Dropped: no policy/,
  );
  await check('healthy', { decision: 'dropped', threshold: '0' }, /threshold 0 instead of none\. Dropped by health/);
  await check('many', { decision: 'kept' }, /^many: has 100 copies, so expect counts/);
  await check('many', { kept: 26 }, /^many: expected 26 kept\. Of 100 copies 25 were kept, 25 by quarter\.$/);
  await check(
    'many',
    { kept: { min: 0, max: 24 }, policies: { errors: 1 } },
    /^many: expected 1 kept by errors\. Of 100/,
    /^many: expected 0 to 24 kept\. Of 100/,
  );
  await check('failed', { kept: 0 }, /^failed: expected 0 kept\. Of 1 copies 1 were kept, 1 by errors\.$/);
});

test('lets time pass as the test says', async () => {
  const check = async (spans: object[], config: string, expected: object): Promise<void> => {
    const { tests } = scenarioFile.parse({ config: {}, tests: [{ name: 'one', spans, expect: { a: expected } }] });
    const [one] = tests;
    if (one === undefined) throw new Error('no test');
    expect(await runTest(parseConfig(`${CONFIG}  ${config}`, 'config'), one)).toEqual([]);
  };
  const late = { trace: 'a', at: '6500ms', parent: 'x', status: 'error' };
  await check([{ trace: 'a' }, { ...late, at: '5500ms' }], 'after_root: 6s', { decision: 'kept', policy: 'errors' });
  await check([{ trace: 'a' }, late], 'after_root: 6s', { decision: 'dropped', policy: 'quarter' });
  await check([{ trace: 'a' }, late], 'after_root: 7s', { decision: 'kept', policy: 'errors', cause: 'root' });
  await check([{ trace: 'a', at: '2h' }], 'decision_wait: 1h', { decision: 'dropped', cause: 'root' });
  // Listed in any order, they come in that of their time.
  await check([late, { trace: 'a', at: '9s' }, { trace: 'a' }], 'after_root: 1s', { decision: 'dropped' });
});

test('says so where there is no sampling to test', async () => {
  const found = await problems({ failed: { decision: 'kept' } }, 'sample: false');
  expect(found).toEqual(['sample is switched off, so every trace is kept and there is nothing to test']);
});

test('refuses what no span stands for', () => {
  const check = (change: object, path: string, message: RegExp): void => {
    const file = { config: {}, tests: [{ name: 'one', spans: [{ trace: 'a' }], expect: {}, ...change }] };
    const { error } = scenarioFile.safeParse(file);
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
    expect(error?.issues[0]?.message).toMatch(message);
  };
  check({ expect: { b: { decision: 'kept' } } }, 'tests.0.expect.b', /^no span has this trace$/);
  check({ randomness: { b: 0.5 } }, 'tests.0.randomness.b', /^no span has this trace$/);
  check({ spans: [{ trace: 17 }] }, 'tests.0.spans.0.trace', /put digits into quotes/);
  check({ spans: [{ trace: 'a', copies: 1e6 }] }, 'tests.0.spans.0.copies', /100000/);
  check({ spans: [{ trace: 'a', duration: 5 }] }, 'tests.0.spans.0.duration', /must be a duration/);
  check({ spans: [] }, 'tests.0.spans', /./);
});

test('refuses links that lead nowhere', () => {
  const check = (links: string[], copies: number | undefined, message?: RegExp): void => {
    const spans = [{ trace: 'a', copies, links }, { trace: 'b' }, { trace: 'many', copies: 3 }];
    const { error } = scenarioFile.safeParse({ config: {}, tests: [{ name: 'one', spans, expect: {} }] });
    expect(error?.issues.map(({ path }) => path.join('.')) ?? []).toEqual(
      message === undefined ? [] : ['tests.0.spans.0.links.0'],
    );
    if (message !== undefined) expect(error?.issues[0]?.message).toMatch(message);
  };
  check(['b'], undefined);
  check(['b'], 3);
  check(['many'], 3);
  check(['0af7651916cd43dd8448eb211c80319c'], undefined);
  check(['c'], undefined, /^no span has this trace, and it is no trace id of 32 hexadecimal digits$/);
  check(['0af7651916cd43dd8448eb211c80319'], undefined, /^no span has this trace/);
  check(['many'], undefined, /^has 3 copies, the line that links to it 1$/);
  check(['many'], 2, /^has 3 copies, the line that links to it 2$/);
});
