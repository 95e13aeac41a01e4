// The published suite of call shapes, put to this project's own instrumentation; and to one that breaks calls.
import { describe, expect, it } from 'vitest';
import { CONFORMANCE_ROWS, runConformance, type Subject } from '../../sdk/src/conformance/suite.ts';
import { ownSubjects } from './own-subjects.ts';

const [wrapper, ...decorators] = ownSubjects();

describe('the instrumentation', () => {
  for (const subject of [wrapper, ...decorators])
    it(`holds every row as a ${subject?.name}`, async () => {
      const results = await runConformance(subject as Subject);
      expect(results.filter(({ holds }) => !holds)).toEqual([]);
      expect(results).toHaveLength(CONFORMANCE_ROWS.length);
    });
});

describe('the suite', () => {
  it('names each row once', () => {
    const ids = CONFORMANCE_ROWS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('finds every row broken where nothing is instrumented but those that only ask for no change', async () => {
    const results = await runConformance({ ...(wrapper as Subject), wrap: (_name, fn) => fn });
    expect(results.filter(({ holds }) => holds).map(({ id }) => id)).toEqual([
      'name',
      'length',
      'own-properties',
      'thenable-not-triggered',
      'callback',
      'generator-alive',
      'async-generator-alive',
      'identity',
    ]);
  });
});
