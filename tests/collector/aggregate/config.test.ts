import { describe, expect, it } from 'vitest';
import { aggregateConfig } from '../../../collector/src/aggregate/config.ts';
import type { AggregateSettings } from '../../support/aggregate-rig.ts';

/** What is wrong with a block, each with its path. */
function problems(block: AggregateSettings): string[] {
  const { error } = aggregateConfig.safeParse(block);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const problemsOfRule = (rule: AggregateSettings): string[] => problems({ rules: [{ name: 'rule', ...rule }] });

describe('the configuration of aggregation', () => {
  it('is nothing by default, and sound where rules say what they can', () => {
    expect(aggregateConfig.parse({})).toEqual({
      window: 60_000,
      late: 5000,
      stale_after: 300_000,
      max_series: 10_000,
      rules: [],
    });
    const match = {
      metrics: ['a'],
      metric_pattern: '^http',
      services: ['shop'],
      attributes: [
        { key: 'env', values: ['prod'] },
        { key: 'x', pattern: 'a|b' },
        { key: 'y', exists: false },
      ],
    };
    expect(
      problemsOfRule({
        match,
        outputs: ['sum', 'quantiles', 'unique_count'],
        quantiles: [0.5],
        unique_count_of: 'user',
        by: ['path'],
        without: ['service.name'],
        window: '10s',
        temporality: 'delta',
        deduplicate: 'replica',
        output_name: '{rule}.{output}.{name}',
      }),
    ).toEqual([]);
    expect(problemsOfRule({ convert: 'delta', match })).toEqual([]);
  });

  it.each<[AggregateSettings, string]>([
    [{}, 'outputs: at least one, or convert'],
    [{ outputs: ['sum', 'sum'] }, 'outputs: each at most once'],
    [{ outputs: ['sum'], convert: 'delta' }, 'outputs: a rule either converts or has outputs'],
    [{ convert: 'delta', by: ['a'] }, 'by: says nothing where points are only converted'],
    [{ convert: 'delta', input: 'keep' }, 'input: a converted point would stand beside the one it came from'],
    [{ outputs: ['sum'], quantiles: [0.5] }, 'quantiles: says nothing without quantiles among outputs'],
    [{ outputs: ['sum'], unique_count_of: 'a' }, 'unique_count_of: says nothing without unique_count among outputs'],
    [
      { outputs: ['mean'], temporality: 'delta' },
      'temporality: says nothing without one of sum, increase, count, histogram among outputs',
    ],
    [{ outputs: ['min', 'max'], output_name: '{name}' }, 'output_name: needs {output}, or outputs would share a name'],
    [
      { outputs: ['sum'], input: 'keep', output_name: '{name}' },
      'output_name: must differ from the name of what is kept',
    ],
    [{ outputs: ['sum'], by: ['a', 'b'], without: ['b'] }, 'without: b is in by too'],
    [
      { outputs: ['sum'], by: ['pod'], deduplicate: 'pod' },
      'deduplicate: what tells replicas apart is no attribute of the series they have in common',
    ],
    [{ outputs: ['sum'], window: '10m' }, 'window: stale_after must not be shorter than the window'],
    [{ outputs: ['sum'], stale_after: '30s' }, 'stale_after: stale_after must not be shorter than the window'],
    [
      { outputs: ['sum'], match: { attributes: [{ key: 'a', values: ['b'], pattern: 'c' }] } },
      'match.attributes.0.pattern: either values or pattern, not both',
    ],
    [
      { outputs: ['sum'], match: { attributes: [{ key: 'a', values: ['b'], exists: false }] } },
      'match.attributes.0.exists: what is not there has no text',
    ],
  ])('finds what is impossible in %j', (rule, problem) => {
    expect(problemsOfRule(rule)).toEqual([`rules.0.${problem}`]);
  });

  it('finds patterns that are none, kinds of outputs that are none, and names twice', () => {
    expect(problemsOfRule({ outputs: ['sum'], match: { metric_pattern: '(' } })[0]).toContain('RE2');
    expect(problemsOfRule({ outputs: ['median'] })[0]).toContain('rules.0.outputs.0');
    const twice = { name: 'one', outputs: ['sum'] };
    expect(problems({ rules: [twice, twice] })).toEqual(['rules.1.name: one is the name of an earlier rule too']);
    expect(problems({ stale_after: '10s' })).toEqual(['stale_after: must not be shorter than the window']);
  });
});
